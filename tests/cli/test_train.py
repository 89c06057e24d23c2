import json
import signal

import pytest
import torch
from safetensors.torch import load_file

from vaekit.cli import training
from vaekit.recipes import recipe


def test_training_leaves_a_whole_run_folder(trained):
    found = {path.name for path in trained.iterdir()}
    assert found == {
        *("config.json", "data.json", "model.safetensors", "metrics.jsonl", "evaluation.json"),
        *("checkpoints", "figures", "report.html"),
    }
    assert {path.name for path in (trained / "figures").iterdir()} == {
        *("learning-curves.png", "reconstructions.png", "samples.png"),
        *("latent.png", "kl-per-dim.png", "manifold.png"),
        *("walk.png", "walk.webp", "arithmetic.png", "morph.webp"),
    }
    page = (trained / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/webp;base64,") == 2


def test_the_evaluation_has_the_numbers_that_were_promised(trained):
    values = json.loads((trained / "evaluation.json").read_text(encoding="utf-8"))
    promised = {
        *("elbo", "log_likelihood", "log_likelihood_se", "samples", "rows", "distortion"),
        *("rate", "bits_per_dim", "active_units", "kl_per_dim", "split", "unit"),
    }
    assert promised <= set(values)
    assert (values["samples"], values["rows"], values["split"]) == (10, 180, "test")


def test_the_config_is_the_recipe_with_the_flags_over_it(trained):
    values = json.loads((trained / "config.json").read_text(encoding="utf-8"))
    expected = recipe("digits").model_dump(mode="json")
    expected["training"]["epochs"] = 2
    expected["evaluation"]["samples"] = 10
    assert values == {"format": 1, **expected}


def test_json_is_all_that_stdout_gets(trained):
    values = json.loads((trained.parent / "stdout.json").read_text(encoding="utf-8"))
    assert values["run"] == str(trained)
    assert values["report"] == str(trained / "report.html")
    assert values["evaluation"]["samples"] == 10
    progress = (trained.parent / "stderr.txt").read_text(encoding="utf-8")
    assert "epoch 2/2" in progress


def test_a_run_goes_on_where_it_was_interrupted(trained, vaekit, tiny, tmp_path, monkeypatch):
    class Impatient:
        def started(self, plan):
            pass

        def live(self, live):
            pass

        def epoch_ended(self, record):
            signal.raise_signal(signal.SIGINT)

        def ended(self, reason):
            assert reason == "interrupted"

    run = tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(training, "progress", lambda console: Impatient())
        stopped = vaekit("train", "digits", *tiny, "--out", run)
    assert stopped.code == 130
    assert f"vaekit train --resume {run}" in stopped.err
    assert not (run / "model.safetensors").exists()
    unfinished = vaekit("evaluate", run)
    assert unfinished.code == 2
    assert "--resume" in unfinished.err

    resumed = vaekit("train", "--resume", run)
    assert resumed.code == 0, resumed.err
    assert "going on after epoch 1" in resumed.err
    weights, expected = (load_file(path / "model.safetensors") for path in (run, trained))
    assert weights.keys() == expected.keys()
    assert all(torch.equal(weights[name], expected[name]) for name in weights)


def test_a_finished_run_has_nothing_left_to_do(copied, vaekit):
    before = {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()}
    result = vaekit("train", "--resume", copied)
    assert result.code == 0
    assert "nothing is left to do" in result.err
    assert "Log-likelihood" in result.out
    assert before == {path: path.read_bytes() for path in copied.rglob("*") if path.is_file()}


def test_a_finished_run_can_be_trained_for_longer(copied, vaekit):
    result = vaekit("train", "--resume", copied, "--training.epochs", "3", "--quiet", "--json")
    assert result.code == 0, result.err
    assert result.err == ""
    values = json.loads((copied / "config.json").read_text(encoding="utf-8"))
    assert values["training"]["epochs"] == 3
    assert len((copied / "metrics.jsonl").read_text(encoding="utf-8").splitlines()) == 3


@pytest.mark.parametrize(
    ("argv", "named"),
    [
        (("digits",), "RECIPE"),
        (("--seed", "3"), "--seed"),
        (("--out", "elsewhere"), "--out"),
        (("--model.latent-dim", "3"), "--model.latent_dim"),
        (("--data", "mnist"), "--data.source"),
        (("--training.batch-size", "7"), "--training.batch-size"),
        (("--training.epochs", "1"), "2 are done"),
    ],
)
def test_what_a_resumed_run_cannot_change_is_refused(trained, vaekit, argv, named):
    result = vaekit("train", *argv, "--resume", trained)
    assert result.code == 2
    assert named in result.err


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("diggits",), 'did you mean "digits"?'),
        (("--training.epoch", "3"), "did you mean --training.epochs?"),
        (("--epochs", "3"), "did you mean --training.epochs or --labels.epochs?"),
        (("--training.epochs", "0"), "--training.epochs: input should be greater than"),
        (("--training.epochs", "many"), "--training.epochs: input should be a valid integer"),
        (("--model.encoder.hidden", "4", "0"), "--model.encoder.hidden: input should be greater"),
        (("--training.optimizer", "sgd"), "'adam' or 'adamw'"),
        (("--seed", "-1"), "flags: seed: input should be greater than"),
        (("--config", "nowhere.toml"), "nowhere.toml: cannot be read"),
        (("--config", "settings.ini"), "a config file ends in"),
        (("--data", "digts"), "Did you mean digits"),
        (("--data", "digits", "--data.source", "mnist"), "--data is short for --data.source"),
        (("digits", "mnist-vae"), "does not know what to do with: mnist-vae"),
        (("--data", "swiss-roll", "--model.encoder.kind", "conv"), "needs images"),
        (("--resume", "nowhere"), "there is no such folder"),
    ],
)
def test_wrong_input_is_explained_and_nothing_is_written(
    vaekit, tmp_path, monkeypatch, argv, message
):
    monkeypatch.chdir(tmp_path)
    result = vaekit("train", *argv)
    assert result.code == 2
    assert message in result.err
    assert "Traceback" not in result.err
    assert result.out == ""
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_holds_something_is_refused(trained, vaekit, tmp_path):
    (tmp_path / "letter.txt").write_text("dear", encoding="utf-8")
    result = vaekit("train", "--out", tmp_path)
    assert result.code == 2
    assert "new or empty" in result.err
    assert [path.name for path in tmp_path.iterdir()] == ["letter.txt"]


