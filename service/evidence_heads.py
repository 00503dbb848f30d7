"""The ledger's head goes out each day: put into a folder, posted, sent by e-mail, wherever nobody here can change it.

A head is signed once and kept; each place it goes to has its own attempts, so that one that is away delays no other.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Final

import httpx
from sqlalchemy import select

from evidence.canonical import sha256_hex
from evidence.head import Head, read_head
from evidence.keys import installation_signer, trust_store
from evidence.whole import whole_file
from qyran.errors import InputError, QyranError
from service.delivery_settings import mailer_of
from service.evidence_settings import Publish, evidence_file
from service.evidence_stamps import next_try
from service.i18n import LANGUAGES, translate
from service.i18n import day as day_of
from service.store.database import Store, Work
from service.store.evidence_tables import LedgerPublication
from service.store.ledger import sign_heads
from service.store.tables import LedgerRoot

PENDING: Final = "pending"
PUBLISHED: Final = "published"
KEPT: Final = "store"
"""The place every head goes to first: the store itself, which the next head is chained to."""
FIRST_WAIT: Final = timedelta(minutes=5)
TIMEOUT_S: Final = 15.0
SIGNATURE: Final = re.compile(r"[0-9a-f]{128}")
BACK: Final = 7
"""Days that were missed, as while the service was off, are made up for so far back."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class PublishRound:
    """What a round did: heads that arrived somewhere, and those that go on waiting."""

    published: int = 0
    waiting: int = 0


def publish_heads(store: Store, *, today: bool = False) -> PublishRound:
    """Sign the heads of the days that are over, and carry what is due to its places.

    Args:
        store: the store.
        today: also the present day as far as it goes, for who asks by hand; it is not chained, the day's own head is.

    Raises:
        ConfigError: the evidence file cannot be used.
    """
    wish = evidence_file(store.settings).publish
    with store.write() as work:
        for day in _days_over(work, wish):
            _sign(work, day, wish)
    if today:
        sign_heads(store)
        with store.read() as work:
            day = work.now.astimezone(store.settings.zone).date()
            head = _head(work, day)
        for place in places(wish):
            _carry(store, place, day, head.to_bytes())
    return _carried(store)


def head_of(work: Work, day: date) -> str | None:
    """The head published for a day, None where there is none yet."""
    query = select(LedgerPublication.head).where(LedgerPublication.day == day, LedgerPublication.place == KEPT)
    return work.session.scalar(query)


def roots_gone(store: Store, file: Path) -> list[str]:
    """Roots of a published head that the store does not hold any more.

    Raises:
        InputError: the file is no head of this ledger that a trusted key signed.
    """
    try:
        head = read_head(file.read_bytes())
    except (OSError, ValueError):
        raise InputError(f"{file} is no published head of a ledger.") from None
    trust = trust_store(store.settings.home)
    signature = bytes.fromhex(head.signature) if SIGNATURE.fullmatch(head.signature) else b""
    if not trust.accepts(head.key, signature, head.message()):
        raise InputError(f"{file} is not signed by a key that is trusted here.")
    with store.read() as work:
        held = set(work.session.scalars(select(LedgerRoot.root)))
    return [root for _, root in head.roots if root not in held]


def places(wish: Publish) -> tuple[str, ...]:
    """Where heads go, as a publication names it."""
    found = [f"folder:{wish.folder}"] if wish.folder else []
    found += [f"url:{wish.url}"] if wish.url else []
    return (*found, *(f"email:{address}" for address in wish.email))


def _days_over(work: Work, wish: Publish) -> list[date]:
    """Days without a head that are over, the oldest first."""
    zone = work.store.settings.zone
    now = work.now.astimezone(zone)
    last = now.date() - timedelta(days=1 if now.hour >= wish.hour else 2)
    query = select(LedgerPublication.day).where(LedgerPublication.place == KEPT)
    newest = work.session.scalar(query.order_by(LedgerPublication.day.desc()).limit(1))
    first = work.session.scalar(select(LedgerRoot.time).order_by(LedgerRoot.id).limit(1))
    if first is None:
        return []
    begin = datetime.fromisoformat(first).astimezone(zone).date()
    begin = max(begin, last - timedelta(days=BACK), newest + timedelta(days=1) if newest else begin)
    return [begin + timedelta(days=i) for i in range((last - begin).days + 1)]


