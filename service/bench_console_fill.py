"""A store of many cases for `qyran bench console`, written in bulk.

The rows are what the use cases would have written: every case has its chain of events with salted commitments, sealed
payloads, its plate in the keyed index, and a list of evidence files. Two things are shortened, and only these: the
events are inserted some thousands at a time instead of one transaction a step, and of the evidence on disk only what
the officer of the bench will see is a package of its own (signed for its case, its files hard links of the demo's
packages); all other cases name the files of one shared package.
"""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Connection, Insert, Table, insert, text

from evidence.canonical import canonical_json, sha256_hex
from evidence.chain import append
from evidence.keys import Signer, installation_signer
from evidence.manifest import MANIFEST, SIGNATURE, Manifest, PlateRecord, signature_file
from evidence.package import Package, load_package
from qyran.errors import ConfigError
from qyran.roles import DETECTOR, SYSTEM, Role
from service import law
from service.plate_index import BUCKETS, TABLE
from service.plate_pattern import pairs_of
from service.store.database import WRITES, Store
from service.store.ledger import sign_heads
from service.store.passage_tables import PlateGram, PlateIndex
from service.store.tables import Camera, CaseEvent, Evidence, Ingested, Personal, ViolationCase
from violations.case import CaseState

BATCH: Final = 1000
"""Cases in one transaction."""
CAMERAS: Final = 60
TERRITORIES: Final = 8
PLATES_PER_CASE: Final = 0.7
"""Different plates a case: some vehicles are seen again."""
LETTERS: Final = "ABCDEFGHJKLMNOPRSTUVXYZ"
REGIONS: Final = (("02", 55), ("05", 20), ("01", 8), ("09", 5), ("14", 4), ("17", 4), ("07", 2), ("12", 2))
"""Regions of number plates and their weights: a city's own in front."""
KINDS: Final = (("red_light", 30), ("stop_line", 20), ("no_parking", 20), ("solid_line", 15), ("bus_lane", 15))
SHARES: Final = (
    (CaseState.CLOSED, 71.0), (CaseState.SIGNED, 22.0), (CaseState.AUTO_REJECTED, 2.0), (CaseState.MERGED, 1.2),
    (CaseState.RETURNED, 0.5), (CaseState.OFFICER_CONFIRMED, 0.2), (CaseState.SECOND_LOOK, 0.1),
    (CaseState.SCREENED, 3.0),
)  # fmt: skip
"""Where the cases of a running city stand, per cent; what housekeeping would close is closed."""
DONE: Final = frozenset({CaseState.CLOSED, CaseState.SIGNED})
"""States of the older cases; all others are of the last days."""
OLDEST: Final = timedelta(days=300)
QUEUE: Final = timedelta(hours=20)
"""How far back the waiting cases reach."""
SHARED: Final = "shared"
_S = CaseState
_BEGUN: Final = (_S.SCREENED, _S.IN_REVIEW)
SIGNED_PATH: Final = (*_BEGUN, _S.OFFICER_CONFIRMED, _S.SIGNED)
PATHS: Final = {
    _S.MERGED: (), _S.AUTO_REJECTED: (), _S.SCREENED: (), _S.EXPIRED: (_S.SCREENED,), _S.RETURNED: _BEGUN,
    _S.SECOND_LOOK: _BEGUN, _S.NON_PAYABLE: _BEGUN, _S.OFFICER_CONFIRMED: _BEGUN,
}  # fmt: skip
"""What a case went through before it came where it stands."""
WHEN: Final = {
    _S.MERGED: (timedelta(0), False), _S.AUTO_REJECTED: (timedelta(0), False), _S.SCREENED: (timedelta(0), False),
    _S.IN_REVIEW: (timedelta(hours=2.9), True), _S.RETURNED: (timedelta(hours=3), True),
    _S.SECOND_LOOK: (timedelta(hours=3), False), _S.NON_PAYABLE: (timedelta(hours=3), True),
    _S.OFFICER_CONFIRMED: (timedelta(hours=3), True), _S.SIGNED: (timedelta(hours=3.1), True),
    _S.CLOSED: (timedelta(days=20), False), _S.CANCELLED: (timedelta(days=20), False),
    _S.EXPIRED: (timedelta(days=60), False),
}  # fmt: skip
"""How long after the act each step was, and whether a person took it."""
REASONS: Final = {
    _S.AUTO_REJECTED: "exempt_zone", _S.RETURNED: "picture_poor", _S.SECOND_LOOK: "random_sample",
    _S.CANCELLED: "appeal_granted",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Filled:
    """What was written.

    Attributes:
        cases: how many.
        seen: of those, with a package of their own, the oldest waiting ones.
        plates: a few that are in the store, for searching.
        numbers: a few decision numbers.
    """

    cases: int
    seen: int
    plates: tuple[str, ...]
    numbers: tuple[str, ...]


@dataclass(slots=True)
class _Rows:
    """Rows of one batch by table."""

    held: dict[Any, list[dict[str, Any]]] = field(default_factory=dict)

    def add(self, table: Any, **values: Any) -> None:
        self.held.setdefault(table, []).append(values)

    def write(self, connection: Connection) -> None:
        for table, rows in self.held.items():
            inner: Table = table.__table__
            statement: Insert = insert(inner)
            connection.execute(statement, [_columns(table, row) for row in rows])
        self.held.clear()


def fill(
    store: Store, officers: Sequence[str], packages: Sequence[Path], *, cases: int, seen: int, seed: int
) -> Filled:
    """Write the cases.

    Args:
        store: an empty demo store.
        officers: ids of those who decided the old ones.
        packages: folders of real packages of violations.
        cases: how many.
        seen: how many of the oldest waiting ones get a package of their own.
        seed: of everything that is drawn.

    Raises:
        ConfigError: there is no package to show.
    """
    if not packages:
        raise ConfigError("The demo has no evidence of a violation; make it anew with `make demo ONCE=1`.")
    dice = random.Random(seed)  # noqa: S311 - draws a benchmark's rows
    maker = _Maker(store, dice, officers, [load_package(one) for one in packages], seen)
    writing = store.engine.execution_options(**{WRITES: True})
    with writing.begin() as connection:
        maker.cameras()
        maker.rows.write(connection)
    for batch in _batches(maker.plan(cases)):
        with writing.begin() as connection:
            for number, state, at in batch:
                maker.case(number, state, at)
            maker.rows.write(connection)
    sign_heads(store)  # what the service does every hour
    if store.engine.dialect.name == "postgresql":
        with writing.connect() as connection:  # what autovacuum does within minutes
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(text("ANALYZE"))
    return Filled(cases, maker.shown, tuple(dice.sample(maker.plates, 20)), tuple(dice.sample(maker.numbers, 5)))


class _Maker:
    """Draws cases and what belongs to them."""

    def __init__(
        self, store: Store, dice: random.Random, officers: Sequence[str], packages: Sequence[Package], seen: int
    ) -> None:
        self.store, self.dice, self.officers, self.packages, self.seen = store, dice, officers, packages, seen
        self.rows, self.shown = _Rows(), 0
        self.plates: list[str] = []
        self.numbers: list[str] = []
        self.tokens: set[str] = set()
        self.signer: Signer = installation_signer(store.settings.home)
        self.now = store.clock()
        shared = store.settings.evidence_folder / SHARED
        _link_files(packages[0].folder, shared)
        self.shared = _listed(packages[0].manifest)

    def cameras(self) -> None:
        """The register."""
        for number in range(CAMERAS):
            street = ("Абай", "Толе би", "Сатпаев", "Аль-Фараби", "Саина", "Жандосов")[number % 6]
            name = f"{street}, {number + 1}"
            self.rows.add(
                Camera, id=f"camera-{number:02}", name={"kk": name, "ru": name, "en": name},
                territory=f"district-{number % TERRITORIES}", commissioned=None, retired=None,
                latitude=43.2 + number / 500, longitude=76.8 + number / 400, covers=[], file_version=1,
                registered_at=self.now, status="up",
            )  # fmt: skip

    def plan(self, cases: int) -> Iterator[tuple[int, CaseState, datetime]]:
        """Number, state and moment of every case, the oldest first."""
        states = self.dice.choices([one for one, _ in SHARES], [share for _, share in SHARES], k=cases)
        done = [one for one in states if one in DONE]
        self.dice.shuffle(done)
        young = [one for one in states if one not in DONE and one is not CaseState.SCREENED]
        self.dice.shuffle(young)
        old = done + young
        waiting = len(states) - len(old)
        for number, state in enumerate(old):
            yield number, state, self.now - OLDEST + (OLDEST - QUEUE - timedelta(hours=1)) * (number / max(1, len(old)))
        for number in range(waiting):
            yield len(old) + number, CaseState.SCREENED, self.now - QUEUE + QUEUE * (number / (waiting + 1))

    def case(self, number: int, state: CaseState, at: datetime) -> None:
        """One case with its events, its plate and its evidence."""
        record = str(UUID(int=self.dice.getrandbits(128), version=4))
        camera = self.dice.randrange(CAMERAS)
        kind = self.dice.choices([one for one, _ in KINDS], [weight for _, weight in KINDS])[0]
        if state is CaseState.SCREENED and self.shown < self.seen:  # what is seen is what it is called
            kind = self.packages[self.shown % len(self.packages)].manifest.finding.kind
        plate = self._plate()
        officer = self.dice.choice(list(self.officers))
        end, document = self._life(record, state, at, officer, plate, number)
        row = ViolationCase(
            id=record, camera_id=f"camera-{camera:02}", kind=kind, state=state.value, seq=end.seq, head=end.head,
            t_onset=at - timedelta(seconds=1.5), t_detect=at, t_received=at, video_s=12.0, onset_s=10.5,
            track=number % 97, class_="car", line="stop-n", score=round(0.6 + self.dice.random() * 0.39, 3), box=None,
            last_seen=at, changed_at=end.at, merged_into=None, territory=f"district-{camera % TERRITORIES}",
            plate_token=self._token(plate), plate_read=True, t_screened=at, edited=[],
            limitation_ends=law.limitation_ends(self.store, at),
        )  # fmt: skip
        decided = state in {CaseState.CLOSED, CaseState.SIGNED, CaseState.CANCELLED, CaseState.NON_PAYABLE,
                            CaseState.OFFICER_CONFIRMED}  # fmt: skip
        if decided:
            row.decided_by, row.t_officer_decision, row.verdict = officer, at + timedelta(hours=3), "true"
            row.offence = next(iter(law.candidates(self.store, row)), None)
            row.penalty_kind, row.fine_mci, row.fine_kzt = "fine", 10.0, 43_250
        if state is CaseState.SECOND_LOOK:
            row.first_reviewer, row.second_look = officer, "random_sample"
        if document is not None:
            row.document_no, row.t_signed = document, at + timedelta(hours=3, minutes=1)
            row.registration, row.delivery, row.payment, row.appeal, row.enforcement = (
                "registered", "notified", "due", "none", "none",
            )  # fmt: skip
        self.rows.add(ViolationCase, _row=row)
        self.rows.add(Ingested, event_id=record, type="violation", time=at, at=at)
        self._evidence(record, state, at, plate)

    def _life(
        self, record: str, state: CaseState, at: datetime, officer: str, plate: str, number: int
    ) -> tuple[_Chain, str | None]:
        chain = _Chain(self.store, self.rows, record)
        machine, hand = (SYSTEM.id, Role.SYSTEM), (officer, Role.POLICE_OFFICER)
        chain.move(at, DETECTOR.id, Role.DETECTOR, CaseState.DETECTED, payload={"plate": plate, "plate_read": plate})
        path, reason = PATHS.get(state, SIGNED_PATH), REASONS.get(state)
        for step in (*path, *(() if state in path else (state,))):
            after, by_hand = WHEN[step]
            last = step is state
            chain.move(at + after, *(hand if by_hand else machine), step, reason if last else None)
        if CaseState.SIGNED not in (*path, state):
            return chain, None
        self.numbers.append(f"{at.year}-{number + 1:07}")
        return chain, self.numbers[-1]

    def _plate(self) -> str:
        if self.plates and self.dice.random() > PLATES_PER_CASE:
            return self.dice.choice(self.plates)
        letters = "".join(self.dice.choices(LETTERS, k=3))
        region = self.dice.choices([one for one, _ in REGIONS], [weight for _, weight in REGIONS])[0]
        found = f"{self.dice.randrange(1000):03}{letters}{region}"
        self.plates.append(found)
        return found

    def _token(self, plate: str) -> str:
        vault = self.store.vault
        token = vault.token(plate)
        if token not in self.tokens:
            self.tokens.add(token)
            wrapped, sealed = vault.seal(token, 0, {"plate": plate}, table=TABLE)
            self.rows.add(PlateIndex, token=token, wrapped_key=wrapped, sealed=sealed)
            for bucket in sorted({vault.bucket(pair, BUCKETS) for pair in pairs_of(plate)}):
                self.rows.add(PlateGram, bucket=bucket, token=token)
        return token

    def _evidence(self, record: str, state: CaseState, at: datetime, plate: str) -> None:
        folder, files, sha256 = SHARED, self.shared, None
        package = self.packages[self.shown % len(self.packages)]
        if state is CaseState.SCREENED and self.shown < self.seen:
            folder = f"{at:%Y-%m}/{record}"
            sha256 = self._package(package, record, folder, plate)
            files, self.shown = _listed(package.manifest), self.shown + 1
        steps = [step.model_dump(mode="json") for step in package.manifest.finding.trace]
        self.rows.add(
            Evidence, event_id=record, record=record, folder=folder, manifest_sha256=sha256, files=files, trace=steps,
            marks=dict(package.manifest.marks), intact=True, erased=False, faults=[], verified_at=at,
        )  # fmt: skip

    def _package(self, package: Package, record: str, folder: str, plate: str) -> str:
        """The files of a real package under a manifest signed for this case; its hash."""
        target = self.store.settings.evidence_folder / folder
        _link_files(package.folder, target)
        doubtful = (self.dice.randrange(len(plate)),) if self.dice.random() < 0.2 else ()
        score = round(0.8 + self.dice.random() * 0.2, 3)
        manifest = package.manifest.model_copy(
            update={
                "event_id": record,
                "plate": PlateRecord(text=plate, score=score, uncertain=doubtful),
                "signer": self.signer.key_id,
            }
        )
        message = manifest.to_bytes()
        (target / MANIFEST).write_bytes(message)
        (target / SIGNATURE).write_bytes(signature_file(self.signer, message))
        return sha256_hex(message)


class _Chain:
    """The chain of one case while it is made."""

    def __init__(self, store: Store, rows: _Rows, record: str) -> None:
        self._store, self._rows, self._record = store, rows, record
        self.seq, self.head, self.at = 0, "", store.clock()
        self._state: str | None = None

    def move(
        self, at: datetime, actor: str, role: Role, target: CaseState, reason: str | None = None,
        payload: dict[str, Any] | None = None,
    ) -> None:  # fmt: skip
        """One step, as `append_event` writes it."""
        repeated = {"actor": actor, "role": role.value, "kind": "state", "source": self._state, "target": target.value,
                    "reason": reason}  # fmt: skip
        header = {"at": at.isoformat(timespec="microseconds"), **repeated}
        link = append(self._record, (self.seq, self.head) if self.seq else None, header, payload or {})
        sealing = {"salt": link.salt, "payload": payload or {}}
        wrapped, sealed = self._store.vault.seal(self._record, link.seq, sealing)
        self._rows.add(
            CaseEvent, record=self._record, seq=link.seq, prev=link.prev, header=canonical_json(header).decode(),
            commitment=link.commitment, hash=link.hash, at=at, **repeated,
        )  # fmt: skip
        self._rows.add(Personal, record=self._record, seq=link.seq, wrapped_key=wrapped, sealed=sealed)
        self.seq, self.head, self.at, self._state = link.seq, link.hash, at, target.value


def _batches(plan: Iterator[tuple[int, CaseState, datetime]]) -> Iterator[list[tuple[int, CaseState, datetime]]]:
    batch: list[tuple[int, CaseState, datetime]] = []
    for one in plan:
        batch.append(one)
        if len(batch) == BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


def _columns(table: Any, row: dict[str, Any]) -> dict[str, Any]:
    """A row by the names of its columns, the defaults of the class filled in."""
    given = row.get("_row")
    found: dict[str, Any] = {}
    for prop in table.__mapper__.column_attrs:
        column = prop.columns[0]
        value = getattr(given, prop.key, None) if given is not None else row.get(prop.key)
        if value is None and column.default is not None:
            value = column.default.arg(None) if column.default.is_callable else column.default.arg
        if value is None and column.name == "version":
            value = 1
        if value is None and column.autoincrement is True:
            continue
        found[column.name] = value
    return found


def _listed(manifest: Manifest) -> list[dict[str, Any]]:
    return [
        {
            "name": entry.name, "role": entry.role, "media_type": entry.media_type, "bytes": entry.bytes,
            "sha256": entry.sha256, "moment": entry.picture.moment if entry.picture else None,
            "time": entry.picture.time.isoformat() if entry.picture else None,
        }
        for entry in manifest.files
    ]  # fmt: skip


def _link_files(source: Path, target: Path) -> None:
    """The files of a package in another folder, without copying their bytes where the disk allows it."""
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(source.iterdir()):
        place = target / path.name
        if path.name in {MANIFEST, SIGNATURE} or place.exists():
            continue
        try:
            os.link(path, place)
        except OSError:
            shutil.copyfile(path, place)
