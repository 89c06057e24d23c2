"""graph: the picture, its two forms as text, and the formula of the objective."""

import json

PNG = b"\x89PNG\r\n\x1a\n"


def write(vaekit, run, out):
    result = vaekit("graph", run, "--out", out, "--json")
    assert result.code == 0, result.err
    return json.loads(result.out)


def test_each_form_tells_the_same(trained, vaekit, tmp_path):
    values = [write(vaekit, trained, tmp_path / f"g.{kind}") for kind in ("png", "svg", "dot")]
    values.append(write(vaekit, trained, tmp_path / "g.json"))
    assert len({(each["nodes"], each["edges"], each["parameters"]) for each in values}) == 1
    assert (tmp_path / "g.png").read_bytes().startswith(PNG)
    graph = json.loads((tmp_path / "g.json").read_text(encoding="utf-8"))
    assert len(graph["nodes"]) == values[0]["nodes"]
    dot = (tmp_path / "g.dot").read_text(encoding="utf-8")
    assert dot.count(" -> ") == len(graph["edges"]) == values[0]["edges"]
    assert all(f'"{node["name"]}" [label=' in dot for node in graph["nodes"])


def test_the_numbers_are_those_of_the_run(trained, vaekit, tmp_path):
    from vaekit.runs import load_run

    run = load_run(trained)
    learned = sum(each.numel() for each in run.model.parameters())
    result = vaekit("graph", trained, "--out", tmp_path / "g.svg")
    assert f"{learned:,} parameters: {tmp_path / 'g.svg'}" in result.out


def test_the_output_file_is_checked_first(trained, vaekit, tmp_path):
    wrong = vaekit("graph", trained, "--out", tmp_path / "a.pdf")
    assert (wrong.code, ".png, .svg, .dot, .json" in wrong.err) == (2, True)
    there = tmp_path / "there.json"
    there.write_bytes(b"mine")
    refused = vaekit("graph", trained, "--out", there)
    assert (refused.code, there.read_bytes()) == (2, b"mine")
    assert vaekit("graph", trained, "--out", there, "--force").code == 0
    none = vaekit("graph", tmp_path / "none", "--out", tmp_path / "b.png")
    assert (none.code, "there is no such folder" in none.err) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["there.json"]


def test_the_objective_is_that_of_the_report(trained, vaekit, tmp_path):
    from vaekit.describe import objective_formula
    from vaekit.runs import load_run

    write(vaekit, trained, tmp_path / "g.json")
    graph = json.loads((tmp_path / "g.json").read_text(encoding="utf-8"))
    config = load_run(trained).config
    first, *_ = objective_formula(config.model, config.objective).lines
    assert graph["nodes"][-1]["notes"][0] == " ".join(piece.symbols for piece in first)
    assert {edge["source"] for edge in graph["edges"]} <= {node["name"] for node in graph["nodes"]}
