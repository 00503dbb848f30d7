"""Tables of the officer's console: what an officer has begun on a case, and the case he is to be shown next."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from service.store.base import Base
from service.store.tables import Id


class CaseDraft(Base):
    """What an officer has written on a case and not yet decided; the words lie sealed in `personal` under its id.

    Attributes:
        aside: he put the case aside: it stays his, and the queue does not give it to him again by itself.
    """

    __tablename__ = "case_draft"

    id: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(Id)
    officer: Mapped[str] = mapped_column(Id, index=True)
    aside: Mapped[bool] = mapped_column(default=False)
    changed_at: Mapped[datetime]

    __table_args__ = (UniqueConstraint("case_id", "officer"),)


class CaseAhead(Base):
    """The waiting case whose pictures an officer's console has fetched: others are given another one first.

    No claim: it stands in no chain, holds nobody off who asks for this very case, and ends by itself.
    """

    __tablename__ = "case_ahead"

    officer: Mapped[str] = mapped_column(Id, primary_key=True)
    case_id: Mapped[str] = mapped_column(Id, index=True)
    until: Mapped[datetime]
