import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vaekit.report import standing, write_report

LINE = {"what": "NLL", "ours": 87.72, "value": 86.76, "unit": "nats per row", "source": "table 1"}
numbers = st.floats(-1e6, 1e6)


@pytest.mark.parametrize(
    ("more", "text"),
    [
        ({"better": "lower", "ours_se": 0.24}, "behind by 0.96 nats per row (4 standard errors)"),
        ({"better": "higher", "ours_se": 0.24}, "ahead by 0.96 nats per row (4 standard errors)"),
        ({"better": "lower"}, "behind by 0.96 nats per row"),
        ({}, "higher by 0.96 nats per row"),
        ({"ours": 85.76, "better": "lower", "ours_se": 1.0}, "(1 standard error)"),
        ({"ours": 85.76, "better": "lower", "ours_se": 2.5}, "(less than one standard error)"),
        ({"ours": 86.76}, "the same as published"),
        ({"ours": 22, "value": 19, "unit": "of 50", "ours_se": None}, "higher by 3"),
        ({"ours_se": math.nan, "better": None}, "higher by 0.96 nats per row"),
        ({"ours": None}, ""),
        ({"ours": "n/a"}, ""),
    ],
)
def test_a_sentence_says_by_how_much(more, text):
    found = standing({**LINE, **more})
    assert found.endswith(text)
    assert bool(found) == bool(text)


@given(numbers, numbers, st.sampled_from(["lower", "higher"]))
def test_one_is_ahead_where_the_other_is_behind(ours, value, better):
    mine = standing({"ours": ours, "value": value, "better": better})
    theirs = standing({"ours": value, "value": ours, "better": better})
    swapped = {"ahead": "behind", "behind": "ahead", "the": "the"}
    word, _, rest = mine.partition(" ")
    assert theirs == f"{swapped[word]} {rest}"
    ahead = ours > value if better == "higher" else ours < value
    assert (word == "ahead") == ahead


def test_the_page_of_a_run_says_where_it_stands(tmp_path):
    line = {**LINE, "better": "lower", "ours_se": 0.24}
    text = write_report(tmp_path, config={}, published=[line]).read_text(encoding="utf-8")
    assert "<strong>NLL:</strong> behind by 0.96 nats per row (4 standard errors)." in text
    assert "87.72 ± 0.24" in text
    assert ">Run</th>" not in text
    assert "A standard error is that of our mean" in text
