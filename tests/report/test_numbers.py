import math

import pytest

from vaekit.report import format_number, headlines


def by_label(evaluation, **options):
    return {line.label: line for line in headlines(evaluation, **options)}


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "\N{EN DASH}"),
        (0.0, "0"),
        (-0.0, "0"),
        (5000, "5,000"),
        (-3, "\N{MINUS SIGN}3"),
        (-86.76123, "\N{MINUS SIGN}86.761"),
        (99999.9, "100,000"),
        (1e-7, "1.0000e\N{MINUS SIGN}07"),
        (1234567.0, "1,234,567"),
        (math.inf, "inf"),
        (True, "True"),
        ("n/a", "n/a"),
    ],
)
def test_numbers_are_rounded_for_reading(value, text):
    assert format_number(value) == text


@pytest.mark.parametrize(
    ("value", "error", "text"),
    [
        (-86.76123, 0.2134, "\N{MINUS SIGN}86.76 ± 0.21"),
        (-86.76123, 0.00345, "\N{MINUS SIGN}86.7612 ± 0.0034"),
        (-1234.5, 12.3, "\N{MINUS SIGN}1,234 ± 12"),
        (-10.5, 0.0, "\N{MINUS SIGN}10.5 ± 0"),
    ],
)
def test_the_standard_error_decides_how_many_digits_are_shown(value, error, text):
    line = by_label({"log_likelihood": value, "log_likelihood_se": error})["Log-likelihood"]
    assert line.text == text
    assert line.exact == repr(value)
    assert line.unit == "nats per row"


def test_active_units_stand_beside_the_dimensions():
    assert by_label({"active_units": 19, "latent_dim": 50})["Active units"].text == "19 of 50"
    assert by_label({"active_units": 19})["Active units"].text == "19"


def test_an_absent_number_says_why():
    note = "The posterior is a point: there is no log-likelihood."
    lines = by_label({"log_likelihood": None, "rate": 1.0}, notes=["Other.", note])
    assert lines["Log-likelihood"].text == "\N{EN DASH}"
    assert lines["Log-likelihood"].exact == ""
    assert lines["Log-likelihood"].reason == note
    assert lines["Bits per dimension"].reason == "needs the log-likelihood"
    assert lines["Distortion"].reason == ""
    assert lines["Rate"].reason == ""


def test_every_number_has_a_meaning_in_whole_sentences():
    for line in headlines({}):
        assert line.meaning.endswith(".")
        assert len(line.meaning.split()) > 8
