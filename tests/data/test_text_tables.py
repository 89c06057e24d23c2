import gzip

import numpy as np
import pytest

from vaekit.builders import load_rows
from vaekit.config import DataConfig
from vaekit.data import DelimitedOptions, load_dataset
from vaekit.data.text_tables import read_delimited
from vaekit.errors import DataError, VaekitWarning


@pytest.fixture
def read(tmp_path):
    def run(text, label=None, name="t.csv"):
        content = text if isinstance(text, bytes) else text.encode()
        (tmp_path / name).write_bytes(gzip.compress(content) if name.endswith("gz") else content)
        return read_delimited(tmp_path / name, label=label)

    return run


@pytest.mark.parametrize(
    "text",
    [
        "a,b\n1,2\n3,4\n",
        "a;b\r\n1;2\r\n3;4\r\n",
        "a\tb\n1\t2\n3\t4",
        '"a","b"\n"1","2"\n"3","4"\n',
        "\ufeffa,b\n 1, 2\n 3, 4\n",
        "a,b\n1,2\n\n3,4\n\n",
        "a , b\n1e0,+2\n3.0,.4e1\n",
        "a b\n1   2\n3 4\n",
        "a|b\n1|2\n3|4\n",
        "sep=;\na;b\n1;2\n3;4\n",
        "\n\na,b\n1,2\n3,4\n",
        "# made by hand\n# a b\n1 2\n3 4\n",
        "a;b\n1,0;2\n3,00;4,0\n",
        "a,b,\n1,2,\n3,4,\n",
        "a,b\n$1,2%\n$3,4%\n",
        "a,b\n01,02\n03,04\n",
    ],
)
@pytest.mark.parametrize("name", ["t.csv", "t.csv.gz"])
def test_ways_to_write_the_same_table(read, text, name):
    found = read(text, name=name)
    assert found.rows.tolist() == [[1, 2], [3, 4]]
    assert found.columns == ("a", "b")
    assert found.rows.dtype == np.float32


def test_without_a_header_columns_are_numbered(read):
    assert read("1,2\n3,4\n").columns == ("0", "1")


@pytest.mark.parametrize("label", ["kind", "1", "-2"])
def test_texts_of_the_label_column_are_classes(read, label):
    found = read("a,kind,b\n1,red,2\n3,blue,4\n5,red,6\n", label=label)
    assert found.rows.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert found.columns == ("a", "b")
    assert found.classes == ("blue", "red")
    assert found.labels.tolist() == [1, 0, 1]


def test_without_a_header_labels_are_found_by_position(read):
    found = read("1,2,red\n3,4,blue\n", label="-1")
    assert found.classes == ("blue", "red")
    assert found.columns == ("0", "1")


def test_a_column_named_label_is_found_by_itself(read):
    found = read("label,a\n7,1\n10,2\n7,3\n")
    assert found.classes == ("7", "10")
    assert found.labels.tolist() == [0, 1, 0]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a,b\n1,2\n3\n", r"t\.csv, line 3: expected 2 cells"),
        ("a,b\n1,2\n3,4,5\n", r"t\.csv, line 3: expected 2 cells"),
        ("a,b\n1,2\n3,x\n", r"line 3, column 'b': expected a number; got 'x'.*--data\.label b"),
        ("a,b\n1,2\n3,1_000\n", "line 3, column 'b': expected a number; got '1_000'"),
        ("a,b\n1,\n3,4\n", "1 are missing, the first in line 2, column 'b'"),
        ("a,b\n", "a header only"),
        ("\n\n", "the file is empty"),
        (b"a,b\n1,\xff\n3,4\n", "line 2, column 'b': expected a number; got 'ÿ'"),
        (b"a,b\n\x00\x01\x02,3\n", "the file is binary"),
        ("a,b\n1,2\nNA,\n3,4\n", r"2 are missing, the first in line 3, column 'a'.*imputation"),
        ("a,b\n1,\n2,red\n3,4\n", r"line 3, column 'b': expected a number"),
        ("a,b\n1,2\n\n3,4\nx,y\n", "columns of numbers; line 5 has none"),
        ('"a\n","b"\n1,2\n3,red\n4,5\n', "line 4, column 'b'"),
        ("a;b\n1,5;2\n1.5;3\n", "one style"),
        ("a,label\n1,\n2,x\n", "column 'label': expected a label in each row; row 1"),
        ("a,label\n1,.5\n2,1\n", "name classes"),
    ],
)
def test_what_is_wrong_is_named(read, text, message):
    with pytest.raises(DataError, match=message):
        read(text)


def test_a_ragged_line_is_found_behind_a_column_of_labels(read):
    with pytest.raises(DataError, match="line 3: expected 3 cells"):
        read("a,b,label\n1,2,x\n3,4,5,y\n")


def test_a_gzip_file_that_is_cut_off(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(b"1.25,2.5\n" * 5000)[:-12])
    with pytest.raises(DataError, match="a whole gzip file"):
        read_delimited(path)


def test_row_numbers_that_pandas_has_written_are_left_out_with_a_warning(read):
    with pytest.warns(VaekitWarning, match=r"first column has no name .* to_csv\(index=False\)"):
        found = read(",a,b\n0,1,2\n1,3,4\n2,5,6\n")
    assert found.columns == ("a", "b")
    assert found.rows[:, 0].tolist() == [1, 3, 5]


def test_an_unnamed_column_of_other_numbers_is_kept(read):
    assert read(",a\n5,1\n2,3\n").columns == ("", "a")


def test_options_decide_what_is_not_to_be_detected(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text("1;2\n3;4\n5;6\n")
    options = DelimitedOptions(header=True, decimal=",")
    assert load_dataset(path, options=options).columns == ("1", "2")
    said = load_dataset(path).describe()["layout"]
    assert said == "2 columns separated by semicolons, no line of names, utf-8"
    with pytest.raises(DataError, match=r"--data\.sep is for your own files"):
        load_dataset("digits", options=DelimitedOptions(sep=","))
    np.save(tmp_path / "t.npy", np.eye(3))
    with pytest.raises(DataError, match="not a delimited text file"):
        load_dataset(tmp_path / "t.npy", options=options)
    config = DataConfig(source=str(path), header=True)
    assert load_rows(config).columns == ("1", "2")