def test_without_a_folder_the_run_gets_one_of_its_own(vaekit, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "roll.toml").write_text(
        '[data]\nsource = "swiss-roll"\nlimit = 50\ntest = 0.0\n'
        "[training]\nepochs = 1\n[model]\nlatent_dim = 3\n[evaluation]\nsamples = 2\n",
        encoding="utf-8",
    )
    for _ in range(2):
        result = vaekit("train", "--config", "roll.toml", "--device", "cpu")
        assert result.code == 0, result.err
        assert "warning: the test split has no rows" in result.err
    runs = sorted((tmp_path / "runs").iterdir())
    assert len(runs) == 2
    assert all(path.name.startswith("roll-20") for path in runs)
    values = json.loads((runs[0] / "evaluation.json").read_text(encoding="utf-8"))
    assert values["split"] == "validation"
    settings = json.loads((runs[0] / "config.json").read_text(encoding="utf-8"))
    assert settings["training"]["device"] == "cpu"
    assert settings["model"]["latent_dim"] == 3


def test_help_shows_the_docstring_of_a_setting(vaekit):
    result = vaekit("train", "--help")
    assert "--training.epochs" in result.out
    assert "Passes over the training rows." in " ".join(result.out.split())


def test_tensorboard_logs_lie_in_the_run_folder(vaekit, tiny, tmp_path):
    out = tmp_path / "run"
    result = vaekit("train", *tiny, "--training.tensorboard", "--out", out, "--quiet")
    assert result.code == 0, result.err
    assert list((out / "tensorboard").glob("events.out.tfevents.*"))


def test_a_run_that_cannot_start_leaves_nothing(vaekit, tmp_path):
    flags = ("--training.early-stopping", "3", "--data.validation", "0")
    result = vaekit("train", *flags, "--training.tensorboard", "--out", tmp_path / "run")
    assert result.code == 2
    assert "validation rows" in result.err
    assert not (tmp_path / "run").exists()


def test_ctrl_c_before_anything_is_saved_says_so(vaekit, tmp_path, monkeypatch):
    def interrupted(config, *, folder, **more):
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train_model", interrupted)
    result = vaekit("train", "digits", "--out", tmp_path / "run")
    assert result.code == 130
    assert "start anew" in result.err
    assert "--resume" not in result.err
