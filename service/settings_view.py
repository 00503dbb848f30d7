"""All settings as one table: what each means, what an installation has set, and what is set by mistake."""

from __future__ import annotations

import inspect
import logging
import os
import re
import types
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from enum import StrEnum
from itertools import groupby
from pathlib import Path
from typing import Any, Final, Literal, Union, get_args, get_origin

from annotated_types import Ge, Gt, Le, Lt
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from service.settings import Settings

PREFIX: Final = "QYRAN_"
OF_TESTS: Final = ("QYRAN_FAULT_", "QYRAN_TEST_")
"""Beginnings of variables that steer tests, not an installation."""
ENTRY: Final = re.compile(r"^ {8}(?P<names>[a-z_0-9, \n]+?): (?P<text>.+?)(?=^ {8}\S|\Z)", re.MULTILINE | re.DOTALL)
TITLE: Final = "# Settings\n"
HEAD: Final = """
Every setting of an installation is an environment variable; this table is made from the code by `qyran settings table`
and a test holds it to the code. `qyran settings show` says what an installation has set and where each value comes
from. A variable with the prefix `QYRAN_` that is not in this table is named as a mistake when a program starts and by
`qyran doctor`. A wrong value ends a program with one sentence. No setting holds a secret: `env:NAME` or `file:PATH`
says where it lies, which fits systemd's `LoadCredential`, the secrets of containers and those of Kubernetes alike.
Settings that belong together share a line, in the order of their meanings.

| variable | value | default | meaning |
|---|---|---|---|
"""

WORDS: Final = {
    bool: "`true` or `false`", int: "whole number", float: "number", Path: "path", str: "text",
    frozenset: "names, by commas", dict: "pairs `name=number`, by commas",
}  # fmt: skip

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Described:
    """One setting: its variable, what it takes, what it is without one, and what it means."""

    variable: str
    values: str
    default: str
    text: str


@dataclass(frozen=True, slots=True)
class Shown:
    """What an installation has: the value as it stands, and whether the environment or the default says so."""

    variable: str
    value: str
    source: Literal["environment", "default"]


def described() -> tuple[Described, ...]:
    """Every setting, in the order of the code."""
    texts = _texts()
    return tuple(
        Described(_variable(name), _values(field.annotation, field.metadata), _default(name, field), texts[name])
        for name, field in Settings.model_fields.items()
    )


def table() -> str:
    """The page docs/settings.md."""
    lines = []
    for text, group in groupby(described(), key=lambda one: one.text):
        rows = list(group)
        columns = ([f"`{one.variable}`" for one in rows], [one.values for one in rows], [one.default for one in rows])
        cells = [*("<br>".join(dict.fromkeys(cell) if len(set(cell)) == 1 else cell) for cell in columns), text]
        lines.append(f"| {' | '.join(_cell(cell) for cell in cells)} |\n")
    return f"{TITLE}{HEAD}{''.join(lines)}"


def shown(settings: Settings, environment: Mapping[str, str] | None = None) -> tuple[Shown, ...]:
    """What is set; of a secret only where it lies."""
    given = {name.upper() for name in (os.environ if environment is None else environment)}
    return tuple(
        Shown(
            _variable(name),
            _written(getattr(settings, name)),
            "environment" if _variable(name) in given else "default",
        )
        for name in Settings.model_fields
    )


def unknown(environment: Mapping[str, str] | None = None) -> dict[str, str | None]:
    """Variables with our prefix that mean nothing, each with the one that may be meant."""
    given = os.environ if environment is None else environment
    known = {_variable(name) for name in Settings.model_fields}
    secrets = {value.removeprefix("env:") for name, value in given.items() if name.upper() in known}
    found: dict[str, str | None] = {}
    for name in sorted(given):
        upper = name.upper()
        if not upper.startswith(PREFIX) or upper in known or name in secrets or upper.startswith(OF_TESTS):
            continue
        near = get_close_matches(upper, known, n=1, cutoff=0.75)
        found[name] = near[0] if near else None
    return found


def mistakes(environment: Mapping[str, str] | None = None) -> list[str]:
    """A sentence for each unknown variable."""
    return [
        f"{name} means nothing to this version" + (f"; is {near} meant?" if near else "; see docs/settings.md.")
        for name, near in unknown(environment).items()
    ]


def say_mistakes() -> None:
    """Name unknown variables in the log: a program that starts does not guess what was meant by them."""
    for sentence in mistakes():
        log.warning("%s", sentence)


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"


def _texts() -> dict[str, str]:
    """What the docstring of `Settings` says of each name."""
    _, _, attributes = (Settings.__doc__ or "").partition("Attributes:\n")
    lines = inspect.cleandoc(f"\n{attributes}").splitlines()
    found: dict[str, str] = {}
    whole = "\n".join(f"        {line}" for line in lines) + "\n"
    for entry in ENTRY.finditer(whole):
        text = " ".join(entry["text"].split())
        for name in entry["names"].replace("\n", " ").split(","):
            found[name.strip()] = text
    return found


def _values(annotation: Any, metadata: list[Any]) -> str:
    origin = get_origin(annotation)
    if origin is Literal:
        return ", ".join(f"`{one}`" for one in get_args(annotation))
    if origin in {types.UnionType, Union}:
        return _values(next(one for one in get_args(annotation) if one is not type(None)), metadata)
    if hasattr(annotation, "__metadata__"):
        return _values(get_args(annotation)[0], [*metadata, *annotation.__metadata__])
    if isinstance(annotation, type) and issubclass(annotation, StrEnum):
        return ", ".join(f"`{one.value}`" for one in annotation)
    return WORDS.get(origin or annotation, "text") + _bounds(metadata)


def _bounds(metadata: list[Any]) -> str:
    said = []
    for one in metadata:
        inner = getattr(one, "metadata", [one]) if isinstance(one, FieldInfo) else [one]
        for bound in inner:
            match bound:
                case Ge():
                    said.append(f"≥ {bound.ge}")
                case Gt():
                    said.append(f"> {bound.gt}")
                case Le():
                    said.append(f"≤ {bound.le}")
                case Lt():
                    said.append(f"< {bound.lt}")
    return f", {' and '.join(said)}" if said else ""


def _default(name: str, field: FieldInfo) -> str:
    if name == "home":
        return "`~/.local/share/qyran`"
    value = field.get_default(call_default_factory=False)
    if value is PydanticUndefined or value is None or value == "" or value in (frozenset(), {}):
        return ""
    return f"`{_written(value)}`"


def _written(value: object) -> str:
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case frozenset():
            return ",".join(sorted(str(one) for one in value))
        case dict():
            return ",".join(f"{key}={one}" for key, one in value.items())
    return str(value)


def _cell(text: str) -> str:
    return text.replace("|", "\\|")
