"""What a kind of import is: columns, what makes a row one of its kind, and what comes of the rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from service.imports.columns import Cell, Column, Fault, Type
from service.imports.geometry import Shape

Values = Mapping[str, Any]
"""A row whose cells were read, by column; None where a cell is empty."""
Record = dict[str, Any]
"""A row as it is stored: JSON."""

NOTE: Final = Column("note", Type.TEXT, longest=500)
"""Every kind has it; the examples of the templates are marked in it."""
EXAMPLE_WORDS: Final = frozenset({"example", "пример", "үлгі"})
ONE_DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Context:
    """What a row is judged against.

    Attributes:
        zone: of the city.
        now: of the import.
        as_of: day whose state the file tells; a journal's last day.
        since: a journal's first day, where the evaluator said so.
        category: of the city.
        cameras: ids of the register.
        objects: ids of the register of protected objects; None where none was ever entered.
    """

    zone: ZoneInfo
    now: datetime
    as_of: date
    since: date | None = None
    category: str = "regional"
    cameras: frozenset[str] = frozenset()
    objects: frozenset[str] | None = None

    def midnight(self, day: date) -> datetime:
        """The first moment of a local day, UTC."""
        return datetime.combine(day, time(), self.zone).astimezone(UTC)

    @property
    def until(self) -> datetime:
        """The first moment after the day that the file tells of."""
        return self.midnight(self.as_of + ONE_DAY)


def nothing(_: Values, __: Context) -> Iterable[Fault]:
    """No check beyond the cells."""
    return ()


def no_whole(_: Sequence[Values], __: Context) -> Iterable[Fault]:
    """No check of the file as a whole."""
    return ()


def plain(values: Values, _: Context) -> Record:
    """A row as JSON; empty cells are left out."""
    return {name: _json(value) for name, value in values.items() if value is not None}


def _json(value: Any) -> Any:
    if isinstance(value, Shape):
        return {"lines": [list(map(list, line)) for line in value.lines], "ring": list(map(list, value.ring))}
    return value.isoformat() if isinstance(value, date | datetime) else value


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of import.

    Attributes:
        name: as commands and addresses have it; registers and journals enter `city_inputs` under it.
        columns: without `NOTE`, which every kind has.
        key: what makes a row the same record when it comes again.
        check: faults of a row whose cells are right.
        whole: faults of a file whose rows are right.
        record: what is stored of a row.
        at: when a row of a journal counts; None marks a register: a file tells the whole state of a day.
        compose: the value of a register from its records.
        most_rows, most_mib: of one file; None for what any file may have.
        spans: whether a journal tells of every moment between its first and last day.
        examples: rows of the template, as people write them.
    """

    name: str
    columns: tuple[Column, ...]
    key: Callable[[Values], str]
    examples: tuple[Mapping[str, Cell], ...]
    check: Callable[[Values, Context], Iterable[Fault]] = nothing
    whole: Callable[[Sequence[Values], Context], Iterable[Fault]] = no_whole
    record: Callable[[Values, Context], Record] = plain
    at: Callable[[Values, Context], datetime] | None = None
    compose: Callable[[Sequence[Record]], Record] | None = None
    spans: bool = False
    most_rows: int | None = None
    most_mib: int | None = None
    choice_columns: tuple[Column, ...] = field(init=False)

    def __post_init__(self) -> None:
        """Every kind may carry a note."""
        object.__setattr__(self, "columns", (*self.columns, NOTE))
        chosen = tuple(one for one in self.columns if one.type is Type.CHOICE)
        object.__setattr__(self, "choice_columns", chosen)

    @property
    def journal(self) -> bool:
        """Whether its rows add up over files."""
        return self.at is not None

    @property
    def restricted(self) -> frozenset[str]:
        """Columns that not everybody who reads inputs may see."""
        return frozenset(one.name for one in self.columns if one.restricted)


def without_note(record: Record) -> Record:
    """A record as a register holds it."""
    return {name: value for name, value in record.items() if name != NOTE.name}


def one_row(rows: Sequence[Values], _: Context) -> Iterable[Fault]:
    """A file of one figure has one row."""
    if len(rows) > 1:
        yield Fault("one_row", {"rows": len(rows)})


def in_span(moment: datetime, column: str, context: Context) -> Iterable[Fault]:
    """A journal's record lies between its first and last day."""
    if moment >= context.until:
        yield Fault("after_as_of", {"as_of": context.as_of}, column, str(moment.astimezone(context.zone).date()))
    elif context.since is not None and moment < context.midnight(context.since):
        yield Fault("before_since", {"since": context.since}, column, str(moment.astimezone(context.zone).date()))


def known_object(values: Values, context: Context) -> Iterable[Fault]:
    """An object that a row names stands in the register, where there is one."""
    named = values.get("object_id")
    if named is not None and context.objects is not None and named not in context.objects:
        yield Fault("object_unknown", {}, "object_id", named)
