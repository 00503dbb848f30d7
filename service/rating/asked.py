"""Readings as somebody asks for them: "at_most:linear"."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from kpi_catalog.readings import CHOICES, DEFAULT, Readings
from qyran.errors import InputError


def readings_of(asked: Iterable[str]) -> Readings:
    """Readings with what was asked for in place of the defaults.

    Raises:
        InputError: one is not of the form name:choice, or there is no such reading or choice.
    """
    found: dict[str, Any] = {}
    for one in asked:
        name, parted, choice = one.partition(":")
        if not parted or name not in CHOICES:
            raise InputError(f"A reading is written as name:choice; the names are {', '.join(CHOICES)}.")
        if choice not in CHOICES[name]:
            raise InputError(f"The reading {name} is one of {', '.join(CHOICES[name])}.")
        found[name] = choice
    return replace(DEFAULT, **found)
