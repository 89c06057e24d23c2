import csv

import pytest

from vaekit.data.delimited import diagnose
from vaekit.errors import DataError


def judge(text, label=None, header=1):
    diagnose(
        csv.reader(text.splitlines()), names=("a", "b"), header=header, label=label, where="x.csv"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n3\n", r"x\.csv, line 3: expected 2 cells .* got 1"),
        ("a,b\n1,2\n\n3,4,5\n", r"line 4: expected 2 cells .* got 3"),
        ("a,b\n1,2\n3,red\n", r"line 3, column 'b': expected a number; got 'red'.*--data\.label b"),
        ("a,b\n1,\nNA,4\n", r"2 are missing, the first in line 2, column 'b'.*imputation"),
        ("a,b\n1,\n2,red\n", r"line 3, column 'b': expected a number"),
        ("a,b\nx,y\n", r"columns of numbers; line 2 has none"),
    ],
)
def test_the_first_wrong_cell_is_named(text, message):
    with pytest.raises(DataError, match=message):
        judge(text)


def test_lines_are_counted_as_in_the_file_even_when_a_cell_has_a_line_break():
    lines = csv.reader(iter(['"a\n', '",b\n', "1,2\n", "3,red\n"]))
    with pytest.raises(DataError, match="line 4, column 'b'"):
        diagnose(lines, names=("a\n", "b"), header=1, label=None, where="x")


def test_labels_may_be_text_and_a_sound_table_passes():
    judge("a,b\n1,red\n", label=1)
    judge("1,2\n", header=0)
