"""Tables of the days of KPIs: tallies of local days and months, marks of what changed, and how far each part is."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base
from service.store.tables import Id


class KpiTally(Base):
    """What one local day, or one month that has ended, adds to the security KPIs (`kpi_catalog.tally`).

    Attributes:
        part: of the tally; what changes together lies together.
        kind, first: day or month, and its first local day.
        version: of the definitions by which it was counted.
        content, spreads: JSON of the numbers, and the packed intervals in the order in which it names them.
    """

    __tablename__ = "kpi_tally"

    part: Mapped[str] = mapped_column(String(16), primary_key=True)
    kind: Mapped[str] = mapped_column(String(8), primary_key=True)
    first: Mapped[date] = mapped_column(primary_key=True)
    version: Mapped[int]
    content: Mapped[str] = mapped_column(Text)
    spreads: Mapped[bytes] = mapped_column(LargeBinary)


class KpiMark(Base):
    """What changed since its day was tallied; written with the change itself, so that none is ever missed.

    Marks are only added and taken away: two writers of one day never wait for each other.

    Attributes:
        since, until: the moments whose days may have changed; without `until` that one day, or from it on.
        open: whether it holds from `since` on.
        ref: the incident, case or alert whose other moments may be touched too.
    """

    __tablename__ = "kpi_mark"

    id: Mapped[int] = mapped_column(primary_key=True)
    part: Mapped[str] = mapped_column(String(16))
    since: Mapped[datetime | None]
    until: Mapped[datetime | None]
    open: Mapped[bool] = mapped_column(default=False)
    ref: Mapped[str | None] = mapped_column(Id)


class KpiRollup(Base):
    """How far one part is kept.

    Attributes:
        version: of the definitions; another one makes the part anew.
        zone: time zone of its days; another one makes the part anew.
        until: last day that was over when it was last kept; cameras of days after it were never counted.
    """

    __tablename__ = "kpi_rollup"

    part: Mapped[str] = mapped_column(String(16), primary_key=True)
    version: Mapped[int]
    zone: Mapped[str] = mapped_column(String(64))
    until: Mapped[date]
    kept_at: Mapped[datetime]
