import json

import numpy as np
import pytest

from vaekit.data.dataset import Dataset, Split
from vaekit.errors import ConfigError, DataError


def split(count):
    whole = np.arange(count)
    return Split(train=whole[2:], validation=whole[1:2], test=whole[:1])


def small(**changes):
    rows = np.array([[1, 5], [2, 5], [3, 5], [4, 5]], np.float32)
    known = {"name": "small", "rows": rows, "shape": (2,), "split": split(4), "columns": ("a", "b")}
    return Dataset(**(known | changes))


def test_a_split_by_name():
    assert split(4)["validation"].tolist() == [1]
    with pytest.raises(ConfigError, match="train, validation, test; got 'valid'"):
        split(4).of("valid")


def test_description_is_json_and_says_what_is_in_the_data():
    labelled = small(labels=np.array([0, 1, 1, 1]), classes=("no", "yes"), source="here")
    found = json.loads(json.dumps(labelled.describe()))
    assert found["rows"] == {"all": 4, "train": 2, "validation": 1, "test": 1}
    assert found["classes"] == {"no": 1, "yes": 3}
    assert found["range"] == [1.0, 5.0]
    assert found["constant"] == ["b"]
    assert found["missing"] == 0
    assert (found["kind"], found["features"], found["source"]) == ("table", 2, "here")


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"shape": (3,)}, "rows of 3 values"),
        ({"labels": np.zeros(3, np.int64)}, "each of the 4 rows; got 3 labels"),
        ({"columns": ("a",)}, "expected 2 column names; got 1"),
    ],
)
def test_sizes_must_fit(wrong, message):
    with pytest.raises(DataError, match=message):
        small(**wrong)


def test_images_are_told_from_tables():
    assert not small().is_image
    assert small(shape=(1, 1, 2), columns=()).is_image
