from __future__ import annotations

import io
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from pypdf import PdfReader

from evidence.keys import trust_store
from evidence.pades import installation_document_signer, verify_pdf
from violations.decision import Body, Both, Officer
from violations.resolution import Money, Penalty, ResolutionRecord, ResolutionTerms
from violations.resolution_pdf import render_resolution, sign_resolution

NAME = Both(kk="Бағдаршамның қызыл сигналы", ru="Красный сигнал светофора")
RED = Penalty(article="599", part="1", name=NAME, fine_kzt=43_250)
STOP = Penalty(article="601", part="1", name=NAME, fine_kzt=12_975)
WARNING = Penalty(article="602", part=None, name=NAME, fine_kzt=None)


def a_resolution(outcome: str = "upheld", **changes: object) -> ResolutionRecord:
    after = {"upheld": RED, "changed": STOP, "cancelled": None}[outcome]
    money = {"upheld": Money(paid=0, owed=43_250, back=0), "changed": Money(paid=20_000, owed=0, back=7_025),
             "cancelled": Money(paid=43_250, owed=0, back=43_250)}[outcome]  # fmt: skip
    given = {
        "number": "ALMATY-R-2026-000001", "issued": datetime(2026, 11, 23, 9, 0, tzinfo=UTC),
        "time_zone": "Asia/Almaty", "body": Body(name=Both(kk="Полиция департаменті", ru="Департамент полиции")),
        "officer": Officer(name="Әлия Сағатқызы", position=Both(kk="аға инспектор", ru="старший инспектор")),
        "decision_no": "ALMATY-2026-000007", "decided_on": date(2026, 11, 2), "decision_sha256": "a" * 64,
        "occurred": datetime(2026, 11, 1, 9, 0, tzinfo=UTC), "place": Both(kk="Абай 12", ru="Абая 12"),
        "appellant": "Мысалов Үлгі", "complaint": "Мен көлікті сатқанмын.", "filed_on": date(2026, 11, 20),
        "restored": None, "outcome": outcome, "reason": Both(kk="бұзушылық дәлелденді", ru="нарушение доказано"),
        "grounds": "Снимки показывают красный сигнал.", "before": RED, "after": after, "money": money,
        "terms": ResolutionTerms(half_price_working_days=7, full_days=30, court_days=10, told=None),
        "verification_url": "https://example.kz/check/ALMATY-R-2026-000001", "check_code": "0123-ABCD",
        "certificate_serial": "00", "development_certificate": True, "demo": True,
    }  # fmt: skip
    return ResolutionRecord(**{**given, **changes})


def text_of(pdf: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ("upheld", ("оставить без изменения", "өзгеріссіз", "Остаётся уплатить", "продолжаются со дня, следующего")),
        ("changed", ("изменить: взыскание смягчить", "жеңілдетілсін", "12 975", "7 025", "7 рабочих дней", "30 күн")),
        ("cancelled", ("отменить, производство", "күші жойылсын", "Подлежит возврату", "Төлем талап етілмейді")),
    ],
)
def test_each_outcome_says_in_two_languages_what_follows_and_the_term_to_court(outcome, words):
    text = text_of(render_resolution(a_resolution(outcome)))
    said = text.replace("\N{NO-BREAK SPACE}", " ")
    always = ("ALMATY-2026-000007", "в суд в течение 10 дней", "сотқа шағым", "Мен көлікті сатқанмын.", "Мысалов Үлгі")
    assert [one for one in (*words, *always) if one not in said] == []


def test_the_day_it_was_told_stands_where_it_is_known():
    terms = ResolutionTerms(half_price_working_days=7, full_days=30, court_days=10, told=date(2026, 11, 23))
    record = a_resolution(terms=terms, issued=datetime(2026, 11, 24, tzinfo=UTC))
    assert "(23.11.2026)" in text_of(render_resolution(record))


def test_the_same_record_is_the_same_bytes_and_a_changed_byte_of_the_signed_one_is_seen(tmp_path):
    signer = installation_document_signer(tmp_path)
    record = a_resolution("cancelled", certificate_serial=signer.serial)
    pdf = render_resolution(record)
    assert pdf == render_resolution(record)
    signed = sign_resolution(pdf, record, signer)
    certificates = trust_store(tmp_path).certificates
    assert verify_pdf(signed, certificates).ok
    place = signed.index(b"stream") + 40
    altered = signed[:place] + bytes([signed[place] ^ 1]) + signed[place + 1 :]
    assert not verify_pdf(altered, certificates).ok


@pytest.mark.parametrize(
    ("outcome", "changes"),
    [
        ("upheld", {"after": STOP}),
        ("upheld", {"after": None}),
        ("cancelled", {"after": RED}),
        ("cancelled", {"money": Money(paid=0, owed=1, back=0)}),
        ("changed", {"after": RED}),
        ("changed", {"before": STOP, "after": RED}),
        ("changed", {"before": WARNING, "after": WARNING}),
        ("upheld", {"filed_on": date(2026, 11, 1)}),
        ("upheld", {"filed_on": date(2026, 11, 24)}),
        ("upheld", {"grounds": " "}),
        ("upheld", {"check_code": "0000"}),
    ],
)
def test_a_resolution_that_contradicts_itself_cannot_be_made(outcome, changes):
    with pytest.raises(ValidationError):
        a_resolution(outcome, **changes)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cs", "Cc")), min_size=1, max_size=200))
def test_what_people_write_is_text_and_never_markup(words):
    record = a_resolution(complaint=f"[{words}] #panic() $x$", grounds="*_`@<a>\\")
    assert record.complaint.endswith("#panic() $x$")


def test_markup_in_a_complaint_is_shown_as_it_was_written():
    assert "#panic() $x$" in text_of(render_resolution(a_resolution(complaint="#panic() $x$", grounds="x" * 4000)))
