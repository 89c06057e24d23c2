import pytest

from vaekit.data.delimited import has_header


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("a,b,c", "1,2,3", True),
        ("1,2,3", "4,5,6", False),
        ("1.5,2,red", "2.5,3,blue", False),
        ("width,height,kind", "1,2,red", True),
        ("0,1,label", "1,2,red", True),
        (",a,b", "0,1,2", True),
        ("1,,3", "4,5,6", False),
        ("nan,2", "3,4", False),
        ("a,b", None, True),
        ("1,2", None, False),
        ("label,pixel1", "3,0", True),
    ],
)
def test_headers(first, second, expected):
    below = None if second is None else second.split(",")
    assert has_header(first.split(","), below) is expected
