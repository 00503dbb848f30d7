"""JSON: an array of rows, an object with `rows`, one row a line, or a GeoJSON collection of features."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from service.imports.columns import Cell, Fault, RawRow, Refused, Table
from service.imports.csv_file import decoded

GEOMETRY: Final = "geometry"


def read_json(data: bytes, most_rows: int) -> Table:
    """The rows of a JSON file; a row's number is its place in it, from 1.

    Raises:
        Refused: it is no JSON of rows, or too long.
    """
    text, encoding = decoded(data)
    text = text.removeprefix("\ufeff")
    try:
        whole = _loads(text)
    except json.JSONDecodeError as error:
        whole = _by_lines(text, error)
    if isinstance(whole, Mapping) and whole.get("type") == "FeatureCollection":
        return _table("geojson", [_feature(one) for one in _listed(whole.get("features"))], encoding, most_rows)
    if isinstance(whole, Mapping):
        whole = whole.get("rows", [whole])
    return _table("json", _listed(whole), encoding, most_rows)


def _table(form: str, given: list[Any], encoding: str, most_rows: int) -> Table:
    if len(given) > most_rows:
        raise Refused("too_many_rows", most=most_rows)
    columns: dict[str, None] = {}
    rows = []
    for number, one in enumerate(given, start=1):
        if not isinstance(one, Mapping):
            rows.append(RawRow(number, {}, Fault("no_row")))
            continue
        columns.update(dict.fromkeys(one))
        odd = next((name for name, value in one.items() if not _plain(name, value)), None)
        rows.append(RawRow(number, one if odd is None else {}, None if odd is None else Fault("no_cell", {}, odd)))
    return Table(form, tuple(columns), tuple(rows), encoding)


def _plain(name: str, value: Cell | list[Any]) -> bool:
    return not isinstance(value, list | dict) or (name == GEOMETRY and isinstance(value, dict))


def _feature(one: object) -> object:
    if not isinstance(one, Mapping) or one.get("type") != "Feature":
        return one
    said, geometry = one.get("properties") or {}, one.get("geometry")
    return {**_point(geometry), **said, GEOMETRY: geometry} if isinstance(said, Mapping) else one


def _point(geometry: object) -> dict[str, Any]:
    """The columns of a place that is drawn as a point."""
    if not isinstance(geometry, Mapping) or geometry.get("type") != "Point":
        return {}
    at = geometry.get("coordinates")
    return dict(zip(("longitude", "latitude"), at, strict=False)) if isinstance(at, list) else {}


def _listed(value: object) -> list[Any]:
    if not isinstance(value, list):
        raise Refused("no_rows")
    return value


def _by_lines(text: str, error: json.JSONDecodeError) -> list[Any]:
    """JSON Lines; what is neither them nor JSON is refused where the JSON broke."""
    lines = [line for line in text.splitlines() if line.strip()]
    if len(lines) < 2 or not all(line.lstrip().startswith("{") for line in lines):
        raise Refused("no_json", row=error.lineno) from None
    found = []
    for number, line in enumerate(lines, start=1):
        try:
            found.append(_loads(line))
        except json.JSONDecodeError:
            raise Refused("no_json", row=number) from None
    return found


def _loads(text: str) -> Any:
    try:
        return json.loads(text, object_pairs_hook=_once, parse_constant=_constant)
    except RecursionError:
        raise Refused("too_deep") from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Refused("name_twice")
    return found


def _constant(name: str) -> Any:
    raise Refused("no_json_number", word=name)
