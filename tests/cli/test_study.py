import contextlib
import json
import shutil
import signal

import pytest
import torch
from safetensors.torch import load_file

from vaekit.cli import study, training
from vaekit.config import Config, parse_config
from vaekit.recipes import STUDIES, Published, Study

FLAGS = ("--training.epochs", "2", "--evaluation.samples", "5", "--data.limit", "60")

PAPER = {
    "vae": (
        Published(
            key="log_likelihood",
            what="negative log-likelihood",
            value=123.25,
            unit="nats per row",
            source="the paper of this test",
            sign=-1.0,
            better="lower",
            se_key="log_likelihood_se",
        ),
    )
}


def small():
    """Two autoencoders on few digits.

    One with noise and one without.

    Source: this test.
    """
    network = {"encoder": {"hidden": [8]}, "decoder": {"hidden": [8]}}
    return {
        "vae": parse_config({"name": "small-vae", "model": network}),
        "plain": parse_config(
            {
                "name": "small-plain",
                "model": {**network, "posterior": {"kind": "point"}},
                "objective": {"beta": 0.0},
            }
        ),
    }


@contextlib.contextmanager
def known():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(STUDIES, "small", Study(name="small", members=small, published=PAPER))
        yield


@pytest.fixture(autouse=True)
def known_study():
    with known():
        yield


@pytest.fixture(scope="module")
def finished(vaekit, tmp_path_factory):
    out = tmp_path_factory.mktemp("studies") / "small"
    with known():
        result = vaekit("train", "small", *FLAGS, "--out", out, "--json")
    assert result.code == 0, result.err
    (out.parent / "stdout.json").write_text(result.out, encoding="utf-8")
    (out.parent / "stderr.txt").write_text(result.err, encoding="utf-8")
    return out


def test_every_member_has_a_run_folder_and_the_study_a_page(finished):
    assert {path.name for path in finished.iterdir()} == {
        *("study.json", "report.html", "figures", "vae", "plain"),
    }
    for member in ("vae", "plain"):
        assert (finished / member / "model.safetensors").is_file()
        assert (finished / member / "report.html").is_file()
    page = (finished / "report.html").read_text(encoding="utf-8")
    assert "Two autoencoders on few digits." in page
    assert page.count("data:image/png;base64,") == len(list((finished / "figures").iterdir()))


def test_flags_hold_for_every_member_and_members_differ(finished):
    configs = {
        member: Config.model_validate(
            {
                key: value
                for key, value in json.loads(
                    (finished / member / "config.json").read_text(encoding="utf-8")
                ).items()
                if key != "format"
            }
        )
        for member in ("vae", "plain")
    }
    assert {config.training.epochs for config in configs.values()} == {2}
    assert {config.data.limit for config in configs.values()} == {60}
    assert configs["plain"].objective.beta == 0.0


def test_one_json_object_and_a_line_for_each_member(finished):
    values = json.loads((finished.parent / "stdout.json").read_text(encoding="utf-8"))
    assert values["study"] == "small"
    assert values["runs"] == {name: str(finished / name) for name in ("vae", "plain")}
    assert [group["runs"] for group in values["groups"]] == [["vae", "plain"]]
    elbo = next(line for line in values["groups"][0]["lines"] if line["label"] == "ELBO")
    assert elbo["values"]["plain"] is None
    assert elbo["values"]["vae"] is not None
    told = (finished.parent / "stderr.txt").read_text(encoding="utf-8")
    assert "run 1 of 2: vae" in told
    assert "run 2 of 2: plain" in told


def test_a_member_stands_beside_what_was_published_of_it(finished, vaekit):
    values = json.loads((finished.parent / "stdout.json").read_text(encoding="utf-8"))
    measured = json.loads((finished / "vae" / "evaluation.json").read_text(encoding="utf-8"))
    assert values["published"] == [
        {
            "run": "vae",
            "what": "negative log-likelihood",
            "value": 123.25,
            "unit": "nats per row",
            "source": "the paper of this test",
            "ours": -measured["log_likelihood"],
            "ours_se": measured["log_likelihood_se"],
            "better": "lower",
        }
    ]
    (note,) = (each for each in values["notes"] if each.startswith("vae: differs from the recipe"))
    assert "training.epochs = 2 instead of 50" in note
    shown = vaekit("compare", finished).out
    assert "published by the paper of this test" in shown
    for page in (finished / "report.html", finished / "vae" / "report.html"):
        assert "the paper of this test" in page.read_text(encoding="utf-8")


