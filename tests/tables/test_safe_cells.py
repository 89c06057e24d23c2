"""Texts that a spreadsheet would run are written as text, and numbers stay numbers."""

import csv
import io
import sys

import pandas as pd
import pytest

from vaekit.cli import main
from vaekit.tables import open_table, read_table, safe_cells, write_table

FORMULAS = ["=1+1", "+cmd", "-cmd|' /C calc'!A0", "@SUM(A1)", "\tx", "\rx", "\nx", "\uff1d1+1"]
PLAIN = ["-1.5", "+3", "-1e5", "-1,200", "-$5", "a=b", "", "x-y", "'quoted", 'a "b" c', "a\nb"]


def cells(text, separator=","):
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_formulas_are_prefixed_and_the_rest_is_unchanged(separator):
    text = io.StringIO(newline="")
    rows = [[cell, "b"] for cell in (*FORMULAS, *PLAIN)]
    csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL).writerows(rows)
    found = cells(safe_cells(text.getvalue(), separator=separator), separator)
    assert found == [[f"'{cell}", "b"] for cell in FORMULAS] + [[cell, "b"] for cell in PLAIN]


def test_no_other_separator_splits_a_text():
    assert safe_cells("a;=1+1,b\n") == '"a;=1+1",b\n'


@pytest.mark.parametrize("ending", ["csv", "tsv", "csv.gz"])
def test_a_table_is_written_like_its_source(tmp_path, ending):
    (tmp_path / "a.csv").write_text('=name,x\n"=1,2",-1.5\n@b,-2.50\nc,?\n')
    source = open_table(tmp_path / "a.csv")
    out = tmp_path / f"b.{ending}"
    write_table(source.frame, out, source=source, safe=True)
    found = read_table(out)
    assert list(found.columns) == ["'=name", "x"]
    assert found["'=name"].tolist() == ["'=1,2", "'@b", "c"]
    assert found["x"].tolist()[:2] == [-1.5, -2.5]
    write_table(source.frame, out, source=source)
    assert read_table(out)["=name"].tolist() == ["=1,2", "@b", "c"]


def test_a_carriage_return_in_a_cell_is_no_end_of_line(tmp_path):
    text = 'a,b\n"x\ry",1\nz,2\n'
    (tmp_path / "a.csv").write_bytes(text.encode())
    source = open_table(tmp_path / "a.csv")
    write_table(source.frame, tmp_path / "b.csv", source=source)
    assert cells((tmp_path / "b.csv").read_bytes().decode()) == cells(text)


def test_a_table_without_source(tmp_path):
    frame = pd.DataFrame({"+a": ["=1", "b"], "x": [-1.5, 2.0]})
    write_table(frame, tmp_path / "a.csv", safe=True)
    assert (tmp_path / "a.csv").read_text() == "'+a,x\n'=1,-1.5\nb,2.0\n"


def test_a_column_alone(tmp_path):
    (tmp_path / "a.csv").write_text("=a\n=1\n\n-2x\n")
    source = open_table(tmp_path / "a.csv")
    write_table(source.frame, tmp_path / "b.csv", source=source, safe=True)
    assert (tmp_path / "b.csv").read_text() == "'=a\n'=1\n\n'-2x\n"


@pytest.mark.skipif(sys.platform == "win32", reason="one platform is enough")
def test_the_flag_of_a_command(tmp_path, capsys):
    lines = "".join(f"{'=1' if at % 2 else 'b'},{at % 7 - 3}\n" for at in range(40))
    (tmp_path / "a.csv").write_text("=word,x\n" + lines.replace("b,-3", ",-3"))
    out = tmp_path / "b.csv"
    command = ["impute", str(tmp_path / "a.csv"), "--out", str(out), "--safe-csv", "--check", "0"]
    assert main([*command, "--epochs", "1", "--quiet"]) == 0
    found = cells(out.read_text())
    assert found[0] == ["'=word", "x"]
    assert {row[0] for row in found[1:]} == {"'=1", "b"}
    assert "-2" in {row[1] for row in found[1:]}
