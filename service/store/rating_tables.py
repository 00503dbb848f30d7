"""Tables of the rating of the whole city: tallies of spans that are over, additional initiatives and their history."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base
from service.store.tables import Code, Id


class RatingTally(Base):
    """What one span that has ended adds to KPIs outside the security sphere (`kpi_catalog.other_facts`).

    Attributes:
        part: incidents (of a month), or speeds (of a day's rush hours: what stays of passages that retention removes).
        first: first local day of the span.
        version: of the definitions by which it was counted.
        stamp: of the records it was counted from; another one makes it anew.
        content: the tally.
    """

    __tablename__ = "rating_tally"

    part: Mapped[str] = mapped_column(String(16), primary_key=True)
    first: Mapped[date] = mapped_column(primary_key=True)
    version: Mapped[int]
    stamp: Mapped[str] = mapped_column(Code)
    content: Mapped[dict[str, Any]]
    counted_at: Mapped[datetime]


class CityInitiative(Base):
    """One step in the history of an additional initiative; the newest step of an initiative stands, none is changed.

    Attributes:
        initiative: its id, the same in all its steps.
        number: of the step, from 1.
        action: entered, changed, refused, accepted or withdrawn.
        content: the whole initiative as it stands after the step (`kpi_catalog.additional.AdditionalInitiative`).
        reason: why it was refused, accepted or withdrawn.
    """

    __tablename__ = "city_initiative"

    id: Mapped[int] = mapped_column(primary_key=True)
    initiative: Mapped[str] = mapped_column(Id)
    number: Mapped[int]
    action: Mapped[str] = mapped_column(String(16))
    content: Mapped[dict[str, Any]]
    reason: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(Id)

    __table_args__ = (Index(None, "initiative", "number", unique=True),)
