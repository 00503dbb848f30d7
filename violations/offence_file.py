"""The offence files: entries of the law by their days, and what a kind of finding may be.

A file is refused with its reason where an entry ends before it begins, where two entries of one article and part hold
on the same day, where a kind names an entry that is not there, or where a kind that is material only names a fine.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, Self, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from qyran.errors import ConfigError
from vision.camera_parts import Name

Certainty = Literal["V", "P", "R"]
PenaltyKind = Literal["fine", "warning", "non_payable"]
Ground = Literal["camera", "certified_device", "device", "register"]


class Part(BaseModel):
    """Root of everything a catalogue file holds: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Entry(Part):
    """An entry of the catalogue as it stands in the file.

    Attributes:
        id: article and part, such as "599-1".
        matter: what it covers, where the article's parts were not seen and two entries share the article.
        penalty: fine, warning, or non_payable (the law knows no fine for it, or no figure that can be relied on).
        undetermined: the sources name no figure, or disagree: the officer decides.
        mci: the fine in monthly calculation indices.
        certified: a notice needs a value measured by a certified device.
        over_kmh: from and below how many km/h over the limit, for speed.
        repeat: a repeat within a year.
        rule: item of the traffic rules, None where the officer enters it.
        valid_from, valid_until: first and last day the entry vouches for.
    """

    id: str
    article: str
    part: str | None = None
    matter: str | None = None
    penalty: PenaltyKind
    undetermined: bool = False
    mci: Annotated[int, Field(gt=0)] | None = None
    certified: bool = False
    over_kmh: tuple[int, int] | None = None
    repeat: bool = False
    rule: str | None = None
    valid_from: date
    valid_until: date | None = None
    certainty: Certainty
    source: str
    name: Name

    @model_validator(mode="after")
    def _only_a_fine_has_an_amount(self) -> Self:
        if (self.penalty == "fine") != (self.mci is not None):
            raise ValueError(f"{self.id}: a fine has an amount in mci, and nothing else has one")
        if self.undetermined and self.penalty != "non_payable":
            raise ValueError(f"{self.id}: what is undetermined is non_payable; the officer decides")
        return self

    @model_validator(mode="after")
    def _named_after_its_article(self) -> Self:
        wanted = "-".join(one for one in (self.article, self.part, self.matter) if one)
        if self.id != wanted:
            raise ValueError(f"{self.id}: the id of this article and part is {wanted}")
        return self

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.valid_until is not None and self.valid_until < self.valid_from:
            raise ValueError(f"{self.id}: valid_until {self.valid_until} lies before valid_from {self.valid_from}")
        if self.over_kmh is not None and not 0 <= self.over_kmh[0] < self.over_kmh[1]:
            raise ValueError(f"{self.id}: over_kmh goes from a smaller to a larger excess")
        return self

    def valid(self, on: date) -> bool:
        """Whether the entry vouches for a day."""
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)


class Kind(Part):
    """What a kind of finding may be.

    Attributes:
        entries: ids, the likeliest first; the officer chooses.
        ground: what the finding rests on.
        material: it never becomes a payable notice.
    """

    entries: Annotated[tuple[str, ...], Field(min_length=1)]
    ground: Ground = "camera"
    material: bool = False
    certainty: Certainty
    source: str


class Catalogue(Part):
    """An offence file, or several as one."""

    version: str
    kinds: dict[str, Kind] = {}
    offence: tuple[Entry, ...] = ()

    @model_validator(mode="after")
    def _no_day_twice(self) -> Self:
        found = overlaps(self.offence)
        if found:
            one, other = found[0]
            raise ValueError(
                f"two entries of {one.id} hold on {other.valid_from}: one from {one.valid_from} until "
                f"{one.valid_until or 'further notice'}, one from {other.valid_from}; end the first before the second"
            )
        return self


def overlaps(entries: Iterable[Entry]) -> list[tuple[Entry, Entry]]:
    """Pairs of entries of one article, part and matter that hold on the same day, the earlier first."""
    by_id: dict[str, list[Entry]] = {}
    for entry in entries:
        by_id.setdefault(entry.id, []).append(entry)
    return [
        (one, other)
        for same in by_id.values()
        for one, other in pairwise(sorted(same, key=lambda entry: entry.valid_from))
        if one.valid(other.valid_from)
    ]


def load_catalogue(*paths: Path) -> Catalogue:
    """Read offence files as one catalogue.

    Raises:
        ConfigError: a file cannot be read, or what they say together cannot hold; the sentence names file and reason.
    """
    parts = [load_part(path, Catalogue) for path in paths]
    try:
        whole = Catalogue(
            version="+".join(part.version for part in parts),
            kinds={name: kind for part in parts for name, kind in part.kinds.items()},
            offence=tuple(entry for part in parts for entry in part.offence),
        )
        _check_kinds(whole)
    except ValidationError as error:
        raise _unusable(paths, first_fault(error)) from None
    except ValueError as error:
        raise _unusable(paths, str(error)) from None
    return whole


def _check_kinds(book: Catalogue) -> None:
    known = {entry.id: entry for entry in book.offence}
    for name, kind in book.kinds.items():
        absent = [one for one in kind.entries if one not in known]
        if absent:
            raise ValueError(f"the kind {name} names the entry {absent[0]}, which is not there")
        if kind.material and any(entry.id in kind.entries and entry.penalty == "fine" for entry in book.offence):
            raise ValueError(f"the kind {name} is material only and names an entry with a fine")
        if kind.ground == "certified_device" and not all(known[one].certified for one in kind.entries):
            raise ValueError(f"the kind {name} rests on certified devices and names an entry that does not ask for one")


Model = TypeVar("Model", bound=Part)


def load_part(path: Path, model: type[Model]) -> Model:
    """Read one TOML file of the catalogue.

    Raises:
        ConfigError: it cannot be read or used, with the reason.
    """
    try:
        return model.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except ValidationError as error:
        raise _unusable([path], first_fault(error)) from None
    except OSError as error:
        raise _unusable([path], error.strerror or type(error).__name__) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _unusable([path], f"it is no TOML in UTF-8: {error}") from None


def first_fault(error: ValidationError) -> str:
    """What is wrong first and where, as the middle of a sentence."""
    first: Any = error.errors(include_url=False, include_context=False, include_input=False)[0]
    place = ".".join(str(step) for step in first["loc"])
    message = str(first["msg"]).removeprefix("Value error, ").rstrip(".")
    return f"{place}: {message}" if place else message


def _unusable(paths: Sequence[Path], reason: str) -> ConfigError:
    names = ", ".join(str(path) for path in paths)
    return ConfigError(f"The offence file {names} cannot be used: {reason}.")
