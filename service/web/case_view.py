"""A case as the officer's page shows it, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from service.case_drafts import Draft
from service.i18n import named
from service.plates import of_kazakhstan
from service.store.database import Work
from service.views import CaseDetail, LookView, OwnerView
from service.web import case_store, evidence_view
from service.web.case_machine import MachineView, machine_view
from service.web.contents_view import ContentsView, afterwards, contents_view
from service.web.device_view import device_facts
from service.web.offence_view import offence_view
from service.web.view_models import Choice, Entry, Integrity, Offence, Place, Player, Still
from service.web.words import Words
from violations.case import CaseState

ROOM: Final = "violations"
KMH_DIGITS: Final = 0

TONES: Final[Mapping[str, str]] = {
    CaseState.SCREENED: "accent",
    CaseState.IN_REVIEW: "calm",
    CaseState.SECOND_LOOK: "warn",
    CaseState.OFFICER_CONFIRMED: "warn",
    CaseState.SIGNED: "good",
    CaseState.OFFICER_REJECTED: "bad",
    CaseState.EXPIRED: "bad",
    CaseState.CANCELLED: "bad",
}

MAIN: Final = ("claim", "confirm", "reject", "send_on", "sign", "return", "release")
"""Steps with a place of their own on the page; the others stand in a row below."""


@dataclass(frozen=True, slots=True)
class CasePageView:
    """Everything `cases/case.html` shows."""

    id: str
    version: int
    kind: str
    place: Place
    class_name: str
    t_detect: datetime
    t_onset: datetime | None
    score: float | None
    speed: str | None
    state: str
    tone: str
    player: Player | None
    stills: tuple[Still, ...]
    gaps: tuple[str, ...]
    trace: tuple[str, ...]
    integrity: Integrity
    package_sha256: str | None
    chain: Integrity
    history: tuple[Entry, ...]
    steps: tuple[str, ...]
    deciding: bool
    others: tuple[str, ...]
    asked: tuple[str, ...]
    reasons: Mapping[str, tuple[Choice, ...]]
    claim: str | None
    claim_ends: datetime | None
    second_look: str | None
    limitation_ends: datetime | None
    plate: str | None
    plate_read: str | None
    plate_edited: bool
    plate_form: str | None
    offences: tuple[Offence, ...]
    chosen_kind: str | None
    offence: Offence | None
    decided: str | None
    document_no: str | None
    document_path: str | None
    attributes: tuple[tuple[str, str], ...]
    owner: OwnerView | None
    looks: tuple[Look, ...]
    device: tuple[tuple[str, str], ...]
    may_load_owner: bool
    officers: tuple[tuple[str, str], ...]
    media_key: str
    machine: MachineView
    crop: Still | None
    doubles: tuple[tuple[str, datetime], ...]
    merged_into: str | None
    held: bool
    repeats: tuple[tuple[str, str, datetime | None], ...]
    remarks: tuple[Entry, ...]
    draft: Draft
    aside: bool
    standing: str
    contents: ContentsView
    afterwards: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Look:
    """A vehicle's kind or colour in words: as the camera saw it, and as it is registered."""

    label: str
    seen: str
    registered: str | None
    differs: bool


def tone(state: str) -> str:
    """The colour of a state; its words always stand beside it."""
    return TONES.get(state, "")


