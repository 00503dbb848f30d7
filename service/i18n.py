"""Words, numbers, dates and durations in Kazakh, Russian and English.

Every text has a dotted key. The service's own stand in `service/locale/`; those of a room in its `texts/` and, for
its rules, in `rules/texts/`, under the room's name: ``violations.state.signed``, ``incidents.trace.stands_since``.
"""

from __future__ import annotations

import logging
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

Language = Literal["kk", "ru", "en"]

LANGUAGES: Final[tuple[Language, ...]] = ("kk", "ru", "en")
DEFAULT: Final[Language] = "kk"
ROOMS: Final = ("vision", "violations", "incidents", "fire_alerts", "evidence", "kpi_catalog")
PARTS: Final = ("exchange", "doctor")
"""Parts of the service with texts of their own."""
ROOT: Final = Path(__file__).resolve().parent.parent
NO_BREAK: Final = "\N{NO-BREAK SPACE}"
MINUS: Final = "\N{MINUS SIGN}"

log = logging.getLogger(__name__)


def sources(lang: Language) -> tuple[tuple[str, Path], ...]:
    """The text files of a language, each with the prefix of its keys; those that exist."""
    files = [("", ROOT / "service" / "locale" / f"{lang}.toml")]
    for room in ROOMS:
        files += [(f"{room}.", ROOT / room / folder / f"{lang}.toml") for folder in ("texts", "rules/texts")]
    files += [(f"{part}.", ROOT / "service" / part / "texts" / f"{lang}.toml") for part in PARTS]
    return tuple((prefix, path) for prefix, path in files if path.is_file())


@cache
def texts(lang: Language) -> Mapping[str, str]:
    """All texts of a language by their dotted keys."""
    found: dict[str, str] = {}
    for prefix, path in sources(lang):
        found.update(_flat(tomllib.loads(path.read_text(encoding="utf-8")), prefix))
    return found


