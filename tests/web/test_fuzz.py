"""Schemathesis asks the server thousands of odd things, and none is an error of the server.

It brings its own versions of packages, so it lives in an environment of its own; this test runs
where the command ``schemathesis`` is found.
"""

import shutil
import subprocess

import pytest

CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance,unsupported_method"
)


@pytest.mark.slow
@pytest.mark.parametrize("run", ["0", "1"])
def test_nothing_odd_breaks_the_server(run, server, tmp_path):
    command = shutil.which("schemathesis")
    if command is None:
        pytest.skip("schemathesis is not installed")
    config = tmp_path / "schemathesis.toml"
    # without this most questions would be about runs that are not there
    config.write_text(f'[parameters]\n"path.run" = {run}\n', encoding="utf-8")
    done = subprocess.run(
        [command, "--config-file", config, "run", f"{server.url}openapi.json", "--checks", CHECKS,
         "--phases", "coverage,fuzzing", "--max-time", "40", "--continue-on-failure",
         "--no-color", "--warnings", "off"],
        capture_output=True, text=True, encoding="utf-8", check=False, cwd=tmp_path,
    )  # fmt: skip
    print(done.stdout[-1000:])
    assert done.returncode == 0, done.stdout[-5000:]
    assert "Tested: 19" in done.stdout
    assert server.get(run).status_code == 200
