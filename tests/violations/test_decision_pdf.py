from __future__ import annotations

import asyncio
import io
from datetime import date

import pytest
from pyhanko.pdf_utils.generic import TextStringObject
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pypdf import PdfReader

from evidence.keys import trust_store
from evidence.pades import installation_document_signer
from evidence.verify import verify
from qyran.errors import InputError, IntegrityError
from tests.violations.notices import PICTURES, RADAR, SPEED, a_record
from violations.decision import Both, Charge, Owner, charge_of
from violations.decision_pdf import render_notice, sign_notice, verify_pdf
from violations.offences import find


def words_of(pdf):
    """All text, every run of white space as one space."""
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages).split())


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def signer(home):
    return installation_document_signer(home)


@pytest.fixture(scope="module")
def certificates(home, signer):
    return trust_store(home).certificates


@pytest.fixture(scope="module")
def signed(signer):
    record = a_record(certificate_serial=signer.serial)
    return sign_notice(render_notice(record, PICTURES), record, signer)


@pytest.mark.parametrize(
    "fact",
    [
        "Ескерту немесе айыппұл төлеу қажеттігі туралы нұсқама",
        "Предписание о предупреждении или необходимости уплаты штрафа",
        "№ DEMO-2026-000001",
        "Алматы қаласының Полиция департаменті",
        "Департамент полиции города Алматы",
        "123ABC02",
        "22.11.2026 09:30:07 (UTC+05:00)",
        "Абай даңғылы мен Сейфуллин даңғылының қиылысы",
        "пересечение пр. Абая и пр. Сейфуллина",
        "43.23890, 76.88970",
        "599-бап, 1-бөлік",
        "статья 599, часть 1",
        "10 АЕК × 4 325 ₸ (2026 ж.) = 43 250 ₸",
        "10 МРП × 4 325 ₸ (2026 г.) = 43 250 ₸",
        "21 625 ₸",
        "7 жұмыс күні",
        "последний день исчисляется после вручения",
        "в течение 10 дней со дня вручения",
        "Сигнал горел красным 2,5 с.",
        "тіркелімнен әлі алынбаған",
        "ещё не получен из регистра",
        "присваивается при регистрации",
        "не является средством измерений",
        "жасанды интеллект қолданылып",
        "Решение принял сотрудник полиции",
        "полиция аға лейтенанты С. Қ. Үлгібаев",
        "ДЕМО ҮЛГІСІ: ЗАҢДЫ КҮШІ ЖОҚ",
        "ПОДПИСАНО СЕРТИФИКАТОМ РАЗРАБОТКИ",
        "https://police.example.kz/verify/DEMO-2026-000001",
        "1 / 2",
        "2 / 2",
    ],
)
def test_the_notice_tells_its_facts_in_both_languages(signed, fact):
    assert fact in words_of(signed)


def test_the_same_record_gives_the_same_bytes():
    assert render_notice(a_record(), PICTURES) == render_notice(a_record(), PICTURES)


def test_the_notice_is_two_pages_of_pdf_a_with_its_own_fonts():
    pdf = render_notice(a_record(), PICTURES)
    reader = PdfReader(io.BytesIO(pdf))
    assert len(reader.pages) == 2
    assert b"<pdfaid:part>2</pdfaid:part>" in pdf
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    inner = [font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object() for font in fonts]
    assert all({"/FontFile2", "/FontFile3"} & set(one) for one in inner)


def test_the_stills_are_in_the_notice_untouched():
    pdf = render_notice(a_record(), PICTURES)
    assert all(data in pdf for data in PICTURES.values())


def test_after_delivery_the_last_day_is_told():
    assert "по 22.12.2026 включительно (вручено 10.12.2026)" in words_of(
        render_notice(a_record(delivered=date(2026, 12, 10)), PICTURES)
    )


def test_the_owner_appears_only_when_the_register_has_told():
    owner = Owner(name="ТОО «Үлгі»", iin_bin="000000000000", address="г. Алматы")
    assert "ТОО «Үлгі», 000000000000, г. Алматы" in words_of(render_notice(a_record(owner=owner), PICTURES))


def test_a_warning_asks_for_no_payment():
    charge = a_record().charge.model_dump() | dict.fromkeys(["mci", "mci_year", "mci_kzt", "fine_kzt", "half_kzt"])
    words = words_of(render_notice(a_record(charge=Charge(**{**charge, "penalty": "warning"})), PICTURES))
    assert "предупреждение" in words
    assert "Оплата не требуется" in words
    assert "₸" not in words
    assert "Реквизиты" not in words


def test_a_measured_speed_stands_with_the_papers_of_its_device():
    charge = charge_of(find("592-2", "speeding", date(2026, 11, 22)))
    words = words_of(render_notice(a_record(charge=charge, measurement=SPEED, device=RADAR), PICTURES))
    assert "87 / 60 км/ч (скорость), погрешность 2 км/ч" in words
    assert "VT-2-0001, действительна до 01.03.2027" in words


def test_payment_details_that_are_not_configured_are_shown_as_missing():
    assert "реквизиты не указаны в настройках города" in words_of(render_notice(a_record(payment=None), PICTURES))


def test_a_real_document_carries_no_band():
    words = words_of(render_notice(a_record(demo=False, development_certificate=False), PICTURES))
    assert "ДЕМО" not in words
    assert "РАЗРАБОТКИ" not in words


