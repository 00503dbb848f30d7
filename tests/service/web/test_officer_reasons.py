"""What an officer cannot go on with says why on the page, in his language."""

from __future__ import annotations

from datetime import date

import pytest

from qyran.roles import SYSTEM, Role
from service import cases, fine_payments
from service.document_signer import register_certificate
from service.i18n import LANGUAGES, day, translate
from service.settings import load_settings
from service.web import case_pages
from tests.service.certificates import LOGS_IN, NOW, P12_PASSWORD, YEAR, Authority, p12
from tests.service.confirmed import a_confirmed
from tests.service.records import deliver, settled
from tests.service.signed import a_fine, delivered
from tests.service.test_fine_payments import line
from tests.service.web.conftest import Visitor
from tests.service.world import PASSWORD, World

FILE = 'kind = "pkcs12"\nfile = "{home}/{{username}}.p12"\npassword = "env:P12"\nauthorities = "{home}/trusted"\n'
HOLIDAY = date(2026, 12, 16)
CERTIFICATES = {
    "expired": ({"start": NOW - 3 * YEAR}, ("has expired", "истёк", "мерзімі")),
    "early": ({"start": NOW + YEAR}, ("not valid yet", "ещё не действует", "әлі")),
    "for_logging_in": ({"of": LOGS_IN}, ("not for signing", "не для подпис", "қол қою")),
    "strangers": (None, ("trusts", "довер", "сенім")),
}
"""What is wrong with a certificate; a piece of the sentence in English, Russian and Kazakh."""


@pytest.fixture(params=LANGUAGES)
def lang(request):
    return request.param


@pytest.fixture
def said(lang):
    """The piece of three that is in the reader's language."""
    return lambda pieces: dict(zip(("en", "ru", "kk"), pieces, strict=True))[lang]


def somebody(world, actor, lang: str) -> Visitor:
    """A person at a browser in a language."""
    person = Visitor(world)
    assert person.form("/login", username=person.username(actor.id), password=PASSWORD).status_code == 303
    person.form("/language", on="/about", lang=lang, back="/")
    return person


class Register:
    """Knows nobody."""

    name = "test"

    def owner_of(self, plate, day):
        return None


@pytest.fixture
def signers(tmp_path, monkeypatch):
    """A demo installation whose officers sign with PKCS#12 files."""
    monkeypatch.setenv("P12", P12_PASSWORD)
    authority, home = Authority(), tmp_path / "home"
    authority.folder(home / "trusted")
    (home / "signing.toml").write_text(FILE.format(home=home), encoding="utf-8")
    settings = load_settings(
        home=home, signing_file=home / "signing.toml", second_look_share=0, public_url="http://127.0.0.1:8000"
    )
    with World(settings, demo=True) as made:
        made.authority, made.officer = authority, made.person(Role.POLICE_OFFICER)
        yield made


@pytest.mark.parametrize("what", CERTIFICATES)
def test_a_wrong_certificate_is_named_and_the_case_stays_confirmed(signers, lang, said, what):
    changes, pieces = CERTIFICATES[what]
    key, certificate = (signers.authority if changes is not None else Authority()).issue(**(changes or {}))
    person, case = somebody(signers, signers.officer, lang), a_confirmed(signers, signers.officer)
    username = person.username(signers.officer.id)
    (signers.settings.home / f"{username}.p12").write_bytes(p12(key, certificate))
    signers.do(SYSTEM, register_certificate, username, certificate)
    answer = person.form(f"/cases/{case}/sign", on=f"/cases/{case}")
    assert (answer.status_code, said(pieces) in answer.text.lower()) == (409, True)


def test_a_device_whose_verification_had_ended_is_named_where_its_record_grounds_no_case(world, lang, said):
    deliver(world, verified_until=date(2026, 11, 21))
    settled(world)
    text = somebody(world, world.person(Role.SENIOR_OFFICER), lang).get("/supervision").text
    assert said(("The verification of the device", "Поверка прибора", "салыстырып тексеру мерзімі")) in text
    assert said(("its record cannot ground a case", "не может быть основанием", "негізі бола алмайды")) in text


