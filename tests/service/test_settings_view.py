"""The table of settings, what an installation has set, and variables that mean nothing."""

import json
from pathlib import Path

import pytest

from service.cli.main import main
from service.settings import Settings, load_settings
from service.settings_view import described, mistakes, shown, table, unknown

PAGE = Path(__file__).parents[2] / "docs" / "settings.md"


def test_the_page_is_the_one_the_code_makes():
    assert PAGE.read_text(encoding="utf-8") == table(), "run: qyran settings table > docs/settings.md"


def test_every_setting_is_explained():
    assert len(described()) == len(Settings.model_fields)
    assert all(one.text and one.values for one in described())


def test_what_is_set_says_where_it_comes_from_and_holds_no_secret(monkeypatch):
    monkeypatch.setenv("PG_SECRET", "sesame-open")
    monkeypatch.setenv("QYRAN_DATABASE_PASSWORD", "env:PG_SECRET")
    found = {one.variable: one for one in shown(load_settings())}
    assert found["QYRAN_DATABASE_PASSWORD"].value == "env:PG_SECRET"
    assert found["QYRAN_DATABASE_PASSWORD"].source == "environment"
    assert found["QYRAN_TIME_ZONE"].source == "default"
    assert "sesame" not in str(found)


@pytest.mark.parametrize(
    ("environment", "found"),
    [
        ({"QYRAN_TIMEZONE": "Asia/Almaty"}, {"QYRAN_TIMEZONE": "QYRAN_TIME_ZONE"}),
        ({"QYRAN_SECOND_FACTOR_ROLE": "none"}, {"QYRAN_SECOND_FACTOR_ROLE": "QYRAN_SECOND_FACTOR_ROLES"}),
        ({"QYRAN_XYZZY": "1"}, {"QYRAN_XYZZY": None}),
        ({"QYRAN_TIME_ZONE": "Asia/Almaty", "HOME": "/root"}, {}),
        ({"QYRAN_DATABASE_PASSWORD": "env:QYRAN_PG", "QYRAN_PG": "x"}, {}),
        ({"qyran_time_zone": "Asia/Almaty"}, {}),
    ],
)
def test_a_variable_that_means_nothing_is_named_with_the_one_that_may_be_meant(environment, found):
    assert unknown(environment) == found
    assert len(mistakes(environment)) == len(found)


def test_show_ends_with_one_where_something_means_nothing(monkeypatch, capsys):
    assert main(["settings", "show", "--set", "--json"]) == 0
    monkeypatch.setenv("QYRAN_TIMEZONE", "Asia/Almaty")
    assert main(["settings", "show", "--json"]) == 1
    said = capsys.readouterr()
    assert "QYRAN_TIMEZONE means nothing to this version; is QYRAN_TIME_ZONE meant?" in said.err
    assert json.loads(said.out[said.out.rindex('{\n  "settings"') :])["mistakes"]
