"""Letters about personal data as PDF/A: the answer to a request in Kazakh or Russian, the notice of a breach."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal

from sqlalchemy import func, or_, select

from qyran.errors import TransitionError
from service import i18n
from service.access import log_access, require
from service.access_register import Line, looks_at
from service.breaches import READERS as BREACH_READERS
from service.breaches import breach_facts
from service.i18n import Language
from service.store.database import Work
from service.store.people_tables import Breach, BreachRecord, SubjectRecord, SubjectRequest
from service.store.tables import Passage, ViolationCase
from service.subject_requests import READERS, opened
from service.users import names
from violations.typesetting import set_paper

PAPERS: Final = Path(__file__).with_name("papers")
SHORT: Final = 8
"""Signs of a record's id that a letter shows."""
LEFT_OUT: Final = frozenset({"register_exported", "request_opened", "request_report", "breach_opened"})

Paper = Literal["kk", "ru"]


def answer(work: Work, request_id: str, lang: Paper) -> bytes:
    """The letter that answers a request; for access also what is held and who looked at it. The look is logged.

    Raises:
        AccessError: the actor does not watch over data.
        NotFound: there is no such request.
        TransitionError: the request is not decided yet.
    """
    role = require(work.actor, READERS)
    row, said = opened(work, request_id)
    if row.decision is None or row.decided_at is None:
        raise TransitionError("The letter is written when the request is decided.")
    words = _words()[lang]
    reason = i18n.translate(lang, f"requests.reason.{row.reason}")
    body = [
        words["intro"].format(
            received=i18n.day(lang, row.received_on),
            kind=i18n.translate(lang, f"requests.kind.{row.kind}"),
            decided=_day(work, lang, row.decided_at),
        ),
        words[row.decision],
        words["because"].format(reason=reason, words=said.get("words", "")).strip(),
        words["term"].format(due=i18n.day(lang, row.due_on), days=row.term_days, source=row.term_source),
    ]
    sections = [_done(work, row, lang)] if row.done else []
    if row.kind == "access" and row.decision != "refused":
        body += _passages(work, row, lang)
        sections = [_held(work, row, lang), _looks(work, row, lang)]
        body.append(words["looks_note"])
        log_access(work, role, "request_report", row.id)
    return _pdf(
        work, lang, words["request_title"].format(number=row.number), row.number,
        [words["to"].format(name=said.get("name", "")), said.get("contact", "")], body, sections,
        [words["machine"], words["rights"], words["contact"].format(name=_author(work))],
    )  # fmt: skip


def breach_notice(work: Work, breach_id: str, lang: Language) -> bytes:
    """The notice of a breach for the authority; the look is logged.

    Raises:
        AccessError: the actor does not watch over data.
        NotFound: there is no such breach.
    """
    require(work.actor, BREACH_READERS)
    row, said = breach_facts(work, breach_id)
    words = _words()[lang]
    kinds = ", ".join(i18n.translate(lang, f"breaches.data.{kind}") for kind in row.data_kinds)
    given = {
        "noticed": _moment(work, lang, row.noticed_at),
        "kind": i18n.translate(lang, f"breaches.kind.{row.kind}"),
        "began": _moment(work, lang, row.began),
        "ended": _moment(work, lang, row.ended),
        "kinds": kinds,
        "n": row.affected,
        "people": people_of(work, row),
        "due": _moment(work, lang, row.due_at),
        "days": row.term_days,
        "source": row.term_source,
    }
    body = [words[f"breach_{name}"].format(**given) for name in ("intro", "when", "data", "affected", "term")]
    body.insert(2, words["breach_what"].format(words=said.get("description", "")))
    body.insert(5, words["breach_measures"].format(words=said.get("measures", "")))
    return _pdf(
        work, lang, words["breach_title"].format(number=row.number), row.number, [words["breach_to"]], body, [],
        [words["contact"].format(name=_author(work))],
    )  # fmt: skip


def people_of(work: Work, row: Breach) -> int:
    """About how many people a breach touched: different owners and vehicles of its cases."""
    records = select(BreachRecord.record).where(BreachRecord.breach_id == row.id)
    known = select(SubjectRecord.record).where(SubjectRecord.record.in_(records))
    owners = select(func.count(SubjectRecord.token.distinct())).where(SubjectRecord.record.in_(records))
    vehicles = select(func.count(ViolationCase.plate_token.distinct())).where(
        ViolationCase.id.in_(records), ViolationCase.id.not_in(known)
    )
    return (work.session.scalar(owners) or 0) + (work.session.scalar(vehicles) or 0)