@pytest.mark.parametrize(
    ("plate", "pieces"),
    [
        ("123ABC02", ("knows no such plate", "нет такого номера", "мұндай нөмір")),
        ("A123BC777", ("foreign vehicle", "иностранная машина", "шетелдік көлік")),
    ],
)
def test_an_owner_the_register_does_not_know_is_told_and_a_foreign_plate_besides(
    demo, monkeypatch, lang, said, plate, pieces
):
    monkeypatch.setattr(case_pages, "vehicle_register", lambda _: Register())
    officer = demo.person(Role.POLICE_OFFICER)
    case, person = demo.case(plate=plate), somebody(demo, officer, lang)
    demo.do(officer, cases.claim, case)
    answer = person.form(f"/cases/{case}/owner", on=f"/cases/{case}", plate=plate)
    assert (answer.status_code, said(pieces).lower() in answer.text.lower()) == (422, True)


@pytest.mark.parametrize(("plate", "warned"), [("123ABC02", False), ("A123BC777", True), ("B777XYZ", False)])
def test_a_foreign_plate_is_marked_before_anybody_asks_for_its_owner(demo, lang, said, plate, warned):
    officer = demo.person(Role.POLICE_OFFICER)
    case = demo.case(plate=plate)
    demo.do(officer, cases.claim, case)
    text = somebody(demo, officer, lang).get(f"/cases/{case}").text
    piece = said(("No form of Kazakhstan", "Не казахстанская форма", "Қазақстан үлгісіндегі нөмір емес"))
    assert (piece in text) is warned


def test_a_missing_owner_leaves_a_signed_decision_waiting_for_an_address(demo, lang, said):
    officer = demo.person(Role.POLICE_OFFICER)
    fine = a_fine(demo, officer=officer)
    text = somebody(demo, officer, lang).get(f"/deliveries/cases/{fine.case}").text
    assert said(("address has to be found", "нужно найти адрес", "мекенжайды табу керек")) in text


def test_a_term_over_holidays_names_its_last_day_and_what_is_not_counted(world, lang, said):
    world.clock.forward(days=22)  # Monday, 14 December; the 16th is Independence Day
    fine = a_fine(world)
    delivered(world, fine)
    text = somebody(world, world.person(Role.SENIOR_OFFICER), lang).get(f"/fines/{fine.case}").text
    assert said(("holidays left out", "праздники не считаются", "мереке күндері есептелмейді")) in text
    assert said((day("en", HOLIDAY), day("ru", HOLIDAY), day("kk", HOLIDAY))) in text


def test_a_payment_for_an_unknown_decision_waits_with_its_reason(world, lang, said):
    given = [line("ALMATY-2026-999999", 900.5, "T-1"), line(None, 10, "T-2")]
    world.do(SYSTEM, fine_payments.take, given, source="treasury")
    text = somebody(world, world.person(Role.SENIOR_OFFICER), lang).get("/fines").text
    assert said(("no decision has this number", "решения с таким номером нет", "мұндай нөмірлі шешім жоқ")) in text
    assert said(("no decision is named", "номер решения не указан", "шешім нөмірі көрсетілмеген")) in text


def test_a_fine_of_a_year_without_an_index_is_refused_with_the_reason(demo, lang):
    officer = demo.person(Role.POLICE_OFFICER)
    case = demo.case()
    demo.clock.forward(days=45)  # January 2027: no law on that year's budget is in the catalogue
    offence = demo.do(officer, cases.claim, case).offences[0]
    person = somebody(demo, officer, lang)
    answer = person.form(f"/cases/{case}/confirm", on=f"/cases/{case}", plate="123ABC02", offence=offence)
    assert (answer.status_code, translate(lang, "refusal.fine_unknown") in answer.text) == (422, True)
    assert demo.do(officer, cases.open_case, case).state == "in_review"


def test_a_missed_term_is_told_in_the_readers_words(world, lang, said):
    fine = a_fine(world)
    delivered(world, fine)
    world.clock.forward(days=11)
    person, here = somebody(world, world.person(Role.SENIOR_OFFICER), lang), f"/fines/{fine.case}"
    given = {
        "filed_on": world.clock().date().isoformat(),
        "instance": "body",
        "channel": "paper",
        "appellant": "A",
        "words": "Why?",
    }
    answer = person.form(f"{here}/appeals", on=here, **given)
    assert (answer.status_code, said(("why it is restored", "восстанавливается", "қалпына")) in answer.text) == (
        422,
        True,
    )
