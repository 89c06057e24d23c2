"""What is detected of a delimited file, what its cells are, and that they are written back."""

import gzip

import numpy as np
import pandas as pd
import pytest

from vaekit.errors import ConfigError, DataError, VaekitWarning
from vaekit.tables import DelimitedOptions, infer_schema, open_table, read_table, write_table
from vaekit.tables.delimited import detect_layout, has_header


@pytest.fixture
def save(tmp_path):
    """Write a file; returns its path."""

    def run(text, *, name="t.csv", encoding="utf-8"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
        return path

    return run


HEADERS = [
    # text above numbers, and text alone
    ("a,b,c", ["1,2,3"], True),
    ("1,2,3", ["4,5,6"], False),
    ("1.5,2,red", ["2.5,3,blue"], False),
    ("width,height,kind", ["1,2,red"], True),
    ("a,b", [], True),
    ("1,2", [], False),
    ("name,town", ["Ann,Bonn", "Bo,Celle"], True),
    ("rate", ["12%", "5%"], True),
    # texts that occur again are cells
    ("red,small", ["blue,small", "red,large"], False),
    # "label" is always a name
    ("0,1,label", ["1,2,red"], True),
    ("label,pixel1", ["3,0"], True),
    # years and numbers in steps
    ("country,2019,2020", ["Chad,5.5,5.6", "Peru,7,8"], True),
    ("country,2019", ["Chad,5.5", "Peru,7"], True),
    ("2019,2020", ["1.5,2.5", "3,4"], True),
    ("2019,2020", ["2021,2022", "2018,2025"], False),
    ("0,1,2,target", ["0.5,1.5,0.2,a", "0.1,0.2,0.3,b"], True),
    ("0,1,2,target", ["1,2,3,0", "5,2,3,1"], True),
    ("0,1,2,target", ["4,0,9,a", "7,3,1,b"], True),
    (",0,1", ["0,0.5,0.2", "1,0.3,0.7"], True),
    ("dose,10,20,50", ["a,0.5,0.2,0.1", "b,0.3,0.7,0.3"], False),  # not in steps: as it was
    ("0,1,2,3,4", ["0,0,7,255,3", "9,0,1,12,5"], True),
    ("0,1,2", ["3,4,5", "6,7,8"], False),
    ("red,1,2", ["blue,4,7", "red,1,3"], False),
    # blank names, and names that could be missing values or numbers
    (",a,b", ["0,1,2"], True),
    ("a,b,", ["1,2,", "3,4,"], True),
    ("a,,b", ["1,2,3"], True),
    ("1,,3", ["4,5,6"], False),
    ("red,?", ["blue,5"], False),
    ("nan,2", ["3,4"], False),
    ("id,NA,2,inf", ["1,5,6,7", "2,6,7,8"], True),
    ("x,2", ["1,5", "3,7"], True),
    ("NA,b", ["1,2"], True),
    ("39,State-gov", ["50,?"], False),
]


@pytest.mark.parametrize(("first", "below", "expected"), HEADERS)
def test_the_line_of_names_is_told_by_the_lines_below_it(first, below, expected):
    assert has_header(first.split(","), [line.split(",") for line in below]) is expected


@pytest.mark.parametrize(
    ("text", "separator", "names"),
    [
        ("a,b\n1,2\n", ",", ("a", "b")),
        ("a;b\n1,5;2\n2,5;3\n", ";", ("a", "b")),
        ("a;b\nSmith, J;2\nDoe, A;3\n", ";", ("a", "b")),
        ("a|b\nx|y\nz|w\n", "|", ("a", "b")),
        ("a\tb c\n1,5\t2\n2,5\t3\n", "\t", ("a", "b c")),
        ("a b  c\n1 2   3\n 4 5 6\n", " ", ("a", "b", "c")),
        ("1,5 2,5\n3,5 4,5\n", " ", ("x0", "x1")),
        ("5.1 3.5 setosa\n4.9 3.0 setosa\n", " ", ("x0", "x1", "x2")),
        ("day,n\n2020-01-01 12:00,5\n2020-01-02 12:00,6\n", ",", ("day", "n")),
        ("x\n1,5\n2,25\n", "", ("x",)),
        ("name\nAnn Lee\nBo Kim\n", "", ("name",)),
        ('text\n"a, b"\n"c, d"\n', "", ("text",)),
        ("sep=;\na;b\n1;2\n", ";", ("a", "b")),
        ('"a\nb",c\n1,2\n3,4\n', ",", ("a\nb", "c")),
        ("'a','b, c'\n'x',1\n'y, z',2\n", ",", ("a", "b, c")),
        ("Report of 2020\n\na,b,c\n1,2,3\n4,5,6\n", ",", ("a", "b", "c")),
        ("# by hand\n# a b\n1 2\n3 4\n", " ", ("a", "b")),
        ("#,b\n1,2\n3,4\n", ",", ("#", "b")),
        ("#ff0000,1\n#00ff00,2\n", ",", ("x0", "x1")),
        ("a,b\n1,2,\n3,4,\n", ",", ("a", "b", "")),
        ("a,b\nr1,2,3\nr2,4,5\n", ",", ("", "a", "b")),  # as write.table of R leaves it
    ],
)
def test_separator_and_names(text, separator, names, save):
    layout = detect_layout(save(text))
    assert layout.separator == separator
    assert layout.names == names


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1", "cp1252"]
)
def test_encodings(encoding, save, tmp_path):
    path = save("name,x\nJürgen,1\nBjörn,\n", encoding=encoding)
    source = open_table(path)
    assert source.frame["name"].tolist() == ["Jürgen", "Björn"]
    write_table(source.frame.fillna({"x": 7}), tmp_path / "out.csv", source=source)
    written = (tmp_path / "out.csv").read_bytes()
    assert written.decode(encoding) == "name,x\nJürgen,1\nBjörn,7\n"


