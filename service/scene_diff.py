"""What one version of a camera's file changed against the one before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from service import i18n

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from service.i18n import Language

LISTS: Final = ("lines", "zones", "signals", "forbidden")
"""Parts with an id, by which they are found again."""


@dataclass(frozen=True, slots=True)
class Change:
    """One difference.

    Attributes:
        what: whether the part appeared, went, or says something else.
        part: key of the camera file.
        id: of the part, where it has one.
        fields: keys of the part that say something else.
    """

    what: Literal["added", "removed", "changed"]
    part: str
    id: str | None = None
    fields: tuple[str, ...] = ()

    def words(self, lang: Language) -> str:
        """The difference in words."""
        name = (
            i18n.translate(lang, f"scene.part.{self.part}") if i18n.has(lang, f"scene.part.{self.part}") else self.part
        )
        named = f"{name} {self.id}" if self.id else name
        fields = ", ".join(
            i18n.translate(lang, f"scene.field.{one}") if i18n.has(lang, f"scene.field.{one}") else one
            for one in self.fields
        )
        key = f"scene.diff.{self.what}_in" if fields else f"scene.diff.{self.what}"
        return i18n.translate(lang, key, part=named, fields=fields)


def changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[Change, ...]:
    """The differences between two contents of a camera's file, by its keys."""
    return tuple(_changes(before, after))


def _changes(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Change]:
    for key in sorted({**before, **after}):
        old, new = before.get(key), after.get(key)
        if _empty(old) and _empty(new):
            continue
        if key in LISTS:
            yield from _parts(key, old or (), new or ())
        elif old == new:
            continue
        elif _empty(old) or _empty(new):
            yield Change("removed" if _empty(new) else "added", key)
        elif isinstance(old, dict) and isinstance(new, dict):
            yield Change("changed", key, fields=_fields(old, new))
        else:
            yield Change("changed", key)


def _parts(key: str, before: Any, after: Any) -> Iterator[Change]:
    old, new = ({str(one.get("id")): one for one in side} for side in (before, after))
    yield from (Change("removed", key, name) for name in old if name not in new)
    for name, part in new.items():
        if name not in old:
            yield Change("added", key, name)
        elif fields := _fields(old[name], part):
            yield Change("changed", key, name, fields)


def _fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        name
        for name in sorted({**old, **new})
        if old.get(name) != new.get(name) and not (_empty(old.get(name)) and _empty(new.get(name)))
    )


def _empty(value: Any) -> bool:
    return value is None or value in ([], {}, ())


def _word(lang: Language, group: str, name: str) -> str:
    key = f"scene.{group}.{name}"
    return i18n.translate(lang, key) if i18n.has(lang, key) else name
