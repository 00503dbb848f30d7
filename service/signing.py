"""Signing: the confirmed case becomes a numbered decision document, rendered and signed, bound to its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from evidence.canonical import sha256_hex
from evidence.keys import trust_store
from evidence.package import load_package
from evidence.pades import DocumentSigner
from evidence.verify import verify
from qyran.errors import IntegrityError, NotFound, TransitionError
from qyran.roles import OFFICERS, Actor
from service import attributes, delivery, law
from service.access import CASE_READERS, log_access, require
from service.case_sight import in_sight
from service.case_view import moved, view_of
from service.cases import open_case
from service.city import city_of
from service.document_numbers import hold, used
from service.document_signer import signer_for, signing_file
from service.documents import document_path, write_document
from service.evidence_copies import masked_pictures
from service.evidence_stamps import require_stamp
from service.fault_points import reach
from service.i18n import has, trace_words, translate
from service.objects_store import local_folder
from service.records import camera_names, evidence_of, load, name_of
from service.store.database import Store, Work
from service.store.events import facts_of
from service.store.record_tables import DeviceRecord
from service.store.tables import AppUser, CaseEvent, Decision, Evidence, ViolationCase
from service.store.vault import Vault
from service.views import CaseDetail
from violations import decision as notice
from violations.case import CaseState, CaseStep, check
from violations.decision import Both, DecisionRecord
from violations.decision_pdf import render_notice, sign_notice
from violations.offences import legal_terms

PICTURES = (("still", "before_line"), ("still", "in_act"), ("crop", "plate"))  # what a notice shows, in this order
MOST_PICTURES = 3
ROOMS = ("violations", "vision")
CODE_SIGNS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base 32: no sign reads like another


@dataclass(frozen=True, slots=True)
class Draft:
    """A decision about to be signed: its number is held, its text is fixed, nothing is stored of it yet.

    Attributes:
        case_id, version: the case as it was when the text was fixed.
        year, number, document_no: of the document.
        record, pictures: what it says and shows.
        signer: whose key signs it; None where that was done.
    """

    case_id: str
    version: int
    year: int
    number: int
    document_no: str
    record: DecisionRecord
    pictures: dict[str, bytes]
    signer: DocumentSigner | None


@dataclass(frozen=True, slots=True)
class _Held:
    """A number held for a case as it was then."""

    version: int
    year: int
    number: int
    document_no: str


def issue(store: Store, actor: Actor, case_id: str, *, version: int | None = None) -> CaseDetail:
    """Sign the decision on a confirmed case without keeping other writers waiting while it is rendered.

    The number is held for the case in a short transaction; where the process dies before the last one, the next try
    takes the same number.

    Raises:
        As `sign`.
    """
    _by_this_house(store)
    ready = drafted(store, actor, case_id, version=version)
    reach(store, "sign.reserved")
    pdf = produce(ready)
    reach(store, "sign.rendered")
    with store.write(actor) as work:
        signed = complete(work, ready, pdf)
        reach(store, "sign.written")
    reach(store, "sign.committed")
    return signed


def sign(work: Work, case_id: str, *, version: int | None = None) -> CaseDetail:
    """Number, render and sign the decision on a confirmed case in one transaction; what fails takes no number.

    Raises:
        TransitionError: the case is not confirmed, or by somebody else, or the certificate may not sign.
        AccessError: the actor is no officer.
        IntegrityError: the evidence is no longer what was signed.
        ConfigError: the city file is missing, or the keys cannot be reached.
    """
    _by_this_house(work.store)
    ready = draft(work, case_id, version=version)
    return complete(work, ready, produce(ready))


def drafted(store: Store, actor: Actor, case_id: str, *, version: int | None = None) -> Draft:
    """`draft` in transactions of its own: only for taking the number does anybody have to wait."""
    with store.read(actor) as work:
        package = _signable(work, case_id, version)
        signer_for(work)  # a certificate that may not sign is told before a number is taken
    with store.write(actor) as work:
        row = load(work, ViolationCase, case_id, version)
        signable_state(work, case_id, version)
        held = _hold(work, row)
    with store.read(actor) as work:
        row = load(work, ViolationCase, case_id, held.version, lock=False)
        return _drawn(work, row, package, held)


def draft(work: Work, case_id: str, *, version: int | None = None) -> Draft:
    """Hold a number for the case and fix what its decision says.

    Args:
        work: the unit of work.
        case_id: a confirmed case.
        version: what the actor saw.
    """
    # Whether the step is allowed, the evidence intact and the certificate good is asked before a number is taken.
    row = load(work, ViolationCase, case_id, version)
    package = _signable(work, case_id, version)
    signer_for(work)
    return _drawn(work, row, package, _hold(work, row))


def produce(ready: Draft) -> bytes:
    """The signed PDF; slow, and needs no transaction. A draft without a signer gives an unsigned one."""
    pdf = render_notice(ready.record, ready.pictures)
    return pdf if ready.signer is None else sign_notice(pdf, ready.record, ready.signer)


def complete(work: Work, ready: Draft, pdf: bytes) -> CaseDetail:
    """The case is signed: event, document, and the messages that take it to register and owner, in one transaction.

    Raises:
        TransitionError: the case has changed since its decision was ready.
    """
    row = load(work, ViolationCase, ready.case_id, ready.version)
    record, document_no = ready.record, ready.document_no
    file = f"{ready.year}/{document_no}.pdf"
    digest = sha256_hex(pdf)
    data = {"document_no": document_no, "document_sha256": digest, "package_sha256": record.evidence_sha256}
    moved(work, row, CaseState.SIGNED, data=data, payload={"decision": record.model_dump(mode="json")})
    row.t_signed, row.document_no = work.now, document_no
    attributes.begin(row)
    used(work, row.id)
    work.session.add(
        Decision(
            case_id=row.id,
            year=ready.year,
            number=ready.number,
            document_no=document_no,
            file=file,
            sha256=digest,
            package_sha256=record.evidence_sha256,
            signed_at=work.now,
            signed_by=work.actor.id,
            languages=["kk", "ru"],
        )
    )
    work.session.flush()
    delivery.begin(work, row)
    write_document(work, file, pdf)
    return open_case(work, row.id)


def check_code(vault: Vault, document_no: str) -> str:
    """The code beside a document's number: who holds the document knows it, nobody can guess it."""
    number = int(vault.token(f"decision {document_no}")[:16], 16)
    signs = "".join(CODE_SIGNS[number >> 5 * place & 31] for place in range(8))
    return f"{signs[:4]}-{signs[4:]}"