def test_texts_are_never_read_as_markup():
    place = a_record().place.model_copy(update={"name": Both(kk="#panic() *қалың* $x$ \\ <a>", ru="@ref [x] `raw` #1")})
    words = words_of(render_notice(a_record(place=place), PICTURES))
    assert "#panic() *қалың* $x$ \\ <a>" in words
    assert "@ref [x] `raw` #1" in words


def test_long_texts_stay_within_the_page():
    long = Both(kk="Өте ұзақ атау " * 30, ru="Оченьдлинноеслово" * 12 + " хвост-конец")
    place = a_record().place.model_copy(update={"name": long})
    reader = PdfReader(io.BytesIO(render_notice(a_record(place=place), PICTURES)))
    width = float(reader.pages[0].mediabox.width)
    seen = []
    reader.pages[0].extract_text(visitor_text=lambda text, cm, tm, font, size: seen.append((tm[4], text)))
    assert any("конец" in text for _, text in seen)
    assert all(0 <= x < width for x, text in seen if text.strip())


def test_a_picture_that_is_missing_or_another_one_is_refused():
    with pytest.raises(InputError, match="still_in_act"):
        render_notice(a_record(), {k: v for k, v in PICTURES.items() if k != "still_in_act.jpg"})
    with pytest.raises(IntegrityError, match="still_in_act"):
        render_notice(a_record(), {**PICTURES, "still_in_act.jpg": PICTURES["still_before_line.jpg"]})


def test_a_signed_notice_is_judged_good(signed, certificates):
    verdict = verify_pdf(signed, certificates)
    assert (verdict.ok, verdict.code) == (True, None)
    assert "DEVELOPMENT" in verdict.signer


def test_signing_and_judging_work_inside_somebody_elses_event_loop(signer, certificates):
    record = a_record(certificate_serial=signer.serial)

    async def inside():
        return verify_pdf(sign_notice(render_notice(record, PICTURES), record, signer), certificates)

    assert asyncio.run(inside()).ok


def test_a_signed_notice_passes_the_offline_check_of_files(signed, home, tmp_path):
    path = tmp_path / "decision.pdf"
    path.write_bytes(signed)
    assert verify(path, trust_store(home)).ok
    path.write_bytes(signed.replace(b"/Producer", b"/Qroducer"))
    assert not verify(path, trust_store(home)).ok


def test_one_flipped_byte_anywhere_is_seen(signed, certificates):
    contents = signed.index(b"/Contents <")
    places = [*range(0, len(signed), len(signed) // 40), *range(contents, contents + 3300, 101), len(signed) - 1]
    unnoticed = []
    for at in places:
        changed = bytearray(signed)
        changed[at] ^= 1
        if verify_pdf(bytes(changed), certificates).ok:
            unnoticed.append(at)
    assert unnoticed == []


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda pdf: pdf + b"\n% appended", "pdf_altered"),
        (lambda pdf: pdf[:-20], "pdf_unreadable"),
        (lambda pdf: pdf[: len(pdf) // 2], "pdf_unreadable"),
        (lambda _: b"", "pdf_unreadable"),
        (lambda _: b"%PDF-1.7 nothing", "pdf_unreadable"),
        (lambda _: render_notice(a_record(), PICTURES), "pdf_unsigned"),
    ],
    ids=["appended", "end gone", "half gone", "empty", "no PDF", "unsigned"],
)
def test_what_is_wrong_is_named(signed, certificates, change, code):
    verdict = verify_pdf(change(signed), certificates)
    assert verdict.code in {code, "pdf_altered"} if code == "pdf_unreadable" else verdict.code == code


def test_a_stranger_certificate_is_not_accepted(signed, tmp_path):
    stranger = installation_document_signer(tmp_path)
    assert verify_pdf(signed, [stranger.certificate]).code == "pdf_unknown_signer"
    assert verify_pdf(signed, []).code == "pdf_unknown_signer"


def test_a_lawful_looking_later_revision_is_not_accepted(signed, certificates):
    writer = IncrementalPdfFileWriter(io.BytesIO(signed))
    writer.root["/Lang"] = TextStringObject("kk")
    writer.update_root()
    output = io.BytesIO()
    writer.write(output)
    assert verify_pdf(output.getvalue(), certificates).code == "pdf_altered"


def test_the_notice_must_name_the_certificate_that_signs(signer):
    with pytest.raises(IntegrityError, match="another certificate"):
        sign_notice(b"", a_record(certificate_serial="FF"), signer)


def test_the_document_signer_is_made_once(home, signer):
    assert installation_document_signer(home).serial == signer.serial


@pytest.mark.parametrize(
    "name",
    ['#read("data.json")', "#panic()", "*bold* _slanted_", "$ x^2 $", '#include "layout.typ"', "= Title",
     "<label> @label", "`raw`", "https://example.kz // end", '#import "@preview/x:1.0.0": *', "[#sys.version]",
     "\\#x ~ -- ---"],
)  # fmt: skip
def test_a_name_that_is_written_like_markup_is_set_as_it_is_written(name):
    owner = Owner(name=name, iin_bin="900101300123", address=None)
    assert name in words_of(render_notice(a_record(owner=owner), PICTURES))
