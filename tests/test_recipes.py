from dataclasses import fields

import pytest

from vaekit.comparison import differing_settings
from vaekit.config import Config
from vaekit.evaluation import Evaluation
from vaekit.recipes import RECIPES, STUDIES, quick, recipe

MEMBERS = [(study, member) for study in STUDIES for member in STUDIES[study].members()]


def test_no_study_is_called_as_a_recipe():
    assert set(STUDIES) & set(RECIPES) == set()


@pytest.mark.parametrize("name", STUDIES)
def test_studies_say_what_they_are(name):
    study = STUDIES[name]
    assert study.name == name
    assert study.summary.endswith(".")
    assert "Source:" in study.text
    assert len(study.members()) >= 2


@pytest.mark.parametrize(("study", "member"), MEMBERS)
def test_members_are_whole_configs_with_names_of_their_own(study, member):
    config = STUDIES[study].members()[member]
    assert config.name == f"{study}-{member}"
    assert Config.model_validate_json(config.model_dump_json()) == config


@pytest.mark.parametrize(
    ("study", "differs"),
    [
        ("mnist-em", {"objective.beta", "objective.mean_penalty"}),
        ("mnist-losses", {"model.likelihood.kind", "model.likelihood.variance"}),
        ("mnist-autoencoder", {"model.posterior.kind", "objective.beta"}),
        ("mnist-flow", {"model.posterior.flow", "model.posterior.flow_length"}),
        ("mnist-iwae", {"objective.reduce", "objective.samples"}),
    ],
)
def test_members_differ_only_in_what_the_study_is_about(study, differs):
    members = STUDIES[study].members().items()
    plain = {name: config.model_dump(mode="json") for name, config in members}
    assert {key for key, _ in differing_settings(plain)} == differs


@pytest.mark.parametrize("name", STUDIES)
def test_published_numbers_belong_to_members_and_stand_in_an_evaluation(name):
    study = STUDIES[name]
    assert set(study.published) <= set(study.members())
    keys = {field.name for field in fields(Evaluation)}
    for each in (each for found in study.published.values() for each in found):
        assert each.key in keys
        assert each.se_key is None or each.se_key in keys


def test_every_member_of_the_iwae_study_has_the_row_of_the_paper():
    rows = {
        member: [each.value for each in found]
        for member, found in STUDIES["mnist-iwae"].published.items()
    }
    assert rows == {
        "vae-1": [86.76, 19],
        "vae-5": [86.47, 20],
        "vae-50": [86.35, 20],
        "iwae-5": [85.54, 22],
        "iwae-50": [84.78, 25],
    }
    for member, config in STUDIES["mnist-iwae"].members().items():
        kind, k = member.split("-")
        assert config.objective.samples == int(k)
        assert (config.objective.reduce == "logmeanexp") == (kind == "iwae")
        assert config.model.encoder.batch_norm
        assert config.model.decoder.batch_norm


@pytest.mark.parametrize("config", [recipe(name) for name in RECIPES], ids=list(RECIPES))
def test_quick_changes_how_much_and_never_what(config):
    small = quick(config)
    assert small.model == config.model
    assert small.name == config.name
    assert small.data.limit == 1000
    assert small.training.epochs <= config.training.epochs
    assert small.evaluation.samples <= config.evaluation.samples


def test_quick_never_enlarges():
    tiny = quick(Config.model_validate({"training": {"epochs": 2}, "data": {"limit": 50}}))
    assert (tiny.training.epochs, tiny.data.limit) == (2, 50)
    assert quick(tiny) == tiny