def _flat(table: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", str(value)


def has(lang: Language, key: str) -> bool:
    """Whether there is a text under a key."""
    return key in texts(lang) or f"{key}.other" in texts(lang)


def translate(lang: Language, key: str, **values: object) -> str:
    """The text of a key with its values put in, numbers written as the language writes them.

    A key with plural forms is a table of ``one``, ``few``, ``many`` and ``other``; the value ``n`` chooses. A key
    without a text gives the key itself and is logged: a page with one odd word is better than no page.
    """
    words = texts(lang)
    text = words.get(key)
    if text is None and isinstance(count := values.get("n"), int | float):
        text = words.get(f"{key}.{plural(lang, count)}", words.get(f"{key}.other"))
    if text is None:
        log.warning("No text for the key %s in %s.", key, lang)
        return key
    shown = {name: say(lang, value) for name, value in values.items()}
    try:
        return text.format_map(shown)
    except (KeyError, IndexError, ValueError):
        log.warning("The text %s in %s lacks a value.", key, lang)
        return text


def say(lang: Language, value: object) -> str:
    """One value as a reader of the language expects it."""
    match value:
        case bool():
            return translate(lang, "common.yes" if value else "common.no")
        case int() | float():
            return number(lang, value)
        case datetime():
            return value.isoformat()
        case date():
            return day(lang, value)
        case _:
            return str(value)


def placeholders(text: str) -> frozenset[str]:
    """Names of the values a text wants."""
    return frozenset(name for _, name, _, _ in Formatter().parse(text) if name)


def plural(lang: Language, count: float) -> str:
    """CLDR plural category: Kazakh and English know one and other, Russian one, few, many and other."""
    if count != int(count):
        return "other"
    whole = abs(int(count))
    if lang != "ru":
        return "one" if whole == 1 else "other"
    tens, units = whole % 100, whole % 10
    if units == 1 and tens != 11:
        return "one"
    if 2 <= units <= 4 and not 12 <= tens <= 14:
        return "few"
    return "many"


def number(lang: Language, value: float, digits: int | None = None) -> str:
    """A number: decimal comma and no-break spaces in Kazakh and Russian, point and commas in English.

    Args:
        lang: of the reader.
        value: the number.
        digits: decimals shown; None shows at most two and drops trailing zeros.
    """
    text = f"{value:,.{2 if digits is None else digits}f}"
    if digits is None and "." in text:
        text = text.rstrip("0").rstrip(".")
    if text.startswith("-"):
        text = MINUS + text[1:] if text.strip("-0.,") else text[1:]
    if lang == "en":
        return text
    text = text.replace(",", NO_BREAK).replace(".", ",")
    # Four digits are not grouped in Russian and Kazakh typography.
    return text.replace(NO_BREAK, "") if abs(value) < 10_000 else text


def day(lang: Language, value: date) -> str:
    """A date: 22.11.2026 in Kazakh and Russian, 22 Nov 2026 in English."""
    if lang == "en":
        return f"{value.day}{NO_BREAK}{translate(lang, f'month_short.{value.month}')}{NO_BREAK}{value.year}"
    return f"{value:%d.%m.%Y}"


def clock(value: datetime, zone: ZoneInfo) -> str:
    """A time of day in a zone, with seconds."""
    return f"{value.astimezone(zone):%H:%M:%S}"


def moment(lang: Language, value: datetime, zone: ZoneInfo) -> str:
    """Date and time in a zone, with seconds."""
    return f"{day(lang, value.astimezone(zone).date())}, {clock(value, zone)}"


def month(lang: Language, value: date) -> str:
    """A month with its year, as a heading has it."""
    return translate(lang, "month.of_year", month=translate(lang, f"month.{value.month}"), year=str(value.year))


def duration(lang: Language, span: timedelta) -> str:
    """A span of time in its two largest units: 2 min 14 s."""
    seconds = max(0, round(span.total_seconds()))
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3_600)
    minutes, rest = divmod(rest, 60)
    parts = [("days", days), ("hours", hours), ("minutes", minutes), ("seconds", rest)]
    while len(parts) > 1 and parts[0][1] == 0:
        parts.pop(0)
    shown = parts[:2]
    if len(shown) == 2 and shown[1][1] == 0 and shown[0][1]:
        shown = shown[:1]
    return " ".join(translate(lang, f"unit.{name}", n=str(count)) for name, count in shown)


def as_language(text: str | None) -> Language | None:
    """The language a code names, if it is one of ours."""
    return text if text in LANGUAGES else None


def preferred(header: str, default: Language = DEFAULT) -> Language:
    """The best of our languages for an ``Accept-Language`` header."""
    wishes: list[tuple[float, int, Language]] = []
    for place, part in enumerate(header[:1000].split(",")):
        name, _, quality = part.strip().partition(";")
        lang = as_language(name.strip().lower().partition("-")[0])
        try:
            weight = float(quality.strip().removeprefix("q=")) if quality else 1.0
        except ValueError:
            continue
        if lang is not None and weight > 0:
            wishes.append((-weight, place, lang))
    return min(wishes)[2] if wishes else default


def named(lang: Language, names: Mapping[str, Any] | None, otherwise: str = "") -> str:
    """A name given in several languages: the reader's, else any, else `otherwise`."""
    for wanted in (lang, *LANGUAGES):
        if names and names.get(wanted):
            return str(names[wanted])
    return otherwise


def trace_words(lang: Language, rooms: tuple[str, ...], code: str, values: Mapping[str, Any]) -> str:
    """One step of a rule's trace in words, looked for in the given rooms in turn, else the code as it is.

    A value that is itself a code (a signal's state, a road class) is said in words where `word.<value>` has them.
    """
    shown = {name: _word(lang, value) for name, value in values.items()}
    for room in rooms:
        key = f"{room}.trace.{code}"
        if has(lang, key):
            return translate(lang, key, **shown)
    log.warning("No words for the reason %s in %s.", code, lang)
    return code


def _word(lang: Language, value: object) -> object:
    if isinstance(value, str) and has(lang, f"word.{value}"):
        return translate(lang, f"word.{value}")
    return value
