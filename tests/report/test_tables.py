from vaekit.config import Config
from vaekit.report.numbers import flatten, last_metrics


def test_every_setting_of_a_config_is_listed_once():
    settings = dict(flatten(Config().model_dump(mode="json")))
    assert settings["training.epochs"] == "50"
    assert settings["model.decoder.hidden"] == "[128, 256]"
    assert settings["data.label"] == "null"
    assert settings["name"] == "run"


def test_the_last_epoch_is_shown_for_every_split():
    first = {"epoch": 1, "train": {"bound": -9.0}, "seconds": 1.5}
    last = {
        "epoch": 2,
        "train": {"bound": -8.0, "rate": 2.0},
        "validation": {"bound": -8.5},
        "seconds": 1.25,
        "rows_per_second": 1234.567,
        "learning_rate": 1e-3,
    }
    table = last_metrics([first, last])
    assert table["epoch"] == 2
    assert table["splits"] == ["train", "validation"]
    assert table["lines"] == [
        ("bound", ["\N{MINUS SIGN}8", "\N{MINUS SIGN}8.5"]),
        ("rate", ["2", "\N{EN DASH}"]),
    ]
    assert table["pace"] == [
        ("seconds in all", "2.75"),
        ("rows per second", "1,235"),
        ("learning rate", "0.001"),
    ]


def test_no_metrics_make_no_table():
    assert last_metrics([]) is None
