import json

import numpy as np
import pytest
import torch

from vaekit.data import Preprocessing, dataset_from_arrays, load_dataset
from vaekit.errors import DataError


@pytest.fixture
def pictures(images):
    return dataset_from_arrays(images)


@pytest.fixture
def table():
    return dataset_from_arrays(
        np.random.default_rng(0).normal(5, 3, (60, 4)), columns=("a", "b", "c", "d")
    )


def test_images_come_out_in_the_unit_interval(pictures):
    pre = Preprocessing.fit(pictures)
    x = pre(torch.from_numpy(pictures.rows))
    assert (pre.support, pre.scaling, pre.levels) == ("unit", "unit", 256)
    assert torch.allclose(x, torch.from_numpy(pictures.rows).float() / 255)


def test_digits_have_17_levels_of_grey():
    data = load_dataset("digits")
    pre = Preprocessing.fit(data)
    x = pre(torch.from_numpy(data.rows))
    assert pre.levels == 17
    assert torch.equal(x * 16, torch.from_numpy(data.rows).float())


def test_tables_come_out_with_mean_0_and_variance_1_on_the_training_rows(table):
    pre = Preprocessing.fit(table)
    x = pre(torch.from_numpy(table.rows[table.split.train]))
    assert pre.support == "real"
    assert torch.allclose(x.mean(0), torch.zeros(4), atol=1e-5)
    assert torch.allclose(x.var(0, correction=0), torch.ones(4), atol=1e-5)


@pytest.mark.parametrize("scale", ["unit", "standard", "none"])
def test_inverse_undoes_the_scaling(table, scale):
    pre = Preprocessing.fit(table, scale=scale)
    rows = torch.from_numpy(table.rows[table.split.train])
    assert torch.allclose(pre.inverse(pre(rows)), rows, atol=1e-4)


def test_inverse_takes_samples_in_front(table):
    pre = Preprocessing.fit(table)
    assert pre.inverse(torch.zeros(7, 3, 4)).shape == (7, 3, 4)
    assert torch.allclose(pre.inverse(torch.zeros(4)), pre.shift)


def test_values_beyond_the_training_range_are_clipped(table):
    pre = Preprocessing.fit(table, scale="unit")
    x = pre(torch.tensor([[-1e3, 1e3, 5.0, 5.0]]))
    assert x[0, :2].tolist() == [0.0, 1.0]


def test_threshold(pictures):
    pre = Preprocessing.fit(pictures, binarize="threshold")
    rows = torch.tensor([[0, 127, 128, 255]], dtype=torch.uint8).repeat(1, 14)[:, :54]
    assert pre.support == "binary"
    assert pre(rows)[0, :4].tolist() == [0, 0, 1, 1]


@pytest.mark.parametrize("training", [True, False])
def test_dynamic_draws_anew_with_the_pixel_as_probability(pictures, training):
    pre = Preprocessing.fit(pictures, binarize="dynamic").train(training)
    rows = torch.from_numpy(pictures.rows)
    draws = torch.stack([pre(rows) for _ in range(400)])
    assert pre.support == "binary"
    assert set(draws.unique().tolist()) == {0.0, 1.0}
    assert not torch.equal(draws[0], draws[1])
    # The mean of 400 draws of each of 1620 pixels: five standard errors are 0.125.
    assert (draws.mean(0) - rows / 255).abs().max() < 0.125


def test_dynamic_leaves_black_and_white_alone():
    data = dataset_from_arrays(np.eye(20).reshape(20, 4, 5) * 255)
    pre = Preprocessing.fit(data, binarize="dynamic")
    assert torch.equal(pre(torch.from_numpy(data.rows)), torch.eye(20))


def test_dynamic_follows_the_global_seed(pictures):
    pre = Preprocessing.fit(pictures, binarize="dynamic")
    draws = []
    for _ in range(2):
        torch.manual_seed(3)
        draws.append(pre(torch.from_numpy(pictures.rows)))
    assert torch.equal(*draws)


@pytest.mark.parametrize("scale", ["auto", "none"])
def test_only_values_in_the_unit_interval_can_be_binarized(table, scale):
    with pytest.raises(DataError, match=r"expects values in .* --data.scale unit"):
        Preprocessing.fit(table, scale=scale, binarize="dynamic")


@pytest.mark.parametrize("binarize", ["none", "threshold"])
def test_a_description_and_a_state_dict_bring_it_back_without_the_data(pictures, binarize):
    labelled = dataset_from_arrays(pictures.rows.reshape(-1, 6, 9), labels=np.arange(30) % 2)
    pre = Preprocessing.fit(labelled, binarize=binarize)
    again = Preprocessing.from_description(json.loads(json.dumps(pre.describe())))
    again.load_state_dict(pre.state_dict())
    rows = torch.from_numpy(pictures.rows)
    assert torch.equal(again(rows), pre(rows))
    assert again.describe() == pre.describe()
    assert (again.shape, again.classes, again.support) == (pre.shape, ("0", "1"), pre.support)


def test_a_description_that_lacks_something(table):
    description = Preprocessing.fit(table).describe()
    del description["scaling"]
    with pytest.raises(DataError, match="lacks 'scaling'"):
        Preprocessing.from_description(description)


def test_statistics_are_buffers_and_nothing_is_learned(table):
    pre = Preprocessing.fit(table)
    assert set(pre.state_dict()) == {"shift", "scale"}
    assert list(pre.parameters()) == []
    assert pre.shift.dtype == torch.float32


@pytest.mark.parametrize("binarize", ["none", "threshold", "dynamic"])
def test_compiles_in_one_graph(pictures, binarize):
    pre = Preprocessing.fit(pictures, binarize=binarize)
    compiled = torch.compile(pre, fullgraph=True, backend="eager")
    rows = torch.from_numpy(pictures.rows)
    torch.manual_seed(0)
    expected = pre(rows)
    torch.manual_seed(0)
    assert torch.equal(compiled(rows), expected)


def test_rows_of_another_kind_are_refused(table, pictures):
    pre = Preprocessing.fit(table)
    pre.check(table)
    with pytest.raises(DataError, match=r"shape \(4,\); got \(1, 6, 9\)"):
        pre.check(pictures)
    swapped = dataset_from_arrays(table.rows, columns=("a", "c", "b", "d"))
    with pytest.raises(DataError, match="column 'b' at position 1, as in training; got 'c'"):
        pre.check(swapped)


def test_columns_without_names_fit_any_names(table):
    Preprocessing.fit(table).check(dataset_from_arrays(table.rows))