def _sign(work: Work, day: date, wish: Publish) -> None:
    text = _head(work, day).to_bytes().decode()
    work.session.add(
        LedgerPublication(day=day, place=KEPT, head=text, state=PUBLISHED, attempts=0, published_at=work.now)
    )
    work.session.add_all(
        LedgerPublication(day=day, place=place, head=text, state=PENDING, attempts=0, next_try=work.now)
        for place in places(wish)
    )
    work.session.flush()


def _head(work: Work, day: date) -> Head:
    zone = work.store.settings.zone
    start = datetime.combine(day, time(), zone)
    end = datetime.combine(day + timedelta(days=1), time(), zone)
    rows = work.session.scalars(select(LedgerRoot).order_by(LedgerRoot.id))
    roots = tuple((row.time, row.root) for row in rows if start <= datetime.fromisoformat(row.time) < end)
    before = select(LedgerPublication.head).where(LedgerPublication.place == KEPT, LedgerPublication.day < day)
    previous = work.session.scalar(before.order_by(LedgerPublication.day.desc()).limit(1))
    signer = installation_signer(work.store.settings.home)
    digest = sha256_hex(previous.encode()) if previous is not None else None
    bare = Head(work.store.settings.city_id, day.isoformat(), roots, digest, signer.key_id)
    return replace(bare, signature=signer.sign(bare.message()).hex())


def _carried(store: Store) -> PublishRound:
    with store.read() as work:
        query = select(LedgerPublication).where(
            LedgerPublication.state == PENDING, LedgerPublication.next_try <= work.now
        )
        due = work.session.scalars(query.order_by(LedgerPublication.day, LedgerPublication.place)).all()
    done = [_tried(store, one) for one in due]
    return PublishRound(done.count(True), done.count(False))


def _tried(store: Store, one: LedgerPublication) -> bool:
    error: str | None = None
    try:
        _carry(store, one.place, one.day, one.head.encode())
    except (OSError, QyranError, httpx.HTTPError, httpx.InvalidURL) as fault:
        error = (str(fault) or type(fault).__name__)[:255]
        log.warning("The ledger's head of %s did not get to %s: %s", one.day, one.place, error)
    with store.write() as work:
        row = work.session.get_one(LedgerPublication, one.id, with_for_update=True)
        if error is None:
            row.state, row.error, row.next_try, row.published_at = PUBLISHED, None, None, work.now
        else:
            row.attempts += 1
            row.error, row.next_try = error, next_try(work.now, FIRST_WAIT, row.attempts)
    return error is None


def _carry(store: Store, place: str, day: date, head: bytes) -> None:
    kind, _, where = place.partition(":")
    name = f"ledger-head-{day.isoformat()}.json"
    carriers: dict[str, Callable[[], None]] = {
        "folder": lambda: whole_file(Path(where) / name, head),
        "url": lambda: _post(where, name, head),
        "email": lambda: mailer_of(store).notify(where, name, _words(store, day), name, head),
    }
    carriers[kind]()


def _post(url: str, name: str, head: bytes) -> None:
    headers = {"content-type": "application/json", "idempotency-key": sha256_hex(head), "x-file-name": name}
    with httpx.Client(timeout=TIMEOUT_S, follow_redirects=False) as client:
        client.post(url, content=head, headers=headers).raise_for_status()


def _words(store: Store, day: date) -> str:
    said = [
        translate(lang, "evidence.contents.head_mail", city=store.settings.city_name[lang], day=day_of(lang, day))
        for lang in LANGUAGES
    ]
    return "\n\n".join(said) + "\n"
