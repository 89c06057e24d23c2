import pytest

from vaekit.errors import ConfigError
from vaekit.tables import parse_kinds


def test_kinds_from_one_line():
    text = "age=count, income = positive,,grade=ordinal:C:B:A,share=bounded:-1:1e2,"
    assert parse_kinds(text) == {
        "age": "count",
        "income": "positive",
        "grade": "ordinal:C:B:A",
        "share": "bounded:-1:1e2",
    }
    assert parse_kinds("") == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("age", "expected column=kind with commas between; got 'age'"),
        ("=count", "got '=count'"),
        ("age=", "got 'age='"),
        ("age=cuont", 'age=cuont is not a kind; did you mean "count"'),
        ("age=zzz", "is not a kind; there are real, positive"),
        ("age=count,age=real", "expected age once; got 'count' and 'real'"),
        ("age=count:0:5", "expected age=count or bounded:lowest:highest"),
        ("age=ordinal:A", "expected age=ordinal or"),
        ("age=ordinal:A:A", "each level once"),
        ("age=bounded:1", "two numbers, the lower first; got age=bounded:1"),
        ("age=bounded:5:1", "the lower first"),
        ("age=bounded:0:inf", "the lower first"),
        ("age=bounded:low:high", "two numbers"),
    ],
)
def test_slips_are_told(text, message):
    with pytest.raises(ConfigError, match=message):
        parse_kinds(text)
