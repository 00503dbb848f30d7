"""Every route of the service, and a request to each that gets past what it carries."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from fastapi.routing import iter_route_contexts

NOBODY = "0d9a3a3e-0000-4000-8000-000000000000"
OPEN = {
    "/healthz", "/health/live", "/health/ready", "/metrics", "/public", "/api/v1/openapi.json", "/login", "/login/code",
    "/language", "/about", "/about/source",
    "/check", "/check/{number}", "/check/media/{event_id}/{name}", "/api/v1/session/code",
}  # fmt: skip
"""Doors that stand open before a login, by their nature: the way in, and what a citizen checks by a code."""
NO_PAGE = {"/static"}
SAID = {"pattern": "a", "date": "2026-11-01", "date-time": "2026-11-01T00:00:00+00:00", "uuid": NOBODY}
VALUES: dict[str, Any] = {"plate": "123ABC02", "username": "daur", "password": "orange tulips over Medeu"}


@dataclass(frozen=True)
class Door:
    method: str
    path: str

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"


def all_doors(app) -> list[Door]:
    """Every route that wants a login, API and pages."""
    found = set()
    for context in iter_route_contexts(app.routes):
        path = getattr(context, "path", None)
        if path is None or path in OPEN or path in NO_PAGE:
            continue
        found |= {Door(method, path) for method in (context.methods or ()) if method != "HEAD"}
    found -= {Door("POST", "/api/v1/session")}
    return sorted(found, key=lambda door: (door.path, door.method))


def filled(path: str, ids: dict[str, str]) -> str:
    """A path with ids in it: of records that exist, where there are some."""
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: ids.get(found.group(1), NOBODY), path)


def body_of(schema: dict[str, Any], door: Door) -> tuple[Any, dict[str, str]]:
    """What a door of the API wants: the smallest JSON body and the queries its description asks for."""
    said = schema["paths"].get(door.path, {}).get(door.method.lower(), {})
    query = {
        one["name"]: str(_value(schema, one["schema"], one["name"]))
        for one in said.get("parameters", ())
        if one["in"] == "query" and one.get("required")
    }
    content = said.get("requestBody", {}).get("content", {})
    json = content.get("application/json")
    return (None if json is None else _value(schema, json["schema"], "")), query


def _value(schema: dict[str, Any], wanted: dict[str, Any], name: str) -> Any:
    if "$ref" in wanted:
        return _value(schema, schema["components"]["schemas"][wanted["$ref"].rpartition("/")[2]], name)
    either = wanted.get("anyOf") or wanted.get("oneOf") or wanted.get("allOf")
    if either:
        return _value(schema, either[0], name)
    if "const" in wanted or "enum" in wanted:
        return wanted.get("const", wanted.get("enum", [None])[0])
    return _plain(schema, wanted, name)


def _plain(schema: dict[str, Any], wanted: dict[str, Any], name: str) -> Any:
    fields, told = wanted.get("properties", {}), SAID.get(wanted.get("format", ""))
    makes = {
        "object": lambda: {key: _value(schema, fields[key], key) for key in wanted.get("required", ())},
        "array": lambda: [_value(schema, wanted["items"], name)] * wanted.get("minItems", 0),
        "integer": lambda: wanted.get("minimum", 1),
        "number": lambda: wanted.get("minimum", 1),
        "boolean": lambda: False,
        "string": lambda: VALUES.get(name) or told or "a" * max(1, wanted.get("minLength", 1)),
    }
    return makes.get(wanted.get("type", ""), dict)()
