"""What an officer chose for a case: the article, the plate as he reads it, and whether another officer looks next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from qyran.errors import InputError
from service import law
from service.plate_index import remember
from service.plates import normal
from service.ports.offence_history import OffenceHistory
from service.second_eye import SecondEye, repeat_of, second_eye
from service.store.database import Work
from service.store.events import facts_of
from service.store.tables import ViolationCase
from violations.case import CaseState


def choose(
    work: Work, row: ViolationCase, offence: str, plate: str | None, note: str | None, history: OffenceHistory | None
) -> tuple[SecondEye, dict[str, Any]]:
    """Put the chosen article and the corrected plate into the row; who looks next, and what is kept sealed.

    Raises:
        InputError: the plate or the article cannot be, or the owner that was asked for is another plate's.
    """
    chosen, before = law.chosen(work.store, row, offence, work.now), (row.offence, row.plate_token)
    row.offence, row.penalty_kind = chosen.id, chosen.penalty_kind
    row.fine_mci, row.fine_kzt = chosen.fine_mci, chosen.fine_kzt
    payload = sealed_note(note)
    edited = set(row.edited) - {"article"}
    if offence not in law.candidates(work.store, row)[:1]:
        edited.add("article")  # the officer chose another than the system proposed (KPI 9.3)
    row.edited = sorted(edited)
    facts = facts_of(work.session, work.store.vault, [row.id])[row.id]
    known = facts.get("plate")
    text = normal(plate) if plate is not None else known
    if text is not None and text != known:
        if facts.get("owner") is not None:
            raise InputError("The owner was asked for by the plate as it was read before; ask for the corrected plate.")
        payload["plate"] = correct_plate(work, row, text)
    eye = second_eye(work, row, chosen, repeat_of(work, row, chosen.article, text, history))
    if row.state == CaseState.IN_REVIEW:
        row.second_look = eye.reason
        # A remark was about what was proposed then: another article or plate needs eyes of its own.
        row.second_looked = row.second_looked and before == (row.offence, row.plate_token)
    return eye, payload


def correct_plate(work: Work, row: ViolationCase, text: str) -> str:
    """Let a case be found by the plate as an officer reads it, and count it as edited; the plate, to be sealed."""
    row.plate_token = remember(work, text)
    row.edited = sorted({*row.edited, "plate"})
    return text


def decided_data(row: ViolationCase) -> Mapping[str, Any]:
    """Public facts of a verdict that the act took place."""
    return {
        "offence": row.offence,
        "penalty_kind": row.penalty_kind,
        "fine_mci": row.fine_mci,
        "fine_kzt": row.fine_kzt,
        "edited": sorted(row.edited),
    }


def sealed_note(note: str | None) -> dict[str, Any]:
    """An officer's words for the sealed part of an event; empty where there are none."""
    return {"note": note.strip()} if note and note.strip() else {}