def document(work: Work, case_id: str) -> tuple[Path, str]:
    """Path and file name of a case's signed decision; the look is logged.

    Raises:
        AccessError: the actor's roles, or his territory, do not see it.
        NotFound: the case has none.
        IntegrityError: the file is gone or altered.
    """
    role = require(work.actor, CASE_READERS)
    decision = work.session.get(Decision, case_id)
    if decision is None:
        raise NotFound(f"The case {case_id} has no signed decision.")
    if not decision.file:
        raise NotFound(f"The document {decision.document_no} was erased as the law orders; its number and hash stay.")
    in_sight(work, load(work, ViolationCase, case_id, lock=False))
    path = document_path(work.store.settings, decision)
    log_access(work, role, "document_opened", case_id)
    return path, path.name


def signable_state(work: Work, case_id: str, version: int | None = None) -> ViolationCase:
    """A case the actor may sign now.

    Raises:
        TransitionError: it is not confirmed, by somebody else, or has changed.
        AccessError: the actor is no officer.
    """
    row = load(work, ViolationCase, case_id, version, lock=False)
    require(work.actor, OFFICERS)
    if row.state != CaseState.OFFICER_CONFIRMED:
        raise TransitionError("Only a confirmed case can be signed.")
    check(view_of(row), CaseStep(CaseState.SIGNED, work.now, None, work.store.settings.terms), work.actor)
    return row


def newest_is(work: Work, row: ViolationCase, kind: str) -> bool:
    """Whether the newest event of a case is of a kind."""
    last = work.session.get(CaseEvent, (row.id, row.seq))
    return last is not None and last.kind == kind


def _by_this_house(store: Store) -> None:
    """Whether decisions are signed by keys this installation reaches."""
    file = signing_file(store)
    if file is not None and file.national is not None:
        raise TransitionError("Here officers sign by NCALayer: prepare the decision, and send the signature.")


def _hold(work: Work, row: ViolationCase) -> _Held:
    year = work.now.astimezone(work.store.settings.zone).year
    number = hold(work, row.id, f"decision {year}")
    return _Held(row.version, year, number, f"{work.store.settings.city_id.upper()}-{year}-{number:06d}")


def _drawn(work: Work, row: ViolationCase, package: Evidence, held: _Held) -> Draft:
    signer = signer_for(work)
    record, pictures = _record(work, row, package, held.document_no, signer)
    return Draft(row.id, held.version, held.year, held.number, held.document_no, record, pictures, signer)


def _signable(work: Work, case_id: str, version: int | None) -> Evidence:
    """The evidence of a case the actor may sign now, verified again since a decision is to rest on it."""
    row = signable_state(work, case_id, version)
    packages = evidence_of(work, [row.id]).get(row.id, [])
    if not packages:
        raise IntegrityError("The case has no evidence to rest a decision on.")
    settings = work.store.settings
    if not verify(local_folder(settings, "evidence", packages[0].folder), trust_store(settings.home)).ok:
        raise IntegrityError("The evidence is no longer what was signed; return the case.")
    require_stamp(work, packages[0])
    masked_pictures(work.store, packages[0])  # made now where they are not there, before a transaction writes
    return packages[0]