def _passages(work: Work, row: SubjectRequest, lang: Paper) -> list[str]:
    if row.plate_token is None:
        return []
    span = select(func.count(), func.min(Passage.time), func.max(Passage.time)).where(
        Passage.plate_token == row.plate_token
    )
    count, first, last = work.session.execute(span).one()
    if not count:
        return []
    return [_words()[lang]["passages"].format(n=count, first=_day(work, lang, first), last=_day(work, lang, last))]


def _held(work: Work, row: SubjectRequest, lang: Paper) -> dict[str, Any]:
    cases = work.session.scalars(select(ViolationCase).where(ViolationCase.id.in_(row.records))).all()
    rows = [
        [
            one.document_no or one.id[:SHORT],
            _moment(work, lang, one.t_detect),
            _or_code(lang, f"violations.kind.{one.kind}"),
            _or_code(lang, f"violations.state.{one.state}"),
        ]
        for one in sorted(cases, key=lambda case: case.t_detect)
    ]
    return _section(lang, "held", rows, [2, 2, 3, 2])


def _done(work: Work, row: SubjectRequest, lang: Paper) -> dict[str, Any]:
    cases = {
        one.id: one.document_no
        for one in work.session.scalars(
            select(ViolationCase).where(or_(*(ViolationCase.id == line["record"] for line in row.done)))
        )
    }
    rows = []
    for line in row.done:
        result = i18n.translate(lang, f"requests.result.{line['result']}")
        number = f" № {line['number']}" if line["number"] else ""
        why = i18n.translate(lang, f"requests.held_by.{line['why']}") if line["why"] else ""
        name = cases.get(line["record"]) or _or_code(lang, f"requests.result.{line['record']}")[: SHORT * 3]
        rows.append([name, f"{result}{number}", why])
    return _section(lang, "done", rows, [2, 2, 3])


def _looks(work: Work, row: SubjectRequest, lang: Paper) -> dict[str, Any]:
    found = [line for line in looks_at(work, row.records, row.plate_token) if line.action not in LEFT_OUT]
    return _section(lang, "looks", [_look(work, lang, line) for line in found], [3, 3, 4, 3, 2])


def _look(work: Work, lang: Paper, line: Line) -> list[str]:
    return [
        _moment(work, lang, line.at),
        _or_code(lang, f"role.{line.role}"),
        _or_code(lang, f"look.{line.action}"),
        reason_words(lang, line.reason),
        line.record[:SHORT],
    ]


def reason_words(lang: Language, reason: str | None) -> str:
    """What somebody looked for, in words."""
    if reason is None:
        return ""
    key = f"purpose.{reason}"
    return i18n.translate(lang, key) if i18n.has(lang, key) else _or_code(lang, f"search_reason.{reason}")


def _section(lang: Paper, name: str, rows: Sequence[Sequence[str]], widths: Sequence[int]) -> dict[str, Any]:
    words = _words()[lang]
    return {
        "title": words[f"{name}_title"], "head": words[f"{name}_head"], "rows": rows, "widths": widths,
        "empty": words[f"{name}_empty"],
    }  # fmt: skip


def _pdf(
    work: Work, lang: Language, title: str, number: str, to: Sequence[str], body: Sequence[str],
    sections: Sequence[dict[str, Any]], foot: Sequence[str],
) -> bytes:  # fmt: skip
    here = work.now.astimezone(work.store.settings.zone)
    data = {
        "title": title, "number": f"{number} · {i18n.day(lang, here.date())}", "lang": lang,
        "sender": work.store.settings.city_name[lang], "day": [here.year, here.month, here.day],
        "to": [line for line in to if line], "body": [line for line in body if line], "sections": sections,
        "foot": list(foot),
    }  # fmt: skip
    return set_paper(PAPERS / "letter.typ", data, work.now)


def _author(work: Work) -> str:
    return names(work, [work.actor.id]).get(work.actor.id, "")


def _or_code(lang: Language, key: str) -> str:
    return i18n.translate(lang, key) if i18n.has(lang, key) else key.rpartition(".")[2]


def _moment(work: Work, lang: Language, value: datetime) -> str:
    return i18n.moment(lang, value, work.store.settings.zone)


def _day(work: Work, lang: Language, value: datetime) -> str:
    return i18n.day(lang, value.astimezone(work.store.settings.zone).date())


@cache
def _words() -> dict[str, dict[str, Any]]:
    return tomllib.loads((PAPERS / "letter.toml").read_text(encoding="utf-8"))
