"""A run is loaded from its folder alone."""

import json
import shutil

import numpy as np
import pytest
import torch
from safetensors import safe_open

from vaekit import load_run
from vaekit.config import parse_config
from vaekit.errors import RunError
from vaekit.runs import RunFolder
from vaekit.training import train


@pytest.fixture(scope="module", params=["normal", "vamp", "flow"])
def trained(request, tmp_path_factory):
    config = parse_config(
        {
            "data": {"source": "breast-cancer"},
            "model": {"prior": {"kind": request.param, "components": 4}},
            "training": {"epochs": 1, "precision": "32"},
        }
    )
    folder = RunFolder(tmp_path_factory.mktemp("runs") / request.param)
    return folder, train(config, folder=folder)


@pytest.fixture
def copied(trained, tmp_path):
    return RunFolder(shutil.copytree(trained[0].path, tmp_path / "copy"))


def test_model_config_and_preprocessing_come_back(trained):
    folder, dataset = trained
    run, again = load_run(folder.path), load_run(str(folder.path))
    assert run.config.data.source == "breast-cancer"
    assert run.preprocessing.columns == dataset.columns
    rows = torch.from_numpy(np.ascontiguousarray(dataset.rows[dataset.split.train]))
    x = run.preprocessing(rows)
    torch.testing.assert_close(x.mean(0), torch.zeros(30), atol=1e-3, rtol=0)
    torch.manual_seed(0)
    first = run.model(x, samples=2)
    torch.manual_seed(0)
    second = again.model(x, samples=2)
    assert torch.equal(first.log_px, second.log_px)
    assert torch.equal(first.log_pz, second.log_pz)
    assert not run.model.training


def test_the_statistics_travel_in_the_model_file(trained):
    with safe_open(str(trained[0].model), framework="pt") as file:
        described = json.loads(file.metadata()["vaekit"])["preprocessing"]
        assert file.get_tensor("preprocessing.shift").shape == (30,)
    assert described["shape"] == [30]


def test_a_truncated_model_is_called_damaged(copied):
    copied.model.write_bytes(copied.model.read_bytes()[:-100])
    with pytest.raises(RunError, match="damaged"):
        load_run(copied.path)


def test_a_model_of_another_config_is_refused(copied):
    values = copied.read_json(copied.config)
    values["model"]["latent_dim"] = 7
    copied.write_json(copied.config, values)
    with pytest.raises(RunError, match=r"latent_dim is 7, and the weights were trained with 2"):
        load_run(copied.path)


def test_an_unknown_setting_names_the_nearest(copied):
    values = copied.read_json(copied.config)
    values["model"]["latentdim"] = 7
    copied.write_json(copied.config, values)
    with pytest.raises(ValueError, match=r'config\.json: model\.latentdim .*"latent_dim"'):
        load_run(copied.path)


def test_an_unfinished_run_says_how_to_finish_it(copied):
    copied.model.unlink()
    with pytest.raises(RunError, match="vaekit train --resume"):
        load_run(copied.path)


def test_a_newer_model_file_is_refused(copied):
    from safetensors.torch import load_file, save_file

    tensors = load_file(copied.model)
    save_file(tensors, copied.model, metadata={"format": "2", "preprocessing": "{}"})
    with pytest.raises(RunError, match="format 2"):
        load_run(copied.path)


@pytest.mark.parametrize("damage", ["cut", "other", "missing"])
def test_a_damaged_checkpoint_is_an_error_not_a_crash(copied, damage):
    path = copied.checkpoints / "last.pt"
    if damage == "cut":
        path.write_bytes(path.read_bytes()[:1000])
    elif damage == "other":
        torch.save({"something": torch.zeros(3)}, path)
    else:
        path.unlink()
    config = parse_config(copied.read_json(copied.config))
    with pytest.raises(RunError, match=r"last\.pt"):
        train(config, folder=copied, resume=True)