def test_options_decide(save):
    path = save("1;2\n3;4\n")
    assert read_table(path, options=DelimitedOptions(header=True)).columns.tolist() == ["1", "2"]
    path = save("a,b;c\n1,5;2\n")
    assert read_table(path, options=DelimitedOptions(sep=";")).iloc[0].tolist() == [1.5, 2]
    assert len(read_table(path, options=DelimitedOptions(sep="comma")).columns) == 2
    path = save("a;b\n1,200;1\n3,400;2\n")
    assert read_table(path, options=DelimitedOptions(decimal="."))["a"].tolist() == [1200, 3400]
    assert read_table(path, options=DelimitedOptions(decimal=","))["a"].tolist() == [1.2, 3.4]
    path = save("a,b % note\n% all\n1,2 % x\n")
    assert read_table(path, options=DelimitedOptions(comment="%"))["b"].tolist() == [2]
    path = save("näme\nx\ny\n", encoding="mac-roman")
    found = read_table(path, options=DelimitedOptions(encoding="mac-roman"))
    assert found.columns.tolist() == ["näme"]


@pytest.mark.parametrize(
    "wrong", [{"sep": "ab"}, {"decimal": ";"}, {"comment": "//"}, {"encoding": "klingon"}]
)
def test_options_that_cannot_be(wrong):
    with pytest.raises(ConfigError, match=f"{next(iter(wrong))}: expected"):
        DelimitedOptions(**wrong)


def test_what_was_decided_can_be_said(save):
    said = detect_layout(save("a;b\n1,5;2\n")).describe()
    assert (
        said == "2 columns separated by semicolons, names in the first line, decimal comma, utf-8"
    )


