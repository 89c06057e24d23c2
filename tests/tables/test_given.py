"""Cells that are given by name: read as their columns hold them, or refused."""

import numpy as np
import pytest

from vaekit.errors import ConfigError, DataError
from vaekit.tables import Column, parse_given, parse_weights, read_given

COLUMNS = [
    Column(name="flag", kind="binary", levels=(False, True)),
    Column(name="code", kind="categorical", levels=(1, 2, 10)),
    Column(name="text", kind="categorical", levels=("1", "x=y", "a,b")),
    Column(name="size", kind="positive"),
    Column(name="temperature", kind="real", whole=True),
    Column(name="one", kind="constant", levels=(7,)),
    Column(name="none", kind="constant"),
]


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("flag", True, 1), ("flag", "False", 0), ("flag", np.True_, 1),
        ("code", 10, 2), ("code", "2", 1), ("code", "2.0", 1), ("code", np.int64(1), 0),
        ("text", "1", 0), ("text", "x=y", 1),
        ("size", "2.5", 2.5), ("size", np.float32(0.5), 0.5),
        ("temperature", -3, -3), ("temperature", "4.0", 4),
    ],
)  # fmt: skip
def test_values_and_their_texts_are_read(name, value, expected):
    assert read_given({name: value}, columns=COLUMNS) == {name: expected}


def test_a_constant_is_checked_and_left_out():
    assert read_given({"one": "7"}, columns=COLUMNS) == {}


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("flag", 2), ("code", 3), ("code", [1]), ("text", 1.5), ("size", 0), ("size", "nan"),
        ("size", np.inf), ("size", True), ("temperature", 0.5), ("temperature", 2.0**60),
        ("one", 8), ("none", 1),
    ],
)  # fmt: skip
def test_what_a_column_cannot_hold_is_refused(name, value):
    with pytest.raises(DataError, match=f"given: '{name}'"):
        read_given({name: value}, columns=COLUMNS)


def test_a_command_line_is_taken_apart_at_the_first_sign():
    assert parse_given(["text=x=y", " size = 3 "]) == {"text": "x=y", "size": "3"}
    assert parse_weights("") == {}
    for wrong in (["text"], ["=3"], ["text="], ["a=1", "a=2"]):
        with pytest.raises(ConfigError, match="given: expected"):
            parse_given(wrong)
    for text in ("age", "age=old", "age=1,age=2"):
        with pytest.raises(ConfigError, match="weights: expected"):
            parse_weights(text)