def test_a_finished_study_trains_nothing_again(finished, vaekit, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy")
    weights = (copy / "vae" / "model.safetensors").read_bytes()
    result = vaekit("train", "--resume", copy)
    assert result.code == 0, result.err
    assert result.err.count("finished before") == 2
    assert (copy / "vae" / "model.safetensors").read_bytes() == weights


@pytest.mark.slow
def test_a_study_trains_for_longer_in_every_member(finished, vaekit, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy")
    result = vaekit("train", "--resume", copy, "--training.epochs", "3", "--quiet")
    assert (result.code, result.err) == (0, "")
    for member in ("vae", "plain"):
        lines = (copy / member / "metrics.jsonl").read_text(encoding="utf-8").splitlines()
        assert len(lines) == 3


@pytest.mark.slow
def test_a_study_goes_on_where_it_was_interrupted(finished, vaekit, tmp_path, monkeypatch):
    class Impatient:
        def started(self, plan):
            pass

        def live(self, live):
            pass

        def epoch_ended(self, record):
            signal.raise_signal(signal.SIGINT)

        def ended(self, reason):
            pass

    out = tmp_path / "study"
    with monkeypatch.context() as patch:
        patch.setattr(training, "progress", lambda console: Impatient())
        stopped = vaekit("train", "small", *FLAGS, "--out", out)
    assert stopped.code == 130
    assert f"vaekit train --resume {out}" in stopped.err
    assert not (out / "plain").exists()
    # what a run leaves that was stopped before its first checkpoint
    (out / "plain" / "checkpoints").mkdir(parents=True)
    resumed = vaekit("train", "--resume", out)
    assert resumed.code == 0, resumed.err
    assert "going on after epoch 1" in resumed.err
    for member in ("vae", "plain"):
        name = f"{member}/model.safetensors"
        weights, expected = load_file(out / name), load_file(finished / name)
        assert weights.keys() == expected.keys()
        assert all(torch.equal(weights[key], expected[key]) for key in weights)


def test_a_member_that_holds_something_else_is_not_removed(finished, vaekit, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy")
    (copy / "plain" / "checkpoints" / "last.pt").unlink()
    result = vaekit("train", "--resume", copy)
    assert result.code == 2
    assert "model.safetensors" in result.err
    assert (copy / "plain" / "model.safetensors").is_file()


def test_the_report_of_a_study_is_made_anew(finished, vaekit, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy")
    (copy / "report.html").unlink()
    result = vaekit("report", copy)
    assert result.code == 0, result.err
    assert (copy / "report.html").is_file()


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (("small", "--name", "mine"), "leave the name out"),
        (("small", "--model.encoder.kind", "mlp", "--training.epochs", "0"), "greater than"),
        (("smal",), 'did you mean "small"?'),
        (("--resume", "nowhere"), "there is no such folder"),
    ],
)
def test_wrong_input_is_explained_and_nothing_is_written(
    vaekit, tmp_path, monkeypatch, argv, message
):
    monkeypatch.chdir(tmp_path)
    result = vaekit("train", *argv)
    assert (result.code, result.out) == (2, "")
    assert message in result.err
    assert list(tmp_path.iterdir()) == []


def test_a_study_that_goes_on_is_not_shrunk(finished, vaekit):
    result = vaekit("train", "--resume", finished, "--quick")
    assert result.code == 2
    assert "--quick" in result.err


def test_quick_shrinks_before_the_flags(vaekit, tmp_path, monkeypatch):
    seen = {}

    def start(name, *, members, out, output):
        seen.update(members)

    monkeypatch.setattr(study, "start_study", start)
    assert vaekit("train", "mnist-flow", "--quick", "--training.epochs", "1").code == 0
    assert {config.training.epochs for config in seen.values()} == {1}
    assert {config.data.limit for config in seen.values()} == {1000}


def test_a_damaged_study_says_so(finished, vaekit, tmp_path):
    copy = shutil.copytree(finished, tmp_path / "copy")
    (copy / "study.json").write_text('{"format": 1}', encoding="utf-8")
    result = vaekit("train", "--resume", copy)
    assert result.code == 2
    assert "names no members" in result.err
