from __future__ import annotations

import pytest

from qyran.errors import ConfigError
from service.settings import home, load_settings, read_secret

WRONG = {
    "QYRAN_TIME_ZONE": ("Asia/Nowhere", "IANA time zone"),
    "QYRAN_CITY_CATEGORY": ("village", "'republican', 'regional' or 'district'"),
    "QYRAN_DATABASE_URL": ("mysql://host/db", "only sqlite and postgresql"),
    "QYRAN_DATABASE_PASSWORD": ("hunter2", 'must be "env:NAME" or "file:PATH"'),
    "QYRAN_SESSION_IDLE_MINUTES": ("0", "greater than or equal to 1"),
    "QYRAN_PUBLIC_URL": ("ftp://x", "no address of a service"),
    "QYRAN_LANGUAGE": ("de", "'kk', 'ru' or 'en'"),
}


@pytest.mark.parametrize(("name", "value", "words"), [(name, *rest) for name, rest in WRONG.items()], ids=WRONG)
def test_a_bad_value_is_one_sentence_that_names_the_variable(monkeypatch, name, value, words):
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError) as error:
        load_settings()
    message = str(error.value)
    assert message.startswith(f"{name}: ")
    assert words in message
    assert "\n" not in message


def test_a_password_in_the_database_address_is_refused_without_repeating_it(monkeypatch):
    monkeypatch.setenv("QYRAN_DATABASE_URL", "postgresql://qyran:sesame-open@db/qyran")
    with pytest.raises(ConfigError) as error:
        load_settings()
    assert "holds a password" in str(error.value)
    assert "sesame" not in str(error.value)


def test_the_database_password_comes_from_the_environment_or_a_file(monkeypatch, tmp_path):
    monkeypatch.setenv("PG_SECRET", "sesame-open")
    settings = load_settings(database_url="postgresql://qyran@db/qyran", database_password="env:PG_SECRET")
    assert settings.url.password == "sesame-open"
    assert settings.url.drivername == "postgresql+psycopg"
    (tmp_path / "secret").write_text("from-a-file\n")
    (tmp_path / "secret").chmod(0o600)
    assert read_secret(f"file:{tmp_path / 'secret'}") == "from-a-file"


@pytest.mark.parametrize("where", ["env:QYRAN_NOT_SET", "file:/nowhere/secret"])
def test_a_secret_that_is_not_there_names_the_place(where):
    with pytest.raises(ConfigError, match=where):
        read_secret(where)


def test_home_is_the_named_folder_else_the_users_data_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("QYRAN_HOME", str(tmp_path / "here"))
    assert home() == tmp_path / "here"
    monkeypatch.delenv("QYRAN_HOME")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert home() == tmp_path / "data" / "qyran"
    monkeypatch.delenv("XDG_DATA_HOME")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert home() == tmp_path / ".local" / "share" / "qyran"


def test_everything_lies_under_home_unless_named(tmp_path):
    settings = load_settings(home=tmp_path)
    assert settings.url.database == str(tmp_path / "qyran.db")
    assert {settings.spool_folder.parent, settings.evidence_folder.parent, settings.documents_folder.parent} == {
        tmp_path
    }
