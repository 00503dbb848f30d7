"""Write a camera file: the same camera gives the same text, and reading the text gives the same camera."""

from __future__ import annotations

import json
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

if TYPE_CHECKING:
    from collections.abc import Container, Iterator

    from vision.camera import Camera


def to_toml(camera: Camera, keys: Container[str] | None = None) -> str:
    """The text of a camera file (TOML); what is absent in the camera is absent in the text.

    Args:
        camera: what to write.
        keys: of the file to write; by default all.
    """
    fields = {key: value for key, value in _fields(camera).items() if keys is None or key in keys}
    lines = [f"{key} = {_value(value)}" for key, value in fields.items() if not _is_table(key, value)]
    for key, value in fields.items():
        if not _is_table(key, value):
            continue
        for part in [value] if isinstance(value, dict) else value:
            lines += ["", f"[{key}]" if isinstance(value, dict) else f"[[{key}]]"]
            lines += [f"{name} = {_value(inner)}" for name, inner in part.items()]
    return "\n".join(lines) + "\n"


def _fields(part: BaseModel) -> dict[str, Any]:
    return dict(_given(part))


def _given(part: BaseModel) -> Iterator[tuple[str, Any]]:
    """What a part says, without what is absent: None, and empty where that is the default."""
    for name, field in type(part).model_fields.items():
        value = getattr(part, name)
        if value is None or (value == () and field.default == ()):
            continue
        yield name, _plain(value)


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return _fields(value)
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    return value


def _is_table(key: str, value: Any) -> bool:
    """Whether a key of the file opens a table of its own; a name and an address stay on one line."""
    if isinstance(value, dict):
        return key not in {"name", "address"}
    return isinstance(value, list) and bool(value) and all(isinstance(one, dict) for one in value)


def _value(value: Any) -> str:
    """One value; parts in a list stand on a line each."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{name} = {_value(inner)}" for name, inner in value.items()) + " }"
    if not isinstance(value, list):
        return _scalar(value)
    if value and all(isinstance(one, dict) for one in value):
        return "[\n" + "".join(f"  {_value(one)},\n" for one in value) + "]"
    return "[" + ", ".join(map(_value, value)) + "]"


def _scalar(value: Any) -> str:
    """A value without parts.

    Raises:
        TypeError: TOML has no such value.
    """
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
        case int() | float():
            return repr(value)
        case datetime() | date() | time():
            return value.isoformat()
    raise TypeError(f"TOML has no {type(value).__name__}")
