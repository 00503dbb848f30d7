"""Reading the files others hand us: CSV, JSON or JSON Lines, a record a line, every fault with its line.

A file is read whole before anything is stored, so that a bad line leaves nothing half done.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from qyran.errors import InputError
from service.plates import normal

LARGEST: Final = 256 << 20
"""Bytes of one file; a city's day of records is far smaller."""
PLATE: Final = "plate"

Model = TypeVar("Model", bound=BaseModel)


def read_lines(path: Path, model: type[Model]) -> list[tuple[int, Model]]:
    """All records of a file with the line each begins on.

    Args:
        path: CSV with a header (comma or semicolon), a JSON array, or JSON Lines, in UTF-8.
        model: what a record is; an empty CSV cell is an absent value.

    Raises:
        InputError: the file cannot be read, holds nothing, or a line is wrong; one sentence with file and line.
    """
    text = _text(path)
    raw = _json(path, text) if text.lstrip()[:1] in {"[", "{"} else _csv(path, text)
    found = [(line, _record(path, line, one, model)) for line, one in raw]
    if not found:
        raise InputError(f"{path} holds no record; see docs/records.md for its format.")
    return found


def record_texts(path: Path, lines: Sequence[int]) -> list[str]:
    """What each record of a file looks like in it: its lines, under the header where it is a CSV.

    Args:
        path: of the file, which was read before.
        lines: on which line each record begins, in order.

    Raises:
        InputError: the file cannot be read.
    """
    text = _text(path)
    all_lines = text.splitlines(keepends=True)
    head = "" if text.lstrip()[:1] in {"[", "{"} else all_lines[0]
    ends = [*(line - 1 for line in lines[1:]), len(all_lines)]
    return [head + "".join(all_lines[line - 1 : max(line, end)]) for line, end in zip(lines, ends, strict=True)]


def validated(values: Mapping[str, Any], model: type[Model]) -> Model:
    """One record, its plate brought to the stored form first.

    Raises:
        InputError: what is wrong, with the field's name and without its value.
    """
    given = dict(values)
    if isinstance(given.get(PLATE), str):
        given[PLATE] = normal(given[PLATE])
    return checked(given, model)


def validated_lines(lines: Sequence[Mapping[str, Any]], model: type[Model]) -> list[Model]:
    """Records of one delivery.

    Raises:
        InputError: what is wrong with the first that is, with its number.
    """
    found = []
    for number, one in enumerate(lines, start=1):
        try:
            found.append(validated(one, model))
        except InputError as error:
            raise InputError(f"Line {number}: {str(error).rstrip('.')}.") from None
    return found


def checked(values: Mapping[str, Any], model: type[Model]) -> Model:
    """One record as it was given.

    Raises:
        InputError: what is wrong, with the field's name and without its value.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place = ".".join(str(step) for step in first["loc"])
        message = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
        message = message[:1].lower() + message[1:]
        raise InputError(f"{place}: {message}." if place else f"{message}.") from None


def line_fault(path: Path, line: int, error: InputError) -> InputError:
    """The same fault with the line it was found on."""
    return InputError(f"{path}, line {line}: {str(error).rstrip('.')}.")


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(f"{path} is larger than {LARGEST >> 20} MiB; split it.")
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise InputError(f"{path} is not UTF-8.") from None
    except OSError as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        raise InputError(f"{path} {reason}.") from None


def _record(path: Path, line: int, values: object, model: type[Model]) -> Model:
    if not isinstance(values, Mapping):
        raise InputError(f"{path}, line {line}: a record is an object with named values.")
    try:
        return validated(values, model)
    except InputError as error:
        raise line_fault(path, line, error) from None


def _csv(path: Path, text: str) -> Iterator[tuple[int, dict[str, str]]]:
    head = text.split("\n", 1)[0]
    rows = csv.reader(io.StringIO(text), delimiter=";" if head.count(";") > head.count(",") else ",", strict=True)
    try:
        names = [name.strip() for name in next(rows, [])]
        if len(set(names)) != len(names) or not all(names):
            raise InputError(f"{path}, line 1: the header names a column twice, or none.")
        line = rows.line_num + 1
        for row in rows:
            if any(cell.strip() for cell in row):
                if len(row) != len(names):
                    raise InputError(f"{path}, line {line}: there are {len(row)} values for {len(names)} columns.")
                yield line, {name: cell.strip() for name, cell in zip(names, row, strict=True) if cell.strip()}
            line = rows.line_num + 1
    except csv.Error as error:
        raise InputError(f"{path}, line {rows.line_num}: it is no CSV: {error}.") from None


def _json(path: Path, text: str) -> Iterator[tuple[int, object]]:
    """Objects of an array or of lines, each with the line it begins on."""
    decoder = json.JSONDecoder()
    end = len(text)
    at = _skip(text, 0)
    array = text.startswith("[", at)
    at = _skip(text, at + 1) if array else at
    line, counted = 1, 0
    while at < end and not text.startswith("]", at):
        line, counted = line + text.count("\n", counted, at), at
        try:
            value, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise InputError(f"{path}, line {error.lineno}: it is no JSON: {error.msg}.") from None
        except RecursionError:
            raise InputError(f"{path}, line {line}: it is no JSON of records.") from None
        yield line, value
        at = _skip(text, at)
        if array and text.startswith(",", at):
            at = _skip(text, at + 1)
        elif array and not text.startswith("]", at):
            raise InputError(f"{path}, line {text.count(chr(10), 0, at) + 1}: it is no JSON: a comma is missing.")
    if array and not text.startswith("]", at):
        raise InputError(f"{path}, line {text.count(chr(10)) + 1}: it breaks off; the array has no end.")


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at].isspace():
        at += 1
    return at
