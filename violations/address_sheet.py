"""The sheet that lies before a printed decision and shows through the envelope's window: who, where, which letter."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Final

from violations.decision import Body
from violations.typesetting import set_paper

TEMPLATE: Final = Path(__file__).parent / "templates" / "address_sheet.typ"


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whom a letter goes to; without a name it goes to the vehicle's owner."""

    name: str = field(repr=False)
    address: str = field(repr=False)
    document_no: str
    position: int


def render_sheets(sender: Body, batch: int, letters: Sequence[Addressee], at: datetime) -> bytes:
    """One page for each letter, in their order.

    Args:
        sender: who sends, as it stands on the envelope.
        batch: number of the batch.
        letters: one or more.
        at: moment of printing, aware.
    """
    data = {
        "sender": {"kk": sender.name.kk, "ru": sender.name.ru},
        "from": {"kk": sender.address.kk, "ru": sender.address.ru} if sender.address else None,
        "batch": batch,
        "of": len(letters),
        "letters": [
            {"name": one.name, "address": one.address, "number": one.document_no, "position": one.position}
            for one in letters
        ],
    }
    return set_paper(TEMPLATE, data, at)
