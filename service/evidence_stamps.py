"""Time stamps of packages: asked of the city's authority until it gives them, and demanded where the city demands them.

A package waits for its token as a message waits in an outbox: an authority that is away costs a case nothing but a
word on its page. The token lies beside the manifest; killed between file and store, the next round finds it there.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import or_, select

from evidence.canonical import sha256_hex
from evidence.keys import installation_signer, trust_store
from evidence.stamps import STAMP, check_stamp, read_stamp, write_stamp
from evidence.timestamp import Stamp, TokenFault
from evidence.tsa import StampRefused, stamp
from qyran.errors import TransitionError
from service.evidence_settings import evidence_file
from service.store.database import Store, Work
from service.store.evidence_tables import EvidenceStamp
from service.store.tables import Evidence

PENDING: Final = "pending"
STAMPED: Final = "stamped"
BATCH: Final = 50
"""Tokens in one round."""
LONGEST_WAIT: Final = timedelta(hours=6)
NEEDED: Final = "The evidence waits for its time stamp, and this city signs none without; try again later."

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StampRound:
    """What a round did: packages stamped, and those that go on waiting."""

    stamped: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class _Wanted:
    event_id: str
    manifest_sha256: str
    folder: Path


def ask_stamps(store: Store) -> StampRound:
    """Ask for the tokens that are due; after the first refusal the authority is left in peace until the next round.

    Raises:
        ConfigError: the evidence file cannot be used.
    """
    wish = evidence_file(store.settings).time_stamp
    if wish is None:
        return StampRound()
    due, done = _due(store), 0
    for place, one in enumerate(due):
        try:
            _stamped(store, one, wish.url)
        except StampRefused as error:
            _put_off(store, one, str(error), timedelta(minutes=wish.retry_minutes))
            return StampRound(done, len(due) - place)
        done += 1
    return StampRound(done)


def require_stamp(work: Work, package: Evidence) -> None:
    """Refuse to go on without a token, where the city demands one.

    Raises:
        TransitionError: the package bears none, or one of an authority that is not trusted here.
        ConfigError: the evidence file cannot be used.
    """
    wish = evidence_file(work.store.settings).time_stamp
    if wish is None or not wish.required:
        return
    row = work.session.get(EvidenceStamp, package.event_id)
    if row is None or row.state != STAMPED or not row.anchored or row.manifest_sha256 != package.manifest_sha256:
        raise TransitionError(NEEDED)


def _due(store: Store) -> list[_Wanted]:
    with store.read() as work:
        query = (
            select(Evidence.event_id, Evidence.manifest_sha256, Evidence.folder)
            .outerjoin(EvidenceStamp, EvidenceStamp.event_id == Evidence.event_id)
            .where(
                Evidence.erased.is_(False),
                Evidence.intact.is_(True),
                Evidence.manifest_sha256.is_not(None),
                or_(
                    EvidenceStamp.event_id.is_(None),
                    (EvidenceStamp.state == PENDING) & (EvidenceStamp.next_try <= work.now),
                ),
            )
            .order_by(Evidence.verified_at)
            .limit(BATCH)
        )
        root = store.settings.evidence_folder
        return [_Wanted(event, digest or "", root / folder) for event, digest, folder in work.session.execute(query)]


def _stamped(store: Store, one: _Wanted, url: str) -> None:
    trust = trust_store(store.settings.home)
    held = one.folder / STAMP
    try:  # a kill came between file and store
        said = check_stamp(held.read_bytes(), one.manifest_sha256, trust)
        token = read_stamp(held.read_bytes()).token_bytes
    except (OSError, TokenFault):
        token, said = stamp(url, one.manifest_sha256, trust.authorities)
        if not one.folder.is_dir():
            return  # erased meanwhile
        write_stamp(one.folder, one.manifest_sha256, token, installation_signer(store.settings.home))
    _keep(store, one, said, sha256_hex(token))


def _keep(store: Store, one: _Wanted, said: Stamp, token_sha256: str) -> None:
    with store.write() as work:
        row = _row(work, one)
        row.state, row.next_try, row.error = STAMPED, None, None
        row.time, row.serial, row.policy = said.time, str(said.serial), said.policy
        row.authority, row.anchored, row.token_sha256 = said.authority[:255], said.anchored, token_sha256


def _put_off(store: Store, one: _Wanted, why: str, first: timedelta) -> None:
    log.warning("No time stamp for the evidence %s: %s", one.event_id, why)
    with store.write() as work:
        row = _row(work, one)
        row.attempts += 1
        row.error, row.next_try = why[:255], next_try(work.now, first, row.attempts)


def next_try(now: datetime, first: timedelta, attempts: int) -> datetime:
    """When to try again after so many failures: the wait doubles up to `LONGEST_WAIT`."""
    doubled: float = 2.0 ** min(attempts - 1, 20)
    return now + min(LONGEST_WAIT, first * doubled)


def _row(work: Work, one: _Wanted) -> EvidenceStamp:
    row = work.session.get(EvidenceStamp, one.event_id, with_for_update=True)
    if row is None:
        row = EvidenceStamp(
            event_id=one.event_id, manifest_sha256=one.manifest_sha256, state=PENDING, attempts=0, anchored=False
        )
        work.session.add(row)
    return row
