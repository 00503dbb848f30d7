"""`qyran bench decisions`: many workers issue decisions at once; numbers, speed, and every PDF verified.

It runs on a demo store of its own in a temporary folder: SQLite, or an empty PostgreSQL database that is named.
"""

from __future__ import annotations

import multiprocessing
import secrets
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from time import perf_counter, process_time
from typing import Any, Final
from uuid import UUID, uuid4

import cv2
import numpy as np
from sqlalchemy import select

from evidence.keys import installation_signer, trust_store
from evidence.pades import verify_pdf
from evidence.record_package import RecordPicture, write_record_package
from evidence.subject import Subject
from qyran import __version__
from qyran.errors import InputError
from qyran.roles import DETECTOR, SYSTEM, Actor, Role
from service import auth, cameras, signing
from service.document_numbers import open_numbers
from service.evidence_copies import masked_pictures
from service.settings import Settings, load_settings
from service.store.database import Store, Work, open_store
from service.store.events import STATE, append_event
from service.store.tables import Decision, Evidence, ViolationCase
from vision.camera import parse_camera
from vision.finding import Finding, FindingType, Reason

WARM: Final = 2  # decisions a worker issues before the clock runs: fonts and templates are read once
CAMERA: Final = "bench-1"
KIND: Final = "red_light"
OFFENCE: Final = "599-1"
CODE: Final = "crossed_on_red"
VALUES: Final = (("line", "stop"), ("at_s", 12.5), ("after_red_s", 2.5))
STILL: Final = (1280, 720)


def bench_decisions(count: int, workers: int, database_url: str = "", *, signed: bool) -> dict[str, Any]:
    """Issue decisions and check every one.

    Args:
        count: how many.
        workers: processes that issue at once.
        database_url: an empty PostgreSQL database; SQLite where empty.
        signed: with PAdES signatures; without, the PDF alone.

    Raises:
        InputError: the database is not empty.
    """
    with tempfile.TemporaryDirectory(prefix="qyran-bench-") as name:
        settings = load_settings(
            home=Path(name), database_url=database_url, city_id="bench", second_look_share=0, sample_auto_rejected=0
        )
        store = open_store(settings, demo=True)
        try:
            officer, cases = _confirmed(store, count + WARM * workers)
            shares = [cases[start::workers] for start in range(workers)]
            took, cpu = _issue(settings, officer, shares, signed=signed)
            return {
                "decisions": count,
                "workers": workers,
                "database": store.engine.dialect.name,
                "signed": signed,
                "seconds": round(took, 2),
                "per_second": round(count / took, 1),
                "cpu_s_a_decision": round(cpu / count, 4),
                **_checked(store, len(cases), signed=signed),
            }
        finally:
            store.close()


def _issue(settings: Settings, officer: str, shares: Sequence[Sequence[str]], *, signed: bool) -> tuple[float, float]:
    """Seconds from the moment all workers are warm until the last decision is stored, and of all workers' processors.

    On a machine that others use too, the second tells what the first cannot.
    """
    context = multiprocessing.get_context("spawn")
    ready, go, spent = context.Semaphore(0), context.Event(), context.Value("d", 0.0)
    processes = [
        context.Process(target=_work, args=(settings.model_dump(), officer, share, signed, (ready, go, spent)))
        for share in shares
    ]
    for one in processes:
        one.start()
    for _ in processes:
        while not ready.acquire(timeout=1):
            if any(one.exitcode for one in processes):
                _end(processes)
    began = perf_counter()
    go.set()
    for one in processes:
        one.join()
    took = perf_counter() - began
    if any(one.exitcode for one in processes):
        _end(processes)
    return took, spent.value


def _end(processes: Sequence[Any]) -> None:
    for one in processes:
        one.terminate()
    raise InputError("A worker of the bench failed; its error stands above.")


def _work(given: dict[str, Any], officer: str, share: Sequence[str], signed: bool, gate: Any) -> None:  # noqa: FBT001
    ready, go, spent = gate
    store = open_store(load_settings(**given))
    actor = Actor(officer, frozenset({Role.POLICE_OFFICER}))
    issue = _signed if signed else _unsigned
    for case in share[:WARM]:
        issue(store, actor, case)
    ready.release()
    go.wait()
    before = process_time()
    for case in share[WARM:]:
        issue(store, actor, case)
    with spent.get_lock():
        spent.value += process_time() - before
    store.close()


def _signed(store: Store, actor: Actor, case: str) -> None:
    signing.issue(store, actor, case)


def _unsigned(store: Store, actor: Actor, case: str) -> None:
    """All of issuing but the signature."""
    drafted = replace(signing.drafted(store, actor, case), signer=None)
    pdf = signing.produce(drafted)
    with store.write(actor) as work:
        signing.complete(work, drafted, pdf)


