"""``vaekit explore``: what is refused before anything is read, and a real process with its end."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest

TOKEN = "t" * 20


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


def test_a_token_of_the_environment_is_checked_and_used(vaekit, trained, monkeypatch):
    monkeypatch.setenv("VAEKIT_TOKEN", "short")
    result = vaekit("explore", trained, "--no-open")
    assert result.code == 2
    assert "VAEKIT_TOKEN: expected auto, or at least 16" in result.err


def test_other_rows_are_refused_by_their_name(vaekit, trained, tmp_path):
    result = vaekit("explore", trained, "--no-open", "--port", "0", "--data", tmp_path / "no.csv")
    assert result.code == 2
    assert "no.csv" in result.err


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


@pytest.mark.slow
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


@pytest.mark.parametrize("seconds", [1.5, 3.0])
def test_an_interrupt_at_any_time_shows_no_traceback(seconds, trained):
    """While packages are imported, and while rows are read; not while Python itself starts."""
    with subprocess.Popen(
        [sys.executable, "-m", "vaekit", "explore", trained, "--port", "0", "--no-open"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    ) as process:  # fmt: skip
        try:
            time.sleep(seconds)
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert "Traceback" not in errors
    assert process.returncode in (0, 130, -signal.SIGINT)  # the last two are one to a shell


def test_a_browser_is_started_without_the_token(trained, tmp_path):
    """Its command line, which other users can read, has a file and no token."""
    browser = tmp_path / "browser"
    browser.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\nexec sleep 2\n')
    browser.chmod(0o700)
    command = ["explore", trained, "--port", "0"]
    with subprocess.Popen(
        [sys.executable, "-m", "vaekit", *map(str, command)],
        env={**os.environ, "BROWSER": f"{browser} %s", "VAEKIT_TOKEN": TOKEN},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, encoding="utf-8",
    ) as process:  # fmt: skip
        try:
            address = next(line for line in process.stdout if "open http" in line).split()[1]
            where, _, token = address.partition("?token=")
            asked = wait_for(tmp_path / "asked")
            assert TOKEN not in asked
            page = Path(urllib.parse.urlparse(asked.strip()).path)
            assert f'action="{where}sign-in"' in page.read_text()
            body = urllib.parse.urlencode({"token": token}).encode()
            request = urllib.request.Request(where + "sign-in", body, {"Origin": "null"})
            with urllib.request.urlopen(request, timeout=20) as answer:
                assert answer.headers["set-cookie"].startswith(f"vaekit_token={TOKEN}")
            assert not page.exists()
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
            assert not page.parent.exists()
        finally:
            process.kill()


def wait_for(path):
    """Return the text of a file once it is there."""
    for _ in range(200):
        if path.exists() and path.read_text():
            return path.read_text()
        time.sleep(0.05)
    raise AssertionError(f"never written: {path}")
