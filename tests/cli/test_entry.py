"""How a command begins and ends, also as a real process."""

import ast
import io
import os
import subprocess
import sys
import warnings

import pytest

from vaekit import __version__
from vaekit.cli import app as entry
from vaekit.cli.app import COMMANDS, make_app
from vaekit.errors import VaekitWarning

HEAVY = ("torch", "matplotlib", "sklearn", "numpy", "pyarrow", "lightning_fabric")


def process(*argv, **options):
    return subprocess.run(
        [sys.executable, *argv], capture_output=True, text=True, encoding="utf-8", **options
    )


@pytest.mark.parametrize("argv", [["--help"], ["train", "--help"], ["recipes"]])
def test_help_imports_nothing_heavy(argv):
    code = (
        "import sys; from vaekit.cli import main; code = main(sys.argv[1:]); "
        f"print([name for name in {HEAVY} if name in sys.modules], code, file=sys.stderr)"
    )
    result = process("-c", code, *argv)
    assert result.stderr.strip() == "[] 0"


def test_the_list_of_commands_imports_none_of_them():
    code = (
        "import sys; from vaekit.cli import main; main(['--help']); "
        "print([name for name in ('pydantic', 'yaml', 'rich.markdown') if name in sys.modules], "
        "[name for name in sys.modules if name.startswith('vaekit.')], file=sys.stderr)"
    )
    ours = ["cli", "cli.app", "cli.output", "errors"]
    loaded = process("-c", code).stderr.strip()
    assert loaded.startswith("[] ")
    assert set(ast.literal_eval(loaded[3:])) <= {f"vaekit.{name}" for name in ours}


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_says_of_a_command_what_its_own_help_says(name):
    found = make_app(name)[name]
    text = found.help.partition("\n\n")[0]
    assert " ".join(text.split()) == COMMANDS[name]


def test_help_of_a_command_is_the_whole_of_it(vaekit):
    assert "Defaults come from the config of the run." in vaekit("evaluate", "-h").out


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not tell the time of children")
def test_help_takes_less_than_a_third_of_a_second():
    spent = []
    for _ in range(5):
        before = os.times()
        assert process("-m", "vaekit", "--help").returncode == 0
        after = os.times()
        spent.append(
            after.children_user - before.children_user
            + after.children_system - before.children_system
        )  # fmt: skip
        if spent[-1] < 0.35:
            break
    assert min(spent) < 0.35, f"processor seconds: {spent}"


def test_the_version(vaekit):
    assert vaekit("--version").out.strip() == __version__


def test_no_command_is_a_call_for_help(vaekit):
    result = vaekit()
    assert result.code == 0
    assert "reconstruct" in result.out


def test_an_unknown_command_is_refused(vaekit):
    result = vaekit("trian")
    assert result.code == 2
    assert 'Did you mean "train"?' in result.err


@pytest.fixture
def failing(monkeypatch):
    """The command line with an app that raises."""

    def arrange(error):
        def app(tokens, **settings):
            raise error

        monkeypatch.setattr(entry, "make_app", lambda chosen: app)

    return arrange


def test_a_mistake_of_ours_is_no_traceback(vaekit, failing):
    failing(ZeroDivisionError("by zero"))
    result = vaekit("data", "digits")
    assert result.code == 1
    assert result.err == "error: unexpected ZeroDivisionError: by zero (--debug shows where)\n"


def test_debug_shows_where(vaekit, failing):
    failing(ZeroDivisionError("by zero"))
    result = vaekit("data", "--debug", "digits")
    assert result.code == 1
    assert "Traceback" in result.err


def test_ctrl_c_has_its_own_exit_code(vaekit, failing):
    failing(KeyboardInterrupt())
    result = vaekit("data", "digits")
    assert (result.code, result.err) == (130, "error: interrupted\n")


def test_a_warning_is_one_dry_line_and_said_once(vaekit, monkeypatch):
    def app(tokens, **settings):
        for _ in range(2):
            warnings.warn("mind the gap", VaekitWarning, stacklevel=1)

    monkeypatch.setattr(entry, "make_app", lambda chosen: app)
    result = vaekit("data")
    assert (result.code, result.err) == (0, "warning: mind the gap\n")


def test_a_console_without_the_letters_gets_question_marks(trained, vaekit, monkeypatch):
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    monkeypatch.setattr(sys, "stdout", narrow)
    assert entry.main(["train", "--resume", str(trained)]) == 0
    assert b" ? " in narrow.buffer.getvalue()  # the plus-minus sign before a standard error


@pytest.mark.skipif(sys.platform == "win32", reason="a pipe breaks in another way there")
def test_a_reader_that_leaves_early_is_no_error():
    command = [sys.executable, "-m", "vaekit", "recipes", "show", "digits"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    child.stdout.close()
    complaint = child.stderr.read()
    child.stderr.close()
    assert (child.wait(), complaint) == (1, b"")


def test_errors_of_a_process_go_to_stderr():
    result = process("-m", "vaekit", "train", "--training.epoch", "3")
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.startswith("error: --training.epoch is not a flag of vaekit train")
