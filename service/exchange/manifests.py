"""Signing the days that are over, and checking them against what is stored."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Final
from uuid import uuid4

from sqlalchemy import select

from evidence.keys import installation_signer, trust_store
from qyran.errors import NotFound
from qyran.roles import SYSTEM, Role
from service.exchange import feed
from service.exchange.cursor import cursor_of
from service.exchange.manifest import Manifest, digest_of, faults_of, read_manifest
from service.exchange.publisher import SERIES
from service.exchange.shapes import SCHEMA_VERSION
from service.store.counter import lock_series
from service.store.database import Store, Work
from service.store.events import STATE, append_event, check_record
from service.store.exchange_tables import ExchangeManifest

SIGNED: Final = "signed"


@dataclass(frozen=True, slots=True)
class Signed:
    """A signed day as lists show it; `sha256` is its manifest's."""

    day: date
    records: int
    sha256: str
    manifest: Manifest


def sign_days(store: Store, last: date) -> int:
    """Sign each day from the first that is not signed up to `last`, in order; how many were signed.

    Days that are not over are left: a manifest is never signed twice.
    """
    signer = installation_signer(store.settings.home)
    done = 0
    while True:
        with store.write(SYSTEM) as work:
            lock_series(work, SERIES)  # nothing is told while a day is counted
            today = work.now.astimezone(store.settings.zone).date()
            newest = work.session.scalar(select(ExchangeManifest).order_by(ExchangeManifest.day.desc()).limit(1))
            day = feed.first_day(work) if newest is None else newest.day + timedelta(days=1)
            if day is None or day > last or day >= today:
                return done
            bare = _manifest(work, day, newest.sha256 if newest is not None else None, signer.key_id)
            signed = replace(bare, signature=signer.sign(bare.message()).hex())
            row = ExchangeManifest(id=str(uuid4()), day=day, text=signed.to_bytes().decode(), sha256=signed.digest)
            row.made_at = row.changed_at = work.now
            row.state, row.seq, row.head = "", 0, ""
            data = {"day": day.isoformat(), "manifest": signed.digest, "records": signed.records}
            append_event(work, row, STATE, Role.SYSTEM, target=SIGNED, data=data)
            work.session.add(row)
        done += 1


def manifest_of(work: Work, day: date) -> Manifest:
    """The signed manifest of a day.

    Raises:
        NotFound: the day is not over, or nothing was told yet.
    """
    row = work.session.scalar(select(ExchangeManifest).where(ExchangeManifest.day == day))
    if row is None:
        raise NotFound(f"There is no manifest of {day.isoformat()}: it is signed in the night after the day.")
    return read_manifest(row.text.encode())


def signed_days(work: Work, limit: int = 31) -> tuple[Signed, ...]:
    """The newest signed days first."""
    rows = work.session.scalars(select(ExchangeManifest).order_by(ExchangeManifest.day.desc()).limit(limit))
    read = [(row, read_manifest(row.text.encode())) for row in rows]
    return tuple(Signed(row.day, one.records, row.sha256, one) for row, one in read)


def check_day(store: Store, day: date) -> list[str]:
    """What of a signed day is not as it was signed, as codes; empty when all is.

    Raises:
        NotFound: the day is not signed.
    """
    trust = trust_store(store.settings.home)
    with store.read(SYSTEM) as work:
        row = work.session.scalar(select(ExchangeManifest).where(ExchangeManifest.day == day))
        if row is None:
            raise NotFound(f"There is no manifest of {day.isoformat()}: it is signed in the night after the day.")
        try:
            manifest = read_manifest(row.text.encode())
        except ValueError:
            return ["unreadable"]
        faults = faults_of(manifest, (one.line for one in feed.of_day(work, day)), trust)
        if manifest.day != day.isoformat():
            faults.append("day")
        if manifest.digest != row.sha256:
            faults.append("named")
        before = work.session.scalar(
            select(ExchangeManifest.sha256).where(ExchangeManifest.day == day - timedelta(days=1))
        )
        if manifest.previous != before:
            faults.append("previous")
        if check_record(work.session, store.vault, row) is not None:
            faults.append("ledger")
    return faults


def _manifest(work: Work, day: date, previous: str | None, key: str) -> Manifest:
    rows = list(feed.of_day(work, day))
    records, digest = digest_of(row.line for row in rows)
    settings = work.store.settings
    return Manifest(
        city=settings.city_id,
        day=day.isoformat(),
        zone=settings.time_zone,
        schema_version=SCHEMA_VERSION,
        records=records,
        sha256=digest,
        first_cursor=cursor_of(rows[0].seq, rows[0].id) if rows else None,
        last_cursor=cursor_of(rows[-1].seq, rows[-1].id) if rows else None,
        kinds=dict(sorted(Counter(row.kind for row in rows).items())),
        previous=previous,
        key=key,
    )


def day_digest(work: Work, day: date) -> tuple[int, str]:
    """Number and hash of what was told on a day so far."""
    return digest_of(row.line for row in feed.of_day(work, day))
