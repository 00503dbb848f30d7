"""What follows when a fine is not paid: the case counts as resolved, goes to recovery, and comes back when it ends.

Each step looks at a day and may be run for any, again and again: it moves only what that day calls for.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Final

from sqlalchemy import select

from evidence.canonical import canonical_json, sha256_hex
from qyran.errors import InputError
from qyran.roles import SYSTEM, Role
from service import attributes, fines
from service.access import log_access, require
from service.durable import write_synced
from service.fines import Standing
from service.records import load
from service.reports.guard import guarded
from service.store.counter import next_number
from service.store.database import Store, Work
from service.store.events import facts_of
from service.store.fine_tables import EnforcementItem
from service.store.tables import ViolationCase
from violations.case import Attribute, CaseState
from violations.fine_account import TIYN

LOOK: Final = 500
"""Cases looked at in one reading transaction."""
UNPAID: Final = frozenset({"due", "part"})
EXPORTERS: Final = frozenset({Role.SENIOR_OFFICER, Role.SYSTEM})
COLUMNS: Final = ("document_no", "signed_on", "delivered_on", "article", "fine_kzt", "paid_kzt", "owed_kzt", "plate",
                  "owner_name", "owner_iin", "owner_address")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Moved:
    """How many cases a run settled, resolved and sent to recovery."""

    settled: int = 0
    resolved: int = 0
    sent: int = 0


def run(store: Store, on: date) -> Moved:
    """Settle every open decision as of a day, then resolve and send on what that day calls for."""
    with store.read() as work:
        query = select(ViolationCase.id).where(
            ViolationCase.state.in_((CaseState.SIGNED, CaseState.CANCELLED)), ViolationCase.t_signed.is_not(None)
        )
        open_cases = list(work.session.scalars(query.order_by(ViolationCase.id)))
    settled = resolved = sent = 0
    for begin in range(0, len(open_cases), LOOK):
        for case_id in _due(store, open_cases[begin : begin + LOOK], on):
            with store.write(SYSTEM) as work:
                row = load(work, ViolationCase, case_id)
                before = row.payment, row.payment_term_ends
                now = fines.settle(work, row)
                settled += before != (row.payment, row.payment_term_ends)
                resolved += _resolve(work, row, now, on)
                sent += _send(work, row, now, on)
    return Moved(settled, resolved, sent)


def export(work: Work, folder: Path) -> int | None:
    """Write the cases that went to recovery since the last batch; its number, None where there are none.

    The folder gets `recovery-NNNNNN.csv` and beside it a manifest with count, sum and hash. The files hold personal
    data: the look is logged.

    Raises:
        AccessError: the actor is no senior officer.
        InputError: the folder does not exist.
    """
    role = require(work.actor, EXPORTERS)
    if not folder.is_dir():
        raise InputError(f"The folder {folder} does not exist.")
    known = select(EnforcementItem.case_id)
    query = select(ViolationCase).where(ViolationCase.enforcement == "enforcement", ViolationCase.id.not_in(known))
    rows = work.session.scalars(query.order_by(ViolationCase.document_no)).all()
    if not rows:
        return None
    batch = next_number(work, "recovery")
    facts = facts_of(work.session, work.store.vault, [row.id for row in rows])
    text, total = io.StringIO(), 0
    lines = csv.DictWriter(text, COLUMNS, lineterminator="\r\n")
    lines.writeheader()
    for row in rows:
        now = fines.standing(work, row)
        total += now.balance.owed
        lines.writerow(_line(work, row, now, facts[row.id]))
        item = EnforcementItem(
            case_id=row.id, batch=batch, amount_tiyn=now.balance.owed, exported_at=work.now, withdrawn_at=None
        )
        work.session.add(item)
        log_access(work, role, "recovery_exported", row.id)
    content = text.getvalue().encode("utf-8-sig")
    name = f"recovery-{batch:06d}"
    told = {"batch": batch, "cases": len(rows), "owed_tiyn": total, "sha256": sha256_hex(content)}
    write_synced(folder / f"{name}.csv", content)
    write_synced(folder / f"{name}.json", canonical_json(told | {"file": f"{name}.csv", "at": work.now.isoformat()}))
    return batch


def _due(store: Store, ids: Sequence[str], on: date) -> list[str]:
    """Those that something is to be done with: on most nights few of many, and only these are locked."""
    with store.read() as work:
        rows = work.session.scalars(select(ViolationCase).where(ViolationCase.id.in_(ids))).all()
        stand = fines.standings(work, rows)
        return [
            row.id
            for row in rows
            if fines.would_settle(work, row, stand[row.id])
            or _resolves(row, stand[row.id], on)
            or _sends(row, stand[row.id], on)
        ]


def _resolves(row: ViolationCase, now: Standing, on: date) -> bool:
    ends = now.deadlines.resolved if now.deadlines else None
    return ends is not None and on > ends and row.enforcement == "none" and row.payment in UNPAID


def _sends(row: ViolationCase, now: Standing, on: date) -> bool:
    ends = now.deadlines.full if now.deadlines else None
    return ends is not None and on > ends and row.enforcement == "resolved" and row.payment in UNPAID


def _resolve(work: Work, row: ViolationCase, now: Standing, on: date) -> bool:
    if now.deadlines is None or now.deadlines.resolved is None or not _resolves(row, now, on):
        return False
    facts = {"last_day": now.deadlines.resolved.isoformat()}
    attributes.change(work, row, Attribute.ENFORCEMENT, "resolved", data=facts)
    return True


def _send(work: Work, row: ViolationCase, now: Standing, on: date) -> bool:
    if now.deadlines is None or now.deadlines.full is None or not _sends(row, now, on):
        return False
    facts = {"last_day": now.deadlines.full.isoformat(), "owed_tiyn": now.balance.owed}
    attributes.change(work, row, Attribute.ENFORCEMENT, "enforcement", data=facts)
    return True


def _line(work: Work, row: ViolationCase, now: Standing, facts: dict[str, object]) -> dict[str, object]:
    owner = facts.get("owner")
    owner = owner if isinstance(owner, dict) else {}
    return {
        "document_no": row.document_no,
        "signed_on": fines.day_of(work, row.t_signed).isoformat() if row.t_signed else "",
        "delivered_on": now.delivered.isoformat() if now.delivered else "",
        "article": row.offence,
        "fine_kzt": _tenge(now.fine_tiyn),
        "paid_kzt": _tenge(now.balance.paid),
        "owed_kzt": _tenge(now.balance.owed),
        "plate": guarded(str(facts.get("plate") or "")),
        "owner_name": guarded(str(owner.get("name") or "")),
        "owner_iin": guarded(str(owner.get("iin") or "")),
        "owner_address": guarded(str(owner.get("address") or "")),
    }


def _tenge(tiyn: int) -> str:
    return f"{Decimal(tiyn) / TIYN:.2f}"
