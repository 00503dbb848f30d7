"""The notice as a PDF: bilingual, PDF/A, the same bytes for the same record, signed PAdES."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from evidence.canonical import sha256_hex
from evidence.pades import DocumentSigner, PdfVerdict, sign_pdf, verify_pdf
from qyran.errors import InputError, IntegrityError
from violations.decision import Analysis, Both, DecisionRecord
from violations.offences import WorkCalendar, work_calendar
from violations.paper import Wording, both, compile_paper, day_of, load_wording, moment_of, money, same

__all__ = ["PdfVerdict", "render_notice", "sign_notice", "verify_pdf"]


def render_notice(record: DecisionRecord, pictures: Mapping[str, bytes], calendar: WorkCalendar | None = None) -> bytes:
    """The notice as an unsigned PDF/A-2b.

    Args:
        record: what it says.
        pictures: bytes of each picture the record names, JPEG, by file name.
        calendar: working days, the shipped ones where not given.

    Raises:
        InputError: a picture is not given.
        IntegrityError: a picture is not the one the record names.
    """
    for picture in record.pictures:
        if picture.file not in pictures:
            raise InputError(f"The picture {picture.file} of the notice is not given.")
        if sha256_hex(pictures[picture.file]) != picture.sha256:
            raise IntegrityError(f"The picture {picture.file} is not the one the decision names.")
    data = _data(record, calendar or work_calendar())
    shown = {f"picture{number}.jpg": pictures[one.file] for number, one in enumerate(record.pictures, start=1)}
    return compile_paper(data, shown, record.issued)


def sign_notice(pdf: bytes, record: DecisionRecord, signer: DocumentSigner) -> bytes:
    """Sign a rendered notice as final.

    Raises:
        IntegrityError: the record names another certificate than the signer's.
    """
    if record.certificate_serial != signer.serial or record.development_certificate != signer.development:
        raise IntegrityError(f"The notice {record.number} names another certificate than the one that would sign it.")
    return sign_pdf(pdf, signer, reason=_words().raw["title"]["ru"], name=record.officer.name)


def _data(record: DecisionRecord, calendar: WorkCalendar) -> dict[str, Any]:
    """Everything the template shows, as finished text."""
    sections = [
        _section("act", _act(record)),
        _section("device", _device(record)),
        _section("pictures", _evidence(record), pictures=_pictures(record)),
        *([_section("analysis", _analysis(record.analysis))] if record.analysis else []),
        _section("penalty", _penalty(record, calendar)),
        *([_section("payment", _payment(record), pairs=True)] if record.charge.penalty == "fine" else []),
        _section("rights", _rights(record), columns=True),
        _section("signature", _signature(record), qr=True),
    ]
    return _words().frame(record, record.evidence_sha256, sections)


def _act(record: DecisionRecord) -> list[dict[str, Any]]:
    vehicle, owner, place, charge = record.vehicle, record.owner, record.place, record.charge
    kinds = [part for part in (vehicle.type, same(vehicle.make), vehicle.colour) if part is not None]
    point = _text("coordinates_missing")
    if place.latitude is not None and place.longitude is not None:
        point = _text("coordinates", latitude=f"{place.latitude:.5f}", longitude=f"{place.longitude:.5f}")
    article = (
        _text("article_part", article=charge.article, part=charge.part)
        if charge.part
        else _text("article", article=charge.article)
    )
    return [
        _row("issued", same(_moment(record, record.issued))),
        _row("erap", same(record.erap) or _text("erap_missing")),
        _row("plate", same(vehicle.plate), strong=True),
        _row("vehicle", _joined(kinds) if kinds else None),
        _row(
            "owner",
            same(", ".join(part for part in (owner.name, owner.iin_bin, owner.address) if part))
            if owner
            else _text("owner_missing"),
        ),
        _row("occurred", same(_moment(record, record.occurred)), strong=True),
        _row("place", place.name, point),
        _row("direction", place.direction),
        _row("article", article, strong=True),
        _row("rule", same(charge.rule)),
        _row("nature", charge.name),
        _row("grounds", *record.grounds),
    ]


def _device(record: DecisionRecord) -> list[dict[str, Any]]:
    device, measurement = record.device, record.measurement
    verification = None
    if device.verification and device.verified_until:
        verification = _text(
            "verified_until", verification=device.verification, until=f"{device.verified_until:%d.%m.%Y}"
        )
    value: Both | None = _text("unmeasured")
    if measurement is not None:
        numbers = {
            name: f"{getattr(measurement, name):g}".replace(".", ",") for name in ("measured", "permitted", "margin")
        }
        value = Both(
            kk=_words()
            .raw["text"]["measured"]["kk"]
            .format(**numbers, unit=measurement.unit.kk, quantity=measurement.quantity.kk),
            ru=_words()
            .raw["text"]["measured"]["ru"]
            .format(**numbers, unit=measurement.unit.ru, quantity=measurement.quantity.ru),
        )
    rows = [_row("device", same(device.name)), _row("serial", same(device.serial))]
    rows.append(_row("certificate", same(device.certificate) or _text("uncertified")))
    if device.certificate:
        rows.append(_row("verification", verification))
    return [*rows, _row("measured", value)]


def _pictures(record: DecisionRecord) -> list[dict[str, Any]]:
    return [
        {
            "file": f"picture{number}.jpg",
            "number": number,
            "small": picture.small,
            "caption": both(picture.caption),
            "time": _moment(record, picture.time),
            "sha256": picture.sha256,
            "alt": picture.caption.ru,
        }
        for number, picture in enumerate(record.pictures, start=1)
    ]


def _evidence(record: DecisionRecord) -> list[dict[str, Any]]:
    digest = record.evidence_sha256
    return [_row("evidence", same(f"{record.evidence_event}, SHA-256 {digest[:32]} {digest[32:]}"))]


def _analysis(said: Analysis) -> list[dict[str, Any]]:
    models = ", ".join(said.models)
    certainty = _text("certainty", percent=f"{100 * said.certainty:.0f}") if said.certainty is not None else None
    plate: Both | None = None
    if said.plate:
        plate = _text("plate_corrected" if said.plate_changed else "plate_agreed", plate=said.plate)
    return [
        _row("program", same(f"{said.software}; {models}" if models else said.software)),
        _row("machine_finding", said.finding, certainty),
        _row("machine_plate", plate or _text("plate_unread")),
    ]


def _penalty(record: DecisionRecord, calendar: WorkCalendar) -> list[dict[str, Any]]:
    charge, terms = record.charge, record.terms
    if charge.penalty == "warning" or charge.fine_kzt is None or charge.half_kzt is None or charge.mci_kzt is None:
        return [_row("penalty", _text("warning"), strong=True)]
    amount = _text(
        "amount", mci=charge.mci, mci_kzt=money(charge.mci_kzt), year=charge.mci_year, fine=money(charge.fine_kzt)
    )
    last = record.last_half_price_day(calendar)
    half = _text("half_open", half=money(charge.half_kzt), days=terms.half_price_working_days)
    if last is not None and record.delivered is not None:
        half = _text("half_known", half=money(charge.half_kzt), last=day_of(last), delivered=day_of(record.delivered))
    return [
        _row("penalty", _text("fine")),
        _row("amount", amount, strong=True),
        _row("half", half, _text("half_terms")),
        _row("full", _text("full", days=terms.full_days)),
    ]


def _payment(record: DecisionRecord) -> list[dict[str, Any]]:
    payment = record.payment
    if payment is None:
        return [_row("beneficiary", _text("payment_missing"))]
    plain = ("bin", "iik", "bik", "kbk", "kbe", "knp")
    return [
        _row("beneficiary", payment.beneficiary),
        *(_row(name, same(getattr(payment, name))) for name in plain if getattr(payment, name)),
    ]


def _rights(record: DecisionRecord) -> list[dict[str, Any]]:
    terms, body = record.terms, record.appeal_body
    names = {
        lang: ", ".join(
            part
            for part in (getattr(body.name, lang), getattr(body.address, lang, None), body.contact)
            if part is not None
        )
        for lang in ("kk", "ru")
    }
    appeal = {
        lang: template.format(days=terms.appeal_days, body=names[lang])
        for lang, template in _words().raw["text"]["appeal"].items()
    }
    consequence = (
        _text("consequence_fine", resolved=terms.resolved_days, full=terms.full_days)
        if record.charge.penalty == "fine"
        else _text("consequence_warning")
    )
    return [
        _row("appeal", Both(**appeal)),
        _row("consequence", consequence),
        _row("artificial", _text("artificial")),
    ]


def _signature(record: DecisionRecord) -> list[dict[str, Any]]:
    officer = record.officer
    who = Both(kk=f"{officer.position.kk} {officer.name}", ru=f"{officer.position.ru} {officer.name}")
    return [
        _row("officer", who),
        _row("signed_with", same(record.certificate_serial)),
        _row("language", _text("language")),
    ]


def _section(head: str, rows: list[dict[str, Any]], **layout: Any) -> dict[str, Any]:
    return _words().section(head, rows, **layout)


def _row(label: str, *values: Both | None, strong: bool = False) -> dict[str, Any]:
    return _words().row(label, *values, strong=strong)


def _text(name: str, **values: object) -> Both:
    return _words().text(name, **values)


def _joined(parts: list[Both]) -> Both:
    return Both(kk=", ".join(part.kk for part in parts), ru=", ".join(part.ru for part in parts))


def _moment(record: DecisionRecord, moment: datetime) -> str:
    return moment_of(record.local(moment))


@cache
def _words() -> Wording:
    return load_wording("notice")