def _checked(store: Store, expected: int, *, signed: bool) -> dict[str, Any]:
    """Whether the numbers have a gap or a double, and how many PDFs verify, by us and by poppler's `pdfsig`."""
    with store.read() as work:
        decisions = work.session.scalars(select(Decision).order_by(Decision.number)).all()
        held = open_numbers(work)
    numbers = [one.number for one in decisions]
    files = [store.settings.documents_folder / one.file for one in decisions]
    report: dict[str, Any] = {
        "numbers": len(numbers),
        "gaps_or_doubles": 0
        if numbers == list(range(1, expected + 1))
        else len(set(range(1, expected + 1)) ^ set(numbers)),
        "numbers_still_held": sum(len(one) for one in held.values()),
    }
    if not signed:
        return report
    trusted = trust_store(store.settings.home).certificates
    report["verified"] = sum(verify_pdf(path.read_bytes(), trusted).ok for path in files)
    tool = shutil.which("pdfsig")
    report["verified_by_pdfsig"] = None if tool is None else sum(_pdfsig(tool, path) for path in files)
    return report


def _pdfsig(tool: str, path: Path) -> bool:
    said = subprocess.run([tool, path], capture_output=True, text=True, check=False).stdout  # noqa: S603
    return "Signature is Valid" in said and "Total document signed" in said


def _confirmed(store: Store, count: int) -> tuple[str, list[str]]:
    """An officer, and cases he confirmed, all resting on one package."""
    with store.write(SYSTEM) as work:
        if work.session.scalar(select(ViolationCase.id).limit(1)) is not None:
            raise InputError("The database of the bench is not empty; name an empty one.")
        name = {"kk": "Сынақ", "ru": "Проба", "en": "Bench"}
        cameras.register(work, parse_camera({"id": CAMERA, "name": name, "stream": "bench.mp4"}, source="bench"))
        officer = auth.add_user(work, "bench", secrets.token_urlsafe(24), [Role.POLICE_OFFICER]).id
    event = uuid4()
    package = write_record_package(
        _subject(event),
        {"bench": True},
        _pictures(),
        store.settings.evidence_folder,
        installation_signer(store.settings.home),
    )
    with store.write(DETECTOR) as work:
        cases = [_case(work, officer, package) for _ in range(count)]
    with store.read() as work:
        masked_pictures(store, work.session.get_one(Evidence, cases[0]))  # as a package has them before it is signed on
    return officer, cases


def _case(work: Work, officer: str, package: Any) -> str:
    row = ViolationCase(
        id=str(uuid4()), camera_id=CAMERA, kind=KIND, state="", seq=0, head="0" * 64, version=1, t_detect=work.now,
        t_received=work.now, video_s=1.0, last_seen=work.now, changed_at=work.now, edited=[], penalty_kind="fine",
        fine_mci=10, fine_kzt=43_250, offence=OFFENCE, decided_by=officer, verdict="true", t_officer_decision=work.now,
        plate_token=work.store.vault.token("123ABC02"), score=0.9,
    )  # fmt: skip
    work.session.add(row)
    append_event(work, row, STATE, Role.DETECTOR, target="detected", payload={"plate": "123ABC02"})
    append_event(work, row, STATE, Role.POLICE_OFFICER, target="officer_confirmed")
    manifest = package.manifest
    pictured = [one for one in manifest.files if one.picture is not None]
    work.session.add(
        Evidence(
            event_id=row.id, record=row.id, folder=package.folder.name, manifest_sha256=package.sha256,
            files=[
                {"name": one.name, "role": one.role, "media_type": one.media_type, "bytes": one.bytes,
                 "sha256": one.sha256, "moment": one.picture.moment, "time": work.now.isoformat()}
                for one in pictured
            ],
            trace=[{"code": CODE, "values": dict(VALUES)}], marks={}, intact=True,
            faults=[], verified_at=work.now,
        )
    )  # fmt: skip
    return row.id


def _subject(event: UUID) -> Subject:
    finding = Finding(
        type=FindingType.VIOLATION, kind=KIND, rule_version="1", onset_s=0.0, video_s=1.0, score=0.9,
        trace=(Reason(CODE, VALUES),), moments=(),
    )  # fmt: skip
    return Subject(
        event_id=event, camera=CAMERA, camera_sha256="0" * 64, calibration_sha256=None, models={"road": "0" * 64},
        finding=finding, anchor_s=1.0, anchor_time=datetime.now(UTC), clock={"source": "bench"}, software=__version__,
        marks={"demo": True},
    )  # fmt: skip


def _pictures() -> list[RecordPicture]:
    """Two stills of usual size with some content, as a camera's are."""
    width, height = STILL
    chance = np.random.default_rng(1)
    found = []
    for moment in ("before_line", "in_act"):
        coarse = chance.integers(0, 255, (height // 16, width // 16, 3), dtype=np.uint8)
        picture = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
        data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 85])[1].tobytes()
        found.append(RecordPicture(moment, datetime.now(UTC), data))
    return found
