"""Letters printed in batches, and what the post answers about them."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, timedelta
from pathlib import Path

import pytest
from pypdf import PdfReader

from evidence.canonical import sha256_hex
from qyran.errors import AccessError, InputError
from qyran.roles import SYSTEM, Role
from service.delivery_post import PostReceipt, print_batch, take_receipts
from service.record_files import read_lines
from tests.service.sent import OWNER, a_pdf, a_signed, case_row, states, with_files
from tests.service.world import NOON

ADDRESSES = (
    "050010, Алматы қ., Достық д., 10", "050000, Алматы қ., Абай д., 10", "050000, Алматы қ., Абай д., 9",
    "=HYPERLINK(x), Алматы қ.",
)  # fmt: skip
SORTED = (ADDRESSES[2], ADDRESSES[1], ADDRESSES[0], ADDRESSES[3])
SOURCE = Path("post.csv")


def owner(address: str) -> dict:
    return {**OWNER, "address": address, "phone": None, "email": None}


@pytest.fixture
def printed(world):
    """A world with a printed batch of four letters."""
    with_files(world, 'notify = ["post"]')
    world.cases = {address: a_signed(world, owner=owner(address), pdf=a_pdf(2)) for address in ADDRESSES}
    world.batch = world.do(SYSTEM, print_batch)
    return world


def answer(world, *lines: tuple[int, str, date]) -> int:
    given = [(n, PostReceipt(batch=1, position=p, status=s, date=d)) for n, (p, s, d) in enumerate(lines, start=2)]
    return world.do(SYSTEM, take_receipts, given, SOURCE)


def test_letters_are_bound_in_the_order_of_addresses_two_sides_a_sheet(printed):
    folder = printed.batch.folder
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    bound = (folder / "letters.pdf").read_bytes()
    assert manifest["files"]["letters.pdf"] == sha256_hex(bound)
    assert [one["first_page"] for one in manifest["letters"]] == [1, 5, 9, 13]
    pages = PdfReader(io.BytesIO(bound)).pages
    assert len(pages) == 16
    sheets = [" ".join(pages[one["first_page"] - 1].extract_text().split()) for one in manifest["letters"]]
    assert all(address in sheet for address, sheet in zip(SORTED, sheets, strict=True))
    assert "Мысалов Үлгі" in sheets[0]


def test_the_address_file_opens_in_a_spreadsheet_and_runs_nothing(printed):
    text = (printed.batch.folder / "addresses.csv").read_text(encoding="utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text), delimiter=";"))
    assert [row["postcode"] for row in rows] == ["050000", "050000", "050010", ""]
    assert rows[3]["address"].startswith("'=")
    assert [row["pages"] for row in rows] == ["4"] * 4


def test_printing_is_not_sending(printed):
    case = printed.cases[ADDRESSES[0]]
    assert states(printed, case) == [("post", "printed")]
    assert case_row(printed, case).delivery == "pending"
    assert printed.do(SYSTEM, print_batch) is None


def test_what_the_post_answers_moves_the_delivery_and_starts_the_terms(printed):
    day = NOON.date()
    printed.clock.forward(days=3)
    assert answer(printed, (1, "accepted", day), (1, "delivered", day + timedelta(days=2)), (2, "delivered", day)) == 3
    first, second = case_row(printed, printed.cases[SORTED[0]]), case_row(printed, printed.cases[SORTED[1]])
    assert (first.delivery, second.delivery) == ("delivered", "delivered")
    assert first.t_first_notification_sent == first.t_signed  # the post tells a day, and the letter is younger
    assert (first.t_delivered - first.t_signed).days == 1
    assert first.payment_term_ends is not None
    assert answer(printed, (1, "delivered", day + timedelta(days=2))) == 0


def test_a_letter_that_comes_back_waits_for_another_address(printed):
    day = NOON.date()
    printed.clock.forward(days=5)
    answer(printed, (3, "accepted", day), (3, "returned", day + timedelta(days=4)))
    case = printed.cases[SORTED[2]]
    assert case_row(printed, case).delivery == "undeliverable"
    assert states(printed, case) == [("post", "undeliverable")]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ((9, "delivered", NOON.date()), "no letter 9 in the batch 1"),
        ((1, "delivered", NOON.date() - timedelta(days=1)), "before the decision or in the future"),
        ((1, "delivered", NOON.date() + timedelta(days=1)), "before the decision or in the future"),
    ],
)
def test_a_line_that_cannot_be_is_refused_and_nothing_of_the_file_is_stored(printed, line, said):
    with pytest.raises(InputError, match=f"line 3: .*{said}"):
        answer(printed, (2, "delivered", NOON.date()), line)
    assert case_row(printed, printed.cases[SORTED[1]]).delivery == "pending"


@pytest.mark.parametrize(
    ("text", "said"),
    [("batch,position,status,date\n1,1,lost,2026-11-22", "status"), ("batch,position\n1,1", "status"),
     ("batch,position,status,date\n0,1,delivered,2026-11-22", "batch"), ("", "holds no record")],
)  # fmt: skip
def test_a_file_of_another_form_is_refused_with_its_line(tmp_path, text, said):
    path = tmp_path / "post.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=said):
        read_lines(path, PostReceipt)


def test_who_has_no_address_gets_no_letter_and_holds_up_nobody(world):
    with_files(world, 'notify = ["post"]')
    known = a_signed(world, owner=owner(ADDRESSES[0]))
    world.clock.forward(seconds=1)
    unknown = a_signed(world, owner=owner(""))
    assert world.do(SYSTEM, print_batch).letters == 1
    assert states(world, known) == [("post", "printed")]
    assert states(world, unknown) == []


def test_letters_are_printed_by_a_senior_officer_or_the_machine(world):
    with pytest.raises(AccessError):
        world.do(world.person(Role.ADMINISTRATOR), print_batch)
