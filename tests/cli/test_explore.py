"""``vaekit explore``: what is refused before anything is read, and a real process with its end."""

import json
import shutil
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest


def test_a_folder_that_is_no_run(vaekit, tmp_path):
    result = vaekit("explore", tmp_path, "--port", "0", "--no-open")
    assert (result.code, result.out) == (2, "")
    assert "not a run folder" in result.err


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--host", "0.0.0.0"), "other machines could reach this server; give --token auto"),
        (("--token", "short"), "at least 16"),
        (("--port", "70000"), "expected 0 to 65535"),
        (("--most", "0"), "expected at least 1 row"),
        (("--split", "best"), "best"),
    ],
)
def test_flags_that_cannot_be(flags, words, vaekit, trained):
    result = vaekit("explore", trained, "--no-open", *flags)
    assert result.code == 2
    assert words in result.err


def test_a_port_that_is_taken(vaekit, trained):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        result = vaekit("explore", trained, "--no-open", "--port", other.getsockname()[1])
    assert result.code == 2
    assert "the port is taken; give another, or 0" in result.err


def test_a_package_that_is_missing(vaekit, trained, monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    result = vaekit("explore", trained, "--no-open")
    assert result.code == 2
    assert "pip install 'vaekit[web]'" in result.err


def test_a_site_is_written(vaekit, trained, tmp_path):
    result = vaekit("explore", trained, "--export", tmp_path / "site", "--json")
    assert result.code == 0, result.err
    assert json.loads(result.out)["out"] == str(tmp_path / "site")
    assert (tmp_path / "site" / "run0" / "decoder.f32").is_file()
    again = vaekit("explore", trained, "--export", tmp_path / "site")
    assert again.code == 2
    assert "new or empty" in again.err


def ask(url, **headers):
    request = urllib.request.Request(url, headers=headers)
    with urllib.request.urlopen(request, timeout=20) as answer:
        return json.load(answer)


def test_a_process_serves_two_runs_and_ends_cleanly(trained, tmp_path):
    """The address is printed once the port answers; Ctrl-C is not an error."""
    other = shutil.copytree(trained, tmp_path / "other")
    command = ["explore", trained, other, "--port", "0", "--token", "auto", "--json"]
    with subprocess.Popen(
        [sys.executable, "-m", "vaekit", *map(str, command)],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    ) as process:  # fmt: skip
        try:
            told = json.loads("".join(iter(process.stdout.readline, "}\n")) + "}")
            where, _, token = told["address"].partition("?token=")
            assert where.startswith("http://127.0.0.1:")
            runs = ask(where + "api/runs", Authorization=f"Bearer {token}")["runs"]
            assert [run["folder"] for run in runs] == ["tiny", "other"]
            with pytest.raises(urllib.error.HTTPError, match="401"):
                ask(where + "api/runs")
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
            assert process.stderr.read().splitlines()[-1] == "stopped"
        finally:
            process.kill()
