"""The resolution on a complaint as a PDF: set, signed and checked like a notice."""

from __future__ import annotations

from functools import cache
from typing import Any

from evidence.pades import DocumentSigner, sign_pdf
from qyran.errors import IntegrityError
from violations.decision import Both
from violations.paper import Rows, Wording, compile_paper, day_of, load_wording, moment_of, money, same
from violations.resolution import Penalty, ResolutionRecord

__all__ = ["render_resolution", "sign_resolution"]


def render_resolution(record: ResolutionRecord) -> bytes:
    """The resolution as an unsigned PDF/A-2b; the same bytes for the same record."""
    words = _words()
    sections = [
        words.section("complaint", _complaint(record)),
        words.section("found", _found(record)),
        words.section("resolved", _resolved(record)),
        words.section("rights", _rights(record), columns=True),
        words.section("signature", _signature(record), qr=True),
    ]
    return compile_paper(words.frame(record, record.decision_sha256, sections), {}, record.issued)


def sign_resolution(pdf: bytes, record: ResolutionRecord, signer: DocumentSigner) -> bytes:
    """Sign a rendered resolution as final.

    Raises:
        IntegrityError: the record names another certificate than the signer's.
    """
    if record.certificate_serial != signer.serial or record.development_certificate != signer.development:
        raise IntegrityError(f"The resolution {record.number} names another certificate than would sign it.")
    return sign_pdf(pdf, signer, reason=_words().raw["title"]["ru"], name=record.officer.name)


def _complaint(record: ResolutionRecord) -> Rows:
    words = _words()
    decided = words.text("decision", number=record.decision_no, day=day_of(record.decided_on))
    restored = words.text("restored", why_kk=record.restored.kk, why_ru=record.restored.ru) if record.restored else None
    return [
        words.row("issued", same(moment_of(record.local(record.issued)))),
        words.row("decision", decided, strong=True),
        words.row("occurred", same(moment_of(record.local(record.occurred)))),
        words.row("place", record.place),
        words.row("imposed", _penalty(record.before)),
        words.row("appellant", same(record.appellant)),
        words.row("filed_on", same(day_of(record.filed_on)), restored),
        words.row("complaint", same(record.complaint)),
    ]


def _found(record: ResolutionRecord) -> Rows:
    words = _words()
    return [words.row("reason", record.reason), words.row("grounds", same(record.grounds))]


def _resolved(record: ResolutionRecord) -> Rows:
    words = _words()
    rows = [words.row("resolved", words.text(record.outcome, number=record.decision_no), strong=True)]
    if record.after is not None:
        rows.append(words.row("penalty", _penalty(record.after), strong=record.outcome == "changed"))
    rows.append(words.row("paid", _tenge(record.money.paid)))
    if record.money.owed:
        rows.append(words.row("owed", _tenge(record.money.owed)))
    if record.money.back:
        rows.append(words.row("back", _tenge(record.money.back), words.text("back_how")))
    return rows


def _rights(record: ResolutionRecord) -> Rows:
    words, terms = _words(), record.terms
    when = words.text("told", day=day_of(terms.told)) if terms.told else words.text("handed")
    named = {"when_kk": when.kk, "when_ru": when.ru}
    rows = [words.row("court", words.text("court", days=terms.court_days, **named))]
    if record.outcome == "upheld" and record.money.owed:
        rows.append(words.row("terms", words.text("terms_run_on", filed=day_of(record.filed_on), **named)))
    if record.outcome == "changed" and record.after is not None and record.after.fine_kzt:
        days = {"half": terms.half_price_working_days, "full": terms.full_days}
        rows.append(words.row("terms", words.text("terms_anew", **days, **named)))
    if record.outcome == "cancelled" or record.after is None or not record.after.fine_kzt:
        rows.append(words.row("terms", words.text("nothing_due")))
    return [*rows, words.row("human", words.text("human"))]


def _signature(record: ResolutionRecord) -> Rows:
    words, officer = _words(), record.officer
    who = Both(kk=f"{officer.position.kk} {officer.name}", ru=f"{officer.position.ru} {officer.name}")
    return [
        words.row("officer", who),
        words.row("signed_with", same(record.certificate_serial)),
        words.row("language", words.text("language")),
    ]


def _penalty(said: Penalty) -> Both:
    """Article and amount in one line."""
    words = _words()
    named = {"article": said.article, "part": said.part}
    article = words.text("article_part", **named) if said.part else words.text("article", article=said.article)
    amount = words.text("fine_of", fine=money(said.fine_kzt)) if said.fine_kzt else words.text("warning")
    return Both(
        kk=f"{article.kk} ({said.name.kk}): {amount.kk}"[:2000], ru=f"{article.ru} ({said.name.ru}): {amount.ru}"[:2000]
    )


def _tenge(amount: Any) -> Both | None:
    return same(f"{money(amount)} ₸")


@cache
def _words() -> Wording:
    return load_wording("notice", "resolution")