@pytest.mark.parametrize(
    ("cells", "numbers", "fill", "filled"),
    [
        (["1,5", "2,25"], [1.5, 2.25], 3.5, "3,5"),
        (["12%", "5.5 %"], [12, 5.5], 3.0, "3.0%"),
        (["$1.50", "-$2", "($3)"], [1.5, -2, -3], 1.25, "$1.25"),
        (["1,50 €", "2 €"], [1.5, 2], 1.25, "1,25 €"),
        (["1 200", "950"], [1200, 950], 3400, "3 400"),
        (["1,200", "12,300", "5"], [1200, 12300, 5], 3400, "3,400"),
        (["1.200,50", "3,4"], [1200.5, 3.4], 3400.5, "3.400,5"),
        (["1'200.5", "2"], [1200.5, 2], 3.5, "3.5"),
        (["1,23,456", "7,123"], [123456, 7123], 5, "5"),
        (["(1.5)", "2"], [-1.5, 2], -3.5, "-3.5"),
        (["\u22121", "2"], [-1, 2], -3, "-3"),
        (["1\u00a0200", "1\u202f300"], [1200, 1300], 5, "5"),
        (["1e5", "2.5"], [1e5, 2.5], 3.5, "3.5"),
        (["1", "n/a", "-", ".", "#N/A", "NULL", "--", "n.a."], [1] + 7 * [None], 3, "3"),
        (["9007199254740993", "9007199254740995"], [2**53 + 1, 2**53 + 3], 5, "5"),
        (["9223372036854775807", "1"], [2**63 - 1, 1], 5, "5"),
        (["1e19", "3"], [1e19, 3], 5.0, "5.0"),
    ],
)
def test_numbers_as_people_write_them(cells, numbers, fill, filled, save, tmp_path):
    lines = ["x\tid", *(f"{cell}\tr{row}" for row, cell in enumerate(cells)), "\tlast"]
    path = save("\n".join(lines) + "\n", encoding="utf-8")
    source = open_table(path)
    found = source.frame["x"]
    assert pd.api.types.is_numeric_dtype(found)
    assert [None if pd.isna(cell) else cell for cell in found] == [*numbers, None]
    frame = source.frame.copy()
    frame.loc[len(cells), "x"] = fill
    write_table(frame, tmp_path / "out.csv", source=source)
    lines[-1] = f"{filled}\tlast"
    assert (tmp_path / "out.csv").read_text(encoding="utf-8") == "\n".join(lines) + "\n"


@pytest.mark.parametrize(
    "cells",
    [
        ["01067", "12345", "80331"],
        ["007", "12"],
        ["192.168.100.200", "10.0.0.1"],
        ["+49 151 123", "+1 234 567"],
        ["12:30", "13:45"],
        ["2020-01-01", "1.2.2020"],
        ["2020-01-01", "2020-02-31"],
        ["1_000", "2_000"],
        ["1-2", "3-4"],
        ["18446744073709551616", "5"],
        ["-18446744073709551616", "5"],
    ],
)
def test_what_is_no_number_stays_text(cells, save, tmp_path):
    source = open_table(save("\n".join(["x,y", *(f"{cell},1" for cell in cells), ",2"]) + "\n"))
    assert source.frame["x"].tolist()[:-1] == cells
    assert source.frame["x"].isna().tolist()[-1]
    write_table(source.frame, tmp_path / "out.csv", source=source)
    assert (tmp_path / "out.csv").read_bytes() == source.path.read_bytes()


