"""The tables of published periods: what was published, the events behind it, and what was found to differ.

Nothing frozen is ever changed: the database refuses it (migration 0012), every text carries its SHA-256, and each
publication has a hash chain of its own, whose head enters the hourly signed root like that of a case.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from service.store.base import Base
from service.store.tables import ChainEvent, Code, Hash, Id


class KpiPublication(Base):
    """A published period: the view of its last event, and its frozen content.

    Every frozen text has `marks` beside it: eight signs of the hash of each of its fields, so that a changed byte is
    not only found (by `sha256`) but named.

    Attributes:
        period: as `kpi_catalog.period` writes it; one publication a period.
        first: its first local day.
        state: published, or revised where something was found to differ later.
        seq, head: of its chain.
        content: canonical JSON of everything said of the period as a whole (`service.publication.content`).
        sha256: of the content's bytes.
    """

    __tablename__ = "kpi_publication"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    period: Mapped[str] = mapped_column(String(16), unique=True)
    kind: Mapped[str] = mapped_column(String(8))
    first: Mapped[date]
    zone: Mapped[str] = mapped_column(Code)
    category: Mapped[str] = mapped_column(String(16))
    state: Mapped[str] = mapped_column(String(24))
    seq: Mapped[int]
    head: Mapped[str] = mapped_column(Hash)
    version: Mapped[int]
    changed_at: Mapped[datetime]
    published_at: Mapped[datetime]
    published_by: Mapped[str] = mapped_column(Id)
    content: Mapped[str] = mapped_column(Text)
    marks: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Hash)

    __table_args__ = (Index(None, "kind", "first"),)

    @declared_attr.directive
    def __mapper_args__(cls) -> dict[str, Any]:  # noqa: N805
        return {"version_id_col": cls.__table__.c.version}


class KpiPublished(Base):
    """One KPI of a publication; the columns after `sha256` repeat the content and are checked against it."""

    __tablename__ = "kpi_published"

    publication_id: Mapped[str] = mapped_column(ForeignKey("kpi_publication.id"), primary_key=True)
    kpi_id: Mapped[str] = mapped_column(String(8), primary_key=True)
    content: Mapped[str] = mapped_column(Text)
    marks: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Hash)
    value: Mapped[float | None]
    numerator: Mapped[float | None]
    denominator: Mapped[float | None]
    status: Mapped[str] = mapped_column(String(24))
    score: Mapped[float | None]
    uncapped: Mapped[float | None]


class KpiPublishedDay(Base):
    """The events of one KPI and one local day as they were known when the period was published."""

    __tablename__ = "kpi_published_day"

    publication_id: Mapped[str] = mapped_column(ForeignKey("kpi_publication.id"), primary_key=True)
    kpi_id: Mapped[str] = mapped_column(String(8), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    rows: Mapped[int]
    sha256: Mapped[str] = mapped_column(ForeignKey("kpi_event_set.sha256"))


class KpiEventSet(Base):
    """The events of a day with what each of them contributed, kept once however many publications rest on it.

    Attributes:
        sha256: of the lines before they were packed (`service.publication.event_sets`).
        packed: the lines, compressed.
    """

    __tablename__ = "kpi_event_set"

    sha256: Mapped[str] = mapped_column(Hash, primary_key=True)
    rows: Mapped[int]
    packed: Mapped[bytes] = mapped_column(LargeBinary)


class KpiRevision(Base):
    """A later difference from a frozen value; the frozen value stays."""

    __tablename__ = "kpi_revision"

    publication_id: Mapped[str] = mapped_column(ForeignKey("kpi_publication.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    kpi_id: Mapped[str] = mapped_column(String(8))
    found_at: Mapped[datetime]
    found_by: Mapped[str] = mapped_column(Id)
    content: Mapped[str] = mapped_column(Text)
    marks: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Hash)

    __table_args__ = (Index(None, "found_at"),)


class KpiRevisionDay(Base):
    """The events of a day that a revision found, where they are others than those known before."""

    __tablename__ = "kpi_revision_day"

    publication_id: Mapped[str] = mapped_column(ForeignKey("kpi_publication.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    rows: Mapped[int]
    sha256: Mapped[str] = mapped_column(ForeignKey("kpi_event_set.sha256"))


class PublicationEvent(ChainEvent, Base):
    """An event of a publication: that it was published, or revised; the database refuses to change or delete it."""

    __tablename__ = "publication_event"
