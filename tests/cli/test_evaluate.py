import json

import pytest


def test_json_is_one_object_and_nothing_else(copied, vaekit):
    result = vaekit("evaluate", copied, "--samples", "3", "--rows", "20", "--seed", "1", "--json")
    assert result.code == 0, result.err
    values = json.loads(result.out)
    assert (values["samples"], values["rows"], values["split"]) == (3, 20, "test")
    kept = json.loads((copied / "evaluation.json").read_text(encoding="utf-8"))
    assert kept.pop("format") == 1
    assert kept == {key: values[key] for key in kept}


def test_the_config_of_the_run_is_measured_by_default(copied, vaekit):
    before = json.loads((copied / "evaluation.json").read_text(encoding="utf-8"))
    result = vaekit("evaluate", copied)
    assert result.code == 0, result.err
    assert "nats per row" in result.out
    assert json.loads((copied / "evaluation.json").read_text(encoding="utf-8")) == before


def test_the_split_can_be_chosen(copied, vaekit):
    result = vaekit("evaluate", copied, "--split", "validation", "--samples", "2", "--json")
    assert json.loads(result.out)["rows"] == 162


def test_numbers_out_of_range_are_refused(trained, vaekit):
    assert "samples" in vaekit("evaluate", trained, "--samples", "0").err
    assert "--rows 0" in vaekit("evaluate", trained, "--rows", "0").err
    assert vaekit("evaluate", trained, "--split", "tset").code == 2


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("{", "does not parse"),
        ("[]", "expected a JSON object"),
        ('{"format": 99}', "this vaekit reads up to 1"),
        ('{"seed": 0}', "no format number"),
        ('{"format": 1, "sede": 0}', 'did you mean "seed"?'),
    ],
)
def test_a_damaged_or_newer_run_is_refused(copied, vaekit, content, message):
    (copied / "config.json").write_text(content, encoding="utf-8")
    result = vaekit("evaluate", copied)
    assert result.code == 2
    assert message in result.err


def test_what_is_no_run_is_refused(vaekit, tmp_path):
    assert "not a run folder" in vaekit("evaluate", tmp_path).err
    assert vaekit("evaluate", tmp_path / "nowhere").code == 2
    missing = vaekit("evaluate")
    assert (missing.code, missing.out) == (2, "")
    assert "vaekit evaluate needs RUN" in missing.err