@pytest.mark.parametrize(
    ("cells", "second", "filled"),
    [
        (["2020-01-01", "2020-03-05"], "2020-03-05", "2020-02-02"),
        (["31.12.2020", "1.1.2021"], "2021-01-01", "1.1.2021"),
        (["3/4/2020", "13/4/2020"], "2020-04-13", "08/04/2020"),
        (["3/4/2020", "4/13/2020"], "2020-04-13", "03/24/2020"),
        (["2020/01/01", "2020/01/03"], "2020-01-03", "2020/01/02"),
        (["2020-01-01 10:00:30", "2020-01-01 12:00:30"], "2020-01-01 12:00:30", None),
        (["2020-01-01T10:00Z", "2020-01-01T12:00Z"], "2020-01-01 12:00+00:00", None),
        (["2020-01-01 10:00+01:00", "2020-01-01 12:00+01:00"], "2020-01-01 11:00+00:00", None),
    ],
)
def test_dates_are_filled_in_the_style_of_the_others(cells, second, filled, save, tmp_path):
    source = open_table(save(f"d,x\n{cells[0]},0.5\n{cells[1]},1.5\n,2.5\n"))
    assert source.frame["d"].iloc[1] == pd.Timestamp(second)
    schema = infer_schema(source.frame)
    assert schema.columns[0].kind == "datetime"
    values = schema.encode(source.frame)
    full = np.where(np.isnan(values), np.nanmean(values, axis=0), np.nan)
    write_table(schema.decode(full, like=source.frame), tmp_path / "out.csv", source=source)
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[1:3] == [f"{cells[0]},0.5", f"{cells[1]},1.5"]
    assert lines[3] == f"{filled or cells[0].replace('10:', '11:')},2.5"


def test_cells_that_keep_a_column_from_being_numbers_are_named(save):
    path = save("age,x\n31,1\nabout 40,2\n55,3\n12,4\n")
    with pytest.warns(VaekitWarning, match=r"'age'.*1 of 4 cells.*'about 40'; the first in row 2"):
        assert read_table(path)["age"].tolist() == ["31", "about 40", "55", "12"]
    assert read_table(path, missing=("about 40",))["age"].tolist()[0] == 31
    with pytest.warns(VaekitWarning, match="'x'"):
        read_table(save("x;y\n1,5;1\n2.5;2\n"))


def test_markers_in_columns_of_text(save):
    path = save("x,sign\nn/a,-\nNA,+\nred,.\n")
    table = read_table(path)
    assert table["x"].isna().tolist() == [True, True, False]
    assert table["sign"].tolist() == ["-", "+", "."]


@pytest.mark.parametrize(
    "text",
    [
        "plz,sure,x\n01067,TRUE,1.50\n12345,FALSE,2.00\n,TRUE,\n",
        "a;b\r\n1,50;x\r\n;y\r\n",
        "sep=;\na;b\n1;2\n3;4\n",
        "a,a,a.1\n1,2,3\n4,5,6\n",
        "a,b,\n1,2,\n3,,\n",
        ",x\n0,1.0\n1,+2\n",
        "a\n1\n\n3\n",
        "1,2.0\n3,4.50\n",
        "id,v\n9007199254740993,1\n9007199254740995,\n,3\n",
        "id,v\n1e19,1\n,2\n3.0,3\n",
        "\n\na|b\nx|1e3\ny|NA\n",
        "Report\na,b\n1,02\n3,10\n",
        '"a","b, c"\n1,"x, y"\n2,z\n',
    ],
)
def test_a_table_that_did_not_change_is_written_as_it_was(text, save, tmp_path):
    source = open_table(save(text))
    write_table(source.frame, tmp_path / "out.csv", source=source)
    assert (tmp_path / "out.csv").read_bytes().decode() == text


def test_other_columns_and_other_formats(save, tmp_path):
    source = open_table(save("a;b;\n1,5;x;\n2,5;y;\n"))
    frame = source.frame[["b"]].assign(score=[0.5, 1.5])
    write_table(frame, tmp_path / "out.csv", source=source)
    assert (tmp_path / "out.csv").read_text() == "b;score;\nx;0,5;\ny;1,5;\n"
    write_table(source.frame, tmp_path / "out.tsv", source=source)
    assert (tmp_path / "out.tsv").read_text() == "a\tb\t\n1,5\tx\t\n2,5\ty\t\n"
    write_table(source.frame, tmp_path / "out.csv.gz", source=source)
    assert gzip.decompress((tmp_path / "out.csv.gz").read_bytes()) == source.path.read_bytes()
    source = open_table(save("1 2\n3 4.50\n", name="t.data"))
    write_table(source.frame, tmp_path / "out.csv", source=source)
    assert (tmp_path / "out.csv").read_text() == "1,2\n3,4.50\n"


