"""Reading the fields of a card, each fault in one sentence that names the card and the field."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final, TypeVar

from qyran.errors import ConfigError
from vision.letterbox import COLOURS, PLACES

if TYPE_CHECKING:
    from collections.abc import Callable, KeysView, Sequence

    from vision.letterbox import Pixels

Choice = TypeVar("Choice", bound=str)
Row = TypeVar("Row")

_REQUIRED: Final = object()


class Fields:
    """The fields of a JSON object; each is taken once, and what nobody took is a fault."""

    def __init__(self, raw: object, where: str, prefix: str = "") -> None:
        if not isinstance(raw, dict):
            raise ConfigError(f"{where} is wrong: {prefix.rstrip('.') or 'it'} must be an object in braces.")
        self._left: dict[str, Any] = dict(raw)
        self._where = where
        self._prefix = prefix

    def wrong(self, name: str, fault: str) -> ConfigError:
        """The error to raise for a field."""
        return ConfigError(f"{self._where} is wrong: {self._prefix}{name}: {fault}.")

    def peek(self, name: str) -> Any:
        """The raw value, left where it is; None where absent."""
        return self._left.get(name)

    def drop(self, name: str) -> None:
        """Count the field as taken."""
        self._left.pop(name, None)

    def keys(self) -> KeysView[str]:
        """Names of the fields not taken yet."""
        return dict(self._left).keys()

    def nothing_left(self) -> None:
        """Raise for a field that means nothing here."""
        for name in self._left:
            raise self.wrong(name, "no such field in a model card")

    def _take(self, name: str, default: object = _REQUIRED) -> Any:
        value = self._left.pop(name, default)
        if value is _REQUIRED:
            raise self.wrong(name, "the field is required and absent")
        return value

    def text(self, name: str, default: object = _REQUIRED) -> str:
        """A string; one without a default must not be empty."""
        value = self._take(name, default)
        if not isinstance(value, str) or (default is _REQUIRED and not value.strip()):
            raise self.wrong(name, "must be a text in quotes")
        return value

    def choice(self, name: str, allowed: Sequence[Choice], default: Choice) -> Choice:
        """One of some words."""
        value = self._take(name, default)
        for word in allowed:
            if word == value:
                return word
        raise self.wrong(name, f"must be one of {', '.join(allowed)}")

    def flag(self, name: str) -> bool:
        """True or false; false where it is not there."""
        value = self._take(name, default=False)
        if not isinstance(value, bool):
            raise self.wrong(name, "must be true or false")
        return value

    def whole(self, name: str, default: Any = _REQUIRED, *, least: int) -> Any:
        """A whole number of at least `least`, or the default where absent."""
        value = self._take(name, default)
        if value is None and default is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool) or value < least:
            raise self.wrong(name, f"must be a whole number of at least {least}")
        return value

    def share(self, name: str, default: object = _REQUIRED, *, whole_allowed: bool = False) -> float:
        """A number above 0 and below 1 (or up to it)."""
        return self._share(name, self._take(name, default), whole_allowed=whole_allowed)

    def _share(self, name: str, value: object, *, whole_allowed: bool = False) -> float:
        number = self._number(name, value)
        if not (0 < number < 1 or (whole_allowed and number == 1)):
            raise self.wrong(name, f"must lie above 0 and {'not above' if whole_allowed else 'below'} 1")
        return number

    def _number(self, name: str, value: object) -> float:
        if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
            raise self.wrong(name, "must be a number")
        return float(value)

    def shares(self, name: str, keys: Sequence[str], default: float) -> dict[str, float]:
        """A number between 0 and 1 for each key: one for all, or an object that names exactly the keys."""
        value = self._take(name, default)
        if not isinstance(value, dict):
            return dict.fromkeys(keys, self._share(name, value))
        for key in keys:
            if key not in value:
                raise self.wrong(name, f"the class {key!r} has none")
        for key in value:
            if key not in keys:
                raise self.wrong(name, f"the model finds no class {key!r}")
        return {key: self._share(f"{name}.{key}", value[key]) for key in keys}

    def numbers(self, name: str) -> dict[str, float]:
        """Named numbers; none where absent."""
        return {key: self._number(f"{name}.{key}", value) for key, value in self.mapping(name, {}).items()}

    def names(self, name: str) -> tuple[str, ...]:
        """A list of words, each once."""
        value = self._take(name)
        if not isinstance(value, list) or not value or not all(isinstance(word, str) and word for word in value):
            raise self.wrong(name, "must be a list of names")
        if len(set(value)) != len(value):
            raise self.wrong(name, "each name must stand once")
        return tuple(value)

    def mapping(self, name: str, default: object = _REQUIRED) -> dict[str, Any]:
        """An object."""
        value = self._take(name, default)
        if not isinstance(value, dict):
            raise self.wrong(name, "must be an object in braces")
        return dict(value)

    def inner(self, name: str) -> Fields:
        """The fields of an object inside."""
        return Fields(self._take(name), self._where, f"{self._prefix}{name}.")

    def rows(self, name: str, row: Callable[..., Row]) -> tuple[Row, ...]:
        """A list of objects of one shape; empty where absent."""
        value = self._take(name, [])
        try:
            return tuple(row(**entry) for entry in value)
        except TypeError:
            raise self.wrong(name, "must be a list of objects with name, source, licence, attribution, used_for, n") \
                from None  # fmt: skip

    def pixels(self, name: str, default: Pixels) -> Pixels:
        """How pictures go into the network: ``colour``, ``range``, ``place``, each as the output's kind has it."""
        if self.peek(name) is None:
            self.drop(name)
            return default
        inner = self.inner(name)
        most = inner.whole("range", default.most, least=1)
        if most not in {1, 255}:
            raise inner.wrong("range", "must be 1 or 255, the value of white")
        made = replace(
            default,
            colour=inner.choice("colour", COLOURS, default.colour),
            most=most,
            place=inner.choice("place", PLACES, default.place),
        )
        inner.nothing_left()
        return made
