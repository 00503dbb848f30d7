"""What is wrong with a drawn scene: which part, and why, in the reader's words.

The camera file says each fault in one English sentence. A page says the same in the reader's words: the sentence is
recognised by the piece that no other has; one that is not recognised is shown as it is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from service import i18n

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

    from service.i18n import Language

POINT: Final = r"(?P<n>\d+)"
KNOWN: Final = (
    (r"the id '(?P<id>[^']*)' is used twice", "id_twice"),
    (r"'[^']*' names the stop line '(?P<id>[^']*)'", "no_stop_line"),
    (r"'[^']*' names the zone '(?P<id>[^']*)'", "no_zone"),
    (rf"points\[{POINT}\] and points\[(?P<m>\d+)\] are exchanged", "points_exchanged"),
    (rf"points\[{POINT}\] and points\[(?P<m>\d+)\] (are the same|have the same)", "points_same"),
    (rf"crosses itself between points\[{POINT}\] and points\[(?P<m>\d+)\]", "crosses_itself"),
    (r"has no area", "no_area"),
    (r"the two points are the same", "no_length"),
    (r"x2 and y2 must be larger", "empty_box"),
    (r"two sections have the same arrow", "arrow_twice"),
    (r"ends before it begins", "ends_before"),
    (r"no time zone of the IANA", "time_zone"),
    (rf"points\[{POINT}\] contradicts the others", "point_contradicts"),
    (rf"all points but points\[{POINT}\] lie on one line", "line_but_one"),
    (r"all points lie on one line", "one_line"),
    (r"points: there are (?P<n>\d+)", "few_points"),
    (r"neither points nor lengths", "no_facts"),
    (r"height_m, focal and level go with lengths", "height_with_points"),
    (rf"lengths\[{POINT}\] is stated as (?P<stated>[\d.e+-]+) m, but is (?P<found>[\d.e+-]+) m", "length_contradicts"),
    (rf"(along|across)\[{POINT}\] runs in another direction", "direction_contradicts"),
    (r"nothing tells the scale", "no_scale"),
    (r"fold the corners of the picture inwards", "lens_folds"),
    (r"points contradict each other|fix no plane|fold the plane", "no_plane"),
    (r"is wall clock", "wall_clock"),
)
TYPES: Final = {
    "missing": "missing",
    "extra_forbidden": "unknown_key",
    "too_short": "too_few",
    "too_long": "too_many",
    "greater_than_equal": "range",
    "less_than_equal": "range",
    "greater_than": "range",
    "less_than": "range",
    "finite_number": "number",
    "float_parsing": "number",
    "float_type": "number",
    "literal_error": "choice",
    "string_pattern_mismatch": "id",
}
IN_PICTURE: Final = frozenset({"points", "direction", "box", "picture", "along", "across", "straight"})
NAMED: Final = re.compile(r"^(?P<part>lines|zones|signals|forbidden): .*?'(?P<id>[^']*)'")
FACT: Final = re.compile(r"\b(?P<fact>points|lengths|along|across|straight)\[(?P<n>\d+)\]")


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault.

    Attributes:
        part: where in the file it stands, such as ``zones/2`` or ``calibration``; empty for the camera as a whole.
        field: where in the part, such as ``points/3``; empty for the part as a whole.
        text: why, in words.
    """

    part: str
    field: str
    text: str


def problems_of(lang: Language, error: ValidationError, raw: Mapping[str, Any]) -> tuple[Problem, ...]:
    """All faults of a camera file's content."""
    return tuple(_problem(lang, one, raw) for one in error.errors(include_url=False, include_context=False))


def calibration_problem(lang: Language, message: str) -> Problem:
    """A calibration that fixes no plane."""
    return Problem("calibration", _fact(message), _words(lang, message))


def _problem(lang: Language, error: ErrorDetails, raw: Mapping[str, Any]) -> Problem:
    message = str(error["msg"]).removeprefix("Value error, ").rstrip(".")
    loc = [str(step) for step in error["loc"]]
    deep = 2 if len(loc) > 1 and loc[1].isdigit() else 1
    part, field = "/".join(loc[:deep]), "/".join(loc[deep:])
    if named := NAMED.match(message):
        part = _place(named["part"], named["id"], raw)
    if loc[:1] == ["calibration"]:
        part, field = "calibration", "/".join(loc[1:]) or _fact(message)
    name = TYPES.get(error["type"])
    if name == "missing" and loc[-1].isdigit():
        name = "too_few"
    if name == "range" and IN_PICTURE & set(loc):
        name = "outside"
    if name is not None:
        return Problem(part, field, i18n.translate(lang, f"scene.problem.{name}", what=loc[-1] if loc else ""))
    return Problem(part, field, _words(lang, message))


def _words(lang: Language, message: str) -> str:
    for pattern, name in KNOWN:
        if found := re.search(pattern, message):
            return i18n.translate(lang, f"scene.problem.{name}", **_numbered(found.groupdict()))
    return message


def _numbered(values: Mapping[str, str | None]) -> dict[str, str | int]:
    """Points are counted from one by people."""
    return {
        name: int(value) + 1 if name in {"n", "m"} and value.isdigit() else value
        for name, value in values.items()
        if value is not None
    }


def _fact(message: str) -> str:
    found = FACT.search(message)
    return "" if found is None else f"{found['fact']}/{found['n']}"


def _place(key: str, name: str, raw: Mapping[str, Any]) -> str:
    """Where the last part with an id stands."""
    parts = raw.get(key)
    found = key
    for k, part in enumerate(parts if isinstance(parts, list | tuple) else ()):
        if isinstance(part, dict) and part.get("id") == name:
            found = f"{key}/{k}"
    return found