def test_filled_cells_are_written_like_the_known_ones(save, tmp_path):
    source = open_table(save("plz,sure,n\n01067,TRUE,2\n01067,FALSE,3\n,,\n01069,TRUE,\n"))
    schema = infer_schema(source.frame, kinds={"plz": "categorical"})
    values = schema.encode(source.frame)
    full = schema.decode(np.nan_to_num(values, nan=1.0), like=source.frame)
    write_table(full, tmp_path / "out.csv", source=source)
    lines = (tmp_path / "out.csv").read_text().splitlines()
    assert lines[3:] == ["01069,TRUE,3", "01069,TRUE,3"]


def test_rows_of_a_part_and_rows_made_anew_find_their_text(save, tmp_path):
    source = open_table(save("x,y\n1.50,a\n2.50,b\n3.50,c\n"))
    write_table(source.frame.iloc[[2, 0]], tmp_path / "out.csv", source=source)
    assert (tmp_path / "out.csv").read_text() == "x,y\n3.50,c\n1.50,a\n"
    made = pd.DataFrame({"x": [2.5, 9.0, 1.5, 1.5], "y": list("abca")})
    write_table(made, tmp_path / "out.csv", source=source)
    assert (tmp_path / "out.csv").read_text() == "x,y\n2.50,a\n9.0,b\n1.50,c\n1.50,a\n"


def test_lines_of_other_lengths(save):
    assert read_table(save("a,b\n1,2\n3\n"))["b"].isna().tolist() == [False, True]
    with pytest.raises(DataError, match=r"line 3: expected 2 cells .* got 3"):
        read_table(save("a,b\n1,2\n1,2,3\n"))
    with pytest.raises(DataError, match="line 2: expected 2 cells"):
        read_table(save("a,b\n1,2,3\n1,2,3\n"))


def test_only_rows_of_the_first_lines_are_looked_at_but_all_are_read(save):
    rows = [f"{number},{number}.5" for number in range(500)]
    late = [*rows, "0501,x", "502,"]
    with pytest.warns(VaekitWarning, match="'b'"):
        table = read_table(save("a,b,\n" + "\n".join(f"{row}," for row in late) + "\n"))
    assert table["a"].tolist()[-2:] == ["0501", "502"]
    assert len(table) == 502
    assert len(table.columns) == 2
    late = [f"{row}," for row in rows] + ["501,1.5,9"]
    assert len(read_table(save("a,b,\n" + "\n".join(late) + "\n")).columns) == 3


@pytest.mark.slow
def test_pieces_of_a_large_file_are_read_as_one(save, tmp_path):
    rows = [f"{number},{number},{2**53},{number}" for number in range(300_000)]
    rows[0] = f"1.50,1,{2**53 + 1},{2**63 + 1}"
    rows[-2] = f"2.5,x,{2**53 + 1},-1"
    rows[-1] = ",2,,5"
    path = save("a,b,c,d\n" + "\n".join(rows) + "\n")
    with pytest.warns(VaekitWarning, match="'b'.*'x'; the first in row 299999"):
        source = open_table(path)
    assert source.frame["a"].dtype == np.float64
    assert source.frame["b"].iloc[[0, -2, -1]].tolist() == ["1", "x", "2"]
    assert source.frame["c"].dtype == "Int64"
    assert source.frame["c"].iloc[0] == 2**53 + 1
    assert source.frame["d"].iloc[[0, -2]].tolist() == [str(2**63 + 1), "-1"]
    write_table(source.frame, tmp_path / "out.csv", source=source)
    assert (tmp_path / "out.csv").read_bytes() == path.read_bytes()
