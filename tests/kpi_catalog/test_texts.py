from __future__ import annotations

import re
import tomllib
from datetime import UTC, datetime
from importlib import resources

import pytest

from kpi_catalog.additional import REASONS, Criterion, Signer
from kpi_catalog.catalogue import Category, catalogue
from kpi_catalog.city import Origin
from kpi_catalog.city_fold import EXTRA as FOLDED
from kpi_catalog.other_facts.definitions import OTHER
from kpi_catalog.other_facts.records import OtherFacts
from kpi_catalog.period import Period, PeriodKind
from kpi_catalog.readings import CHOICES
from kpi_catalog.records import CityFacts
from kpi_catalog.security import DEFINITIONS
from kpi_catalog.status import Status
from kpi_catalog.value import Missing

LANGUAGES = ("kk", "ru", "en")
KAZAKH = set("әғқңөұүһі")


def load(language):
    return tomllib.loads(resources.files("kpi_catalog").joinpath("texts", f"{language}.toml").read_text("utf-8"))


TEXTS = {language: load(language) for language in LANGUAGES}


def keys(table, prefix=""):
    for key, value in table.items():
        if isinstance(value, dict):
            yield from keys(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", tuple(sorted(re.findall(r"{(\w+)}", value)))


@pytest.mark.parametrize("language", ["ru", "kk"])
def test_the_languages_say_the_same_things(language):
    assert dict(keys(TEXTS[language])) == dict(keys(TEXTS["en"]))


@pytest.mark.parametrize("language", LANGUAGES)
def test_everything_that_is_shown_has_a_text(language):
    texts = TEXTS[language]
    assert set(texts["status"]) == set(Status)
    assert set(texts["missing"]) == set(Missing)
    assert set(texts["period"]) == set(PeriodKind)
    assert set(texts["frequency"]) == {kpi.period for kpi in catalogue().kpis.values()}
    assert set(texts["unit"]) == {kpi.unit for kpi in catalogue().kpis.values()}
    facts = CityFacts(as_of=datetime(2027, 5, 1, tzinfo=UTC))
    shown = {key for define in DEFINITIONS.values() for key in define(facts, Period.parse("2027-03")).extra}
    other = OtherFacts(as_of=facts.as_of, category=Category.REPUBLICAN)
    shown |= {key for define in OTHER.values() for key in define(other, Period.parse("2027-03")).extra}
    assert set(texts["extra"]) == shown | set(FOLDED)
    assert set(texts["reading"]) == set(CHOICES)
    assert set(texts["reading_choice"]) == {f"{name}_{one}" for name, choices in CHOICES.items() for one in choices}
    assert set(texts["criterion"]) == set(Criterion)
    assert set(texts["criterion_reason"]) == set(REASONS)
    assert set(texts["signer"]) == set(Signer)
    assert set(texts["origin"]) == set(Origin)


def test_kazakh_is_written_in_kazakh_letters():
    words = " ".join(value for table in TEXTS["kk"].values() for value in table.values()).lower()
    assert set(words) >= KAZAKH - {"һ"}
    assert not set(words) & set("ёщъ")
