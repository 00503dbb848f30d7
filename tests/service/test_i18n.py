from __future__ import annotations

import ast
import re
import tomllib
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from fire_alerts.evidence import NAMES
from service import i18n
from service.i18n import LANGUAGES, placeholders, plural, texts, translate
from vision.classes import FIRE_CLASSES

ROOT = Path(i18n.__file__).resolve().parent.parent
ALMATY = ZoneInfo("Asia/Almaty")
RULES = [
    *(ROOT / "violations" / "rules").glob("*.py"),
    *(ROOT / "incidents" / "rules").glob("*.py"),
    ROOT / "fire_alerts" / "confirm.py",
    ROOT / "vision" / "against.py",
    ROOT / "vision" / "sight.py",
]
NB = "\N{NO-BREAK SPACE}"


def files(lang):
    return {path.relative_to(ROOT).with_name("*.toml"): path for _, path in i18n.sources(lang)}


def keys_of(path):
    return dict(i18n._flat(tomllib.loads(path.read_text(encoding="utf-8")), ""))


def codes_of(node):
    match node:
        case ast.Constant(value=str(code)):
            return {code}
        case ast.IfExp(body=one, orelse=other):
            return codes_of(one) | codes_of(other)
        case ast.JoinedStr(values=[ast.FormattedValue(), ast.Constant(value=str(end))]):
            return {f"{name}{end}" for name in FIRE_CLASSES}
        case ast.JoinedStr(values=[ast.Constant(value="evidence_"), ast.FormattedValue()]):
            return {f"evidence_{name}" for name in NAMES}
    raise AssertionError(f"a rule names its reason in a way this test does not know: {ast.unparse(node)}")


def reason_codes():
    found = set()
    for path in RULES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Reason":
                room = path.relative_to(ROOT).parts[0]
                found |= {(room, code) for code in codes_of(node.args[0])}
    return sorted(found)


def test_every_room_has_the_same_text_files_in_each_language():
    assert set(files("kk")) == set(files("ru")) == set(files("en"))


@pytest.mark.parametrize("lang", ["kk", "ru"])
@pytest.mark.parametrize("place", sorted(files("en"), key=str), ids=str)
def test_every_language_has_the_same_keys_and_placeholders(lang, place):
    ours, english = keys_of(files(lang)[place]), keys_of(files("en")[place])
    assert sorted(ours) == sorted(english)
    assert {key: placeholders(text) for key, text in ours.items()} == {
        key: placeholders(text) for key, text in english.items()
    }


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_text_is_empty(lang):
    assert [key for key, text in texts(lang).items() if not text.strip()] == []


def test_kazakh_texts_use_kazakh_letters_and_no_look_alikes():
    everything = "\n".join(texts("kk").values())
    assert set("әғқңөұүі") <= set(everything.lower())
    # Latin letters inside a Cyrillic word are a slip of the keyboard.
    words = re.findall(r"\w+", everything.lower())
    mixed = [word for word in words if re.search("[a-z]", word) and re.search("[а-яәғқңөұүһі]", word)]
    assert mixed == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_reason_a_rule_gives_has_words(lang):
    codes = reason_codes()
    assert len(codes) > 10
    rooms = ("violations", "incidents", "fire_alerts", "vision")
    without = [code for room, code in codes if not any(i18n.has(lang, f"{one}.trace.{code}") for one in (room, *rooms))]
    assert without == []


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_key_that_a_template_or_page_names_has_a_text(lang):
    web = ROOT / "service" / "web"
    named = set()
    for path in [*web.rglob("*.html"), *web.rglob("*.py")]:
        named |= set(re.findall(r"""\bt\(\s*["']([a-z_]+(?:\.[a-z_0-9]+)+)["']""", path.read_text(encoding="utf-8")))
    assert len(named) > 150
    assert sorted(key for key in named if not i18n.has(lang, key)) == []


@pytest.mark.parametrize(
    ("lang", "count", "form"),
    [
        ("ru", 1, "one"), ("ru", 2, "few"), ("ru", 4, "few"), ("ru", 5, "many"), ("ru", 11, "many"), ("ru", 12, "many"),
        ("ru", 21, "one"), ("ru", 22, "few"), ("ru", 111, "many"), ("ru", 0, "many"), ("ru", 1.5, "other"),
        ("en", 1, "one"), ("en", 2, "other"), ("en", 0, "other"), ("kk", 1, "one"), ("kk", 5, "other"),
    ],
)  # fmt: skip
def test_plural_forms_follow_the_language(lang, count, form):
    assert plural(lang, count) == form


def test_the_number_in_a_text_chooses_its_form():
    assert [translate("ru", "cases.count", n=n) for n in (1, 3, 7)] == ["1 дело", "3 дела", "7 дел"]
    assert [translate("en", "cases.count", n=n) for n in (1, 3)] == ["1 case", "3 cases"]


@pytest.mark.parametrize(
    ("lang", "value", "digits", "text"),
    [
        ("en", 43250, None, "43,250"),
        ("ru", 43250, None, f"43{NB}250"),
        ("kk", 1234567.891, None, f"1{NB}234{NB}567,89"),
        ("ru", 4325, None, "4325"),
        ("ru", 0.5, None, "0,5"),
        ("en", 0.5, 2, "0.50"),
        ("kk", -2.25, None, "\N{MINUS SIGN}2,25"),
        ("ru", -0.001, None, "0"),
        ("en", 100.0, None, "100"),
    ],
)
def test_numbers_are_written_as_the_language_writes_them(lang, value, digits, text):
    assert i18n.number(lang, value, digits) == text


def test_times_are_shown_in_the_citys_zone_with_seconds():
    moment = datetime(2026, 11, 22, 19, 30, 5, tzinfo=UTC)
    assert i18n.moment("kk", moment, ALMATY) == "23.11.2026, 00:30:05"
    assert i18n.moment("en", moment, ALMATY) == f"23{NB}Nov{NB}2026, 00:30:05"


def test_a_month_is_named_as_a_heading_has_it():
    assert [i18n.month(lang, date(2026, 11, 1)) for lang in LANGUAGES] == [
        "2026 ж. қараша", "ноябрь 2026 г.", "November 2026",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (134, "2 min 14 s"),
        (7260, "2 h 1 min"),
        (90_000, "1 d 1 h"),
        (-5, "0 s"),
    ],
)
def test_a_duration_has_its_two_largest_units(seconds, text):
    assert i18n.duration("en", timedelta(seconds=seconds)) == text


@pytest.mark.parametrize(
    ("header", "lang"),
    [
        ("ru-RU,ru;q=0.9,en;q=0.8", "ru"), ("de,en;q=0.5", "en"), ("kk-KZ", "kk"), ("en;q=0.1,ru;q=0.9", "ru"),
        ("", "kk"), ("*", "kk"), ("ru;q=0", "kk"), ("en;q=abc", "kk"),
    ],
)  # fmt: skip
def test_the_browsers_wish_chooses_the_language(header, lang):
    assert i18n.preferred(header) == lang


def test_an_unknown_key_shows_itself_and_breaks_nothing(caplog):
    assert translate("en", "no.such_key") == "no.such_key"
    assert "no.such_key" in caplog.text


def test_a_trace_reads_in_each_language_with_its_numbers():
    said = [i18n.trace_words(lang, ("violations",), "red_since", {"signal": "n", "since_s": 4.5}) for lang in LANGUAGES]
    assert "4,5" in said[0]
    assert "4,5" in said[1]
    assert "4.5" in said[2]
    assert len(set(said)) == 3