def _record(
    work: Work, row: ViolationCase, package: Evidence, document_no: str, signer: DocumentSigner
) -> tuple[DecisionRecord, dict[str, bytes]]:
    facts = facts_of(work.session, work.store.vault, [row.id])[row.id]
    store, city = work.store, city_of(work.store)
    camera = camera_names(work, [row.camera_id]).get(row.camera_id)
    place = name_of(camera, row.camera_id)
    pictures, files = _pictures(work, package)
    measured = work.session.get(DeviceRecord, row.id)
    offence = law.chosen(store, row, row.offence or "", work.now)
    owner = facts.get("owner")
    vehicle_class = f"vision.class.{row.class_}"
    given: dict[str, Any] = {
        "number": document_no,
        "issued": work.now,
        "time_zone": store.settings.time_zone,
        "body": city.body,
        "officer": officer_of(work),
        "owner": owner and notice.Owner(name=owner["name"], iin_bin=owner["iin"], address=owner["address"] or None),
        "vehicle": notice.Vehicle(
            plate=facts["plate"], type=_both(vehicle_class) if has("ru", vehicle_class) else None
        ),
        "occurred": row.t_onset or row.t_detect,
        "place": notice.Place(
            name=Both(kk=place["kk"], ru=place["ru"]),
            latitude=camera.latitude if camera else None,
            longitude=camera.longitude if camera else None,
        ),
        "charge": notice.charge_of(offence),
        "grounds": tuple(_grounds(step["code"], step["values"]) for step in package.trace),
        "device": _device(row, measured),
        "measurement": _measurement(measured),
        "pictures": pictures,
        "evidence_event": package.event_id,
        "evidence_sha256": package.manifest_sha256,
        "terms": notice.Terms.of(legal_terms(work.now.astimezone(store.settings.zone).date())),
        "delivered": None,
        "payment": city.payment,
        "appeal_body": city.appeal_body,
        "erap": None,
        "verification_url": f"{city.verification_url}{document_no}" if city.verification_url else None,
        "check_code": check_code(store.vault, document_no),
        "analysis": _analysis(work, row, package, facts),
        "certificate_serial": signer.serial,
        "development_certificate": signer.development,
        "demo": store.demo,
    }
    try:
        return DecisionRecord(**given), files
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
        place_of_fault = ".".join(str(step) for step in first["loc"])
        raise TransitionError(f"The decision cannot be issued: {place_of_fault} {first['msg']}.") from None


def _analysis(work: Work, row: ViolationCase, package: Evidence, facts: Mapping[str, Any]) -> notice.Analysis:
    """What the machine said, from the signed manifest."""
    manifest = load_package(local_folder(work.store.settings, "evidence", package.folder)).manifest
    read = facts.get("plate_read")
    return notice.Analysis(
        software=f"Qyran {manifest.software.version}",
        models=tuple(f"{name} {digest[:12]}" for name, digest in sorted(manifest.models.items())),
        finding=_both(f"violations.kind.{row.kind}"),
        certainty=row.score if row.score is not None and 0 <= row.score <= 1 else None,
        plate=read,
        plate_changed="plate" in row.edited,
    )


def _device(row: ViolationCase, record: DeviceRecord | None) -> notice.Device:
    if record is None:
        return notice.Device(name=f"Qyran, {row.camera_id}")
    return notice.Device(
        name=record.device_type,
        serial=record.serial,
        certificate=record.certificate,
        verification=record.verification,
        verified_until=record.verified_until,
    )


def _measurement(record: DeviceRecord | None) -> notice.Measurement | None:
    """What the device measured, None where it measured nothing."""
    if record is None or record.measured_kmh is None or record.permitted_kmh is None or record.margin_kmh is None:
        return None
    return notice.Measurement(
        quantity=_both(f"violations.measured.{record.kind}"),
        measured=record.measured_kmh,
        permitted=record.permitted_kmh,
        margin=record.margin_kmh,
        unit=_both("violations.measured.kmh"),
    )


def officer_of(work: Work) -> notice.Officer:
    """The acting officer as papers name him."""
    user = work.session.get_one(AppUser, work.actor.id)
    role = work.actor.acts_as(OFFICERS)
    position = user.position or {}
    named = {lang: position.get(lang) or translate(lang, f"role.{role}") for lang in ("kk", "ru")}
    return notice.Officer(name=user.name, position=Both(**named))


def _pictures(work: Work, package: Evidence) -> tuple[tuple[notice.Picture, ...], dict[str, bytes]]:
    """The pictures a decision shows, masked: what leaves shows no face and no plate but the subject's."""
    listed = [entry for entry in package.files if entry["role"] in {"still", "crop"}]
    wanted = [
        entry for role, moment in PICTURES for entry in listed if (entry["role"], entry["moment"]) == (role, moment)
    ]
    chosen = (wanted or [entry for entry in listed if entry["role"] == "still"])[:MOST_PICTURES]
    masked = masked_pictures(work.store, package)
    pictures = tuple(
        notice.Picture(
            file=entry["name"],
            sha256=masked[entry["name"]].sha256,
            caption=_both(f"vision.moment.{entry['moment']}"),
            time=entry["time"],
            small=entry["role"] == "crop",
        )
        for entry in chosen
    )
    return pictures, {entry["name"]: masked[entry["name"]].path.read_bytes() for entry in chosen}


def _grounds(code: str, values: dict[str, Any]) -> Both:
    return Both(kk=trace_words("kk", ROOMS, code, values), ru=trace_words("ru", ROOMS, code, values))


def _both(key: str) -> Both:
    return Both(kk=translate("kk", key), ru=translate("ru", key))