def case_view(
    work: Work,
    w: Words,
    seen: CaseDetail,
    *,
    officers: tuple[tuple[str, str], ...] = (),
    draft: Draft | None = None,
    aside: bool = False,
) -> CasePageView:
    """A case in words.

    Args:
        work: the unit of work.
        w: the reader.
        seen: the case.
        officers: id and name of those it can be given to.
        draft: what the reader has written on it and not decided.
        aside: he has put it aside.
    """
    base = f"/cases/{seen.id}"
    shown = evidence_view.shown(work, w, base, seen.evidence, seen.trace, ROOM)
    at = case_store.coordinates(work, seen.camera_id)
    draft = draft or Draft()
    offences = _offences(w, seen, draft.offence)
    reasons = {step: _choices(w, codes) for step, codes in seen.reasons.items()}
    deciding = "confirm" in seen.steps
    others = tuple(step for step in seen.steps if step not in MAIN)
    asked = tuple(step for step in seen.steps if step in reasons or step == "remark")
    return CasePageView(
        id=seen.id,
        version=seen.version,
        kind=w.or_code(f"{ROOM}.kind.{seen.kind}"),
        place=evidence_view.place(
            w, named(w.lang, seen.camera_name, seen.camera_id), seen.camera_id, at, seen.territory
        ),
        class_name=w.or_code(f"class.{seen.class_ or 'unknown'}"),
        t_detect=seen.t_detect,
        t_onset=seen.t_onset,
        score=seen.score,
        speed=_speed(w, seen),
        state=w.or_code(f"{ROOM}.state.{seen.state}"),
        tone=tone(seen.state),
        player=shown.player,
        stills=shown.stills,
        gaps=shown.gaps,
        trace=shown.trace,
        integrity=shown.integrity,
        package_sha256=shown.package_sha256,
        chain=evidence_view.chain(w, seen.chain_fault),
        history=evidence_view.history(w, seen.history, ROOM),
        steps=seen.steps,
        deciding=deciding,
        others=others,
        asked=asked,
        reasons=reasons,
        claim=_claim(w, seen),
        claim_ends=seen.claim_ends,
        second_look=w.t("review.second_look", why=w.or_code(f"{ROOM}.reason.{seen.second_look}"))
        if seen.second_look
        else None,
        limitation_ends=None if seen.t_signed else seen.limitation_ends,
        plate=draft.plate if deciding and draft.plate is not None else seen.plate,
        plate_read=seen.plate_read,
        plate_edited="plate" in seen.edited,
        plate_form=w.t("review.plate_foreign") if seen.plate and not of_kazakhstan(seen.plate) else None,
        offences=offences,
        chosen_kind=next((one.kind for one in offences if one.checked), None),
        offence=offence_view(w, seen.offence, seen.kind, seen.t_detect, seen.t_officer_decision or w.now)
        if seen.offence
        else None,
        decided=_decided(w, seen),
        document_no=seen.document_no,
        document_path=f"{base}/decision.pdf" if seen.document_no else None,
        attributes=tuple(
            (w.t(f"attribute.{name}"), w.or_code(f"{ROOM}.{name}.{value}"))
            for name, value in seen.attributes.items()
            if value
        ),
        owner=seen.owner,
        looks=tuple(_look(w, one) for one in seen.looks),
        device=device_facts(w, seen.device) if seen.device else (),
        may_load_owner=deciding and seen.owner is None,
        officers=officers if seen.state == CaseState.IN_REVIEW else (),
        media_key=f"{seen.id}:{shown.package_sha256 or ''}",
        machine=machine_view(w, seen, shown.manifest),
        crop=next((one for one in shown.stills if one.is_crop and one.moment == "plate"), None),
        doubles=tuple(case_store.doubles(work, seen.id)),
        merged_into=seen.merged_into,
        held=seen.held_by is not None,
        repeats=tuple(
            (one.id, one.document_no or w.or_code(f"{ROOM}.kind.{one.kind}"), one.t_signed) for one in seen.repeats
        ),
        remarks=_remarks(w, seen),
        draft=draft,
        aside=aside,
        standing=standing(seen),
        contents=contents_view(work, w, seen.id),
        afterwards=afterwards(w, work.actor.roles, seen.id) if seen.t_signed else (),
    )


def standing(seen: CaseDetail) -> str:
    """How a case stands towards its reader, to notice that it was lost: its state, and whose it is."""
    return f"{seen.state}:{'mine' if seen.mine else seen.claimed_by or ''}"


def _remarks(w: Words, seen: CaseDetail) -> tuple[Entry, ...]:
    """What the second officer wrote when he gave the case back."""
    said = tuple(one for one in seen.history if one.source == CaseState.SECOND_LOOK and one.note)
    return evidence_view.history(w, said, ROOM)


def _look(w: Words, one: LookView) -> Look:
    registered = w.or_code(f"{one.name}.{one.registered}") if one.registered else None
    return Look(
        label=w.t(f"as_seen.{one.name}"),
        seen=w.or_code(f"{one.name}.{one.seen}") if one.seen else w.t("as_seen.unseen"),
        registered=w.t("as_seen.registered", value=registered) if registered else None,
        differs=one.differs,
    )


def _offences(w: Words, seen: CaseDetail, begun: str | None) -> tuple[Offence, ...]:
    chosen = begun if begun in seen.offences else seen.offence
    wanted = chosen or next(iter(seen.offences), None)
    found = (offence_view(w, one, seen.kind, seen.t_detect, w.now, checked=one == wanted) for one in seen.offences)
    return tuple(one for one in found if one is not None)


def _choices(w: Words, codes: tuple[str, ...]) -> tuple[Choice, ...]:
    return tuple(Choice(code, w.or_code(f"{ROOM}.reason.{code}")) for code in codes)


def _speed(w: Words, seen: CaseDetail) -> str | None:
    if seen.speed_kmh is None:
        return None
    value = w.num(seen.speed_kmh, KMH_DIGITS)
    if seen.speed_uncertainty_kmh is None:
        return w.t("unit.kmh_alone", value=value)
    return w.t("unit.kmh", value=value, sigma=w.num(seen.speed_uncertainty_kmh, 1))


def _claim(w: Words, seen: CaseDetail) -> str | None:
    if seen.mine and seen.claim_ends:
        return w.t("review.claim_mine")
    if seen.claimed_by and seen.claim_ends:
        return w.t("review.claim_other", name=seen.claimed_by_name or seen.claimed_by)
    return w.t("review.claim_free") if "claim" in seen.steps else None


def _decided(w: Words, seen: CaseDetail) -> str | None:
    if seen.t_officer_decision is None:
        return None
    said = {"name": seen.decided_by_name or "", "at": w.moment(seen.t_officer_decision)}
    if seen.reason:
        return w.t("review.decided_why", **said, why=w.or_code(f"{ROOM}.reason.{seen.reason}"))
    return w.t("review.decided", **said)
