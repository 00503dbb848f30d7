"""Signed decisions without pixels, made in milliseconds; and delivery files for a world."""

from __future__ import annotations

import io
from uuid import uuid4

from pypdf import PdfWriter

from evidence.canonical import sha256_hex
from qyran.roles import DETECTOR, SYSTEM, Actor, Role
from service import attributes, delivery
from service.outbox import messages_of
from service.store.counter import next_number
from service.store.events import STATE, append_event
from service.store.tables import Decision, ViolationCase
from tests.service.signed import CITY
from tests.service.world import World

OFFICER = Actor("officer", frozenset({Role.POLICE_OFFICER}))
OWNER = {
    "name": "Мысалов Үлгі", "iin": "000000000000", "address": "050000, Алматы қ., Абай д., 10, 5-пәтер",
    "vehicle": "TEST", "demo": True, "phone": "+77010000001", "email": "owner@example.kz",
}  # fmt: skip


def a_pdf(pages: int = 2) -> bytes:
    writer, out = PdfWriter(), io.BytesIO()
    for _ in range(pages):
        writer.add_blank_page(595, 842)
    writer.write(out)
    return out.getvalue()


PDF = a_pdf()


def new_case(work, plate: str = "123ABC02") -> ViolationCase:
    """A case that was just detected."""
    row = ViolationCase(
        id=str(uuid4()), camera_id="abay-12", kind="red_light", state="", seq=0, head="0" * 64, version=1,
        t_detect=work.now, t_received=work.now, video_s=1.0, last_seen=work.now, changed_at=work.now, edited=[],
        penalty_kind="fine", fine_mci=10, fine_kzt=43_250, offence="599-1", decided_by=OFFICER.id,
        plate_token=work.store.vault.token(plate),
    )  # fmt: skip
    work.session.add(row)
    append_event(work, row, STATE, Role.DETECTOR, target="detected", payload={"plate": plate})
    return row


def signed_row(work, *, owner: dict | None = OWNER, pdf: bytes = PDF, begin: bool = True) -> ViolationCase:
    """A signed case with its document; its messages are queued where `begin` says so."""
    row = new_case(work)
    number = next_number(work, "decision 2026")
    document_no, file = f"CITY-2026-{number:06d}", f"2026/CITY-2026-{number:06d}.pdf"
    payload = {"owner": owner} if owner else {}
    append_event(work, row, STATE, Role.POLICE_OFFICER, target="signed", payload=payload)
    row.t_signed, row.document_no = work.now, document_no
    attributes.begin(row)
    path = work.store.settings.documents_folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pdf)
    work.session.add(
        Decision(
            case_id=row.id, year=2026, number=number, document_no=document_no, file=file, sha256=sha256_hex(pdf),
            package_sha256=None, signed_at=work.now, signed_by=OFFICER.id, languages=["kk", "ru"],
        )
    )  # fmt: skip
    work.session.flush()
    if begin:
        delivery.begin(work, row)
    return row


def a_signed(world: World, **given) -> str:
    """The id of a signed case."""
    with world.store.write(DETECTOR) as work:
        return signed_row(work, **given).id


def with_files(world: World, toml: str) -> None:
    """Give the world a delivery file, and a city file where it has none."""
    home = world.settings.home
    (home / "delivery.toml").write_text(toml, encoding="utf-8")
    (home / "city.toml").write_text(CITY, encoding="utf-8")
    changed = {"delivery_file": home / "delivery.toml", "city_file": home / "city.toml"}
    object.__setattr__(world.store, "settings", world.settings.model_copy(update=changed))


def case_row(world: World, case_id: str) -> ViolationCase:
    with world.store.read() as work:
        return work.session.get_one(ViolationCase, case_id)


def states(world: World, case_id: str) -> list[tuple[str, str]]:
    """Channel and state of each message of a case."""
    with world.store.read(SYSTEM) as work:
        return [(one.channel, one.state) for one in messages_of(work, case_id)]
