from __future__ import annotations

from email import message_from_bytes, policy

import pytest

from service.ports.channels import ChannelDown, Letter, Refused
from service.ports.smtp import Mailer, receipt_of
from tests.service.smtp_server import PASSWORD, USER, smtp_server

LETTER = Letter(
    key="7d9f0c1e-0000-4000-8000-000000000001", to="owner@example.kz", subject="№ CITY-2026-000001 нұсқама",
    text="Қазақша.\n\nПо-русски.", document_no="CITY-2026-000001", document=b"%PDF-1.7 signed",
)  # fmt: skip
NOTICE = """From: MAILER-DAEMON@example.kz
To: notices@example.kz
Date: Mon, 23 Nov 2026 12:00:00 +0500
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary="b"

--b
Content-Type: text/plain

Of a letter.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; mail.example.kz
Original-Envelope-Id: {key}

Final-Recipient: rfc822; owner@example.kz
Action: {action}
Status: {status}

--b--
"""


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    with smtp_server(tmp_path_factory.mktemp("smtp")) as found:
        yield found


@pytest.fixture
def mailer(server):
    box, port, certificate = server
    box.letters.clear()
    return Mailer("127.0.0.1", port, "notices@example.kz", USER, PASSWORD, certificate)


def test_a_letter_arrives_whole_over_tls_after_a_login(server, mailer):
    mailer.send(LETTER)
    ((to, content),) = server[0].letters
    message = message_from_bytes(content, policy=policy.default)
    assert to == ["owner@example.kz"]
    assert message["Subject"] == LETTER.subject
    assert message["Message-ID"] == f"<{LETTER.key}@example.kz>"
    assert "По-русски." in message.get_body().get_content()
    (attached,) = message.iter_attachments()
    assert (attached.get_filename(), attached.get_content()) == ("CITY-2026-000001.pdf", LETTER.document)


@pytest.mark.parametrize(
    ("reply", "kind", "code"),
    [
        ("550 5.1.1 <owner@example.kz> unknown", Refused, "smtp_550"),
        ("450 4.2.1 mailbox busy", ChannelDown, "smtp_450"),
    ],
)
def test_a_recipient_is_refused_for_good_or_for_now_and_never_named(server, mailer, reply, kind, code):
    server[0].refuse.append(reply)
    with pytest.raises(kind) as caught:
        mailer.send(LETTER)
    assert caught.value.code == code
    assert "owner" not in str(caught.value)


@pytest.mark.parametrize(
    ("reply", "kind"), [("554 5.7.1 content rejected", Refused), ("452 4.3.1 disk full", ChannelDown)]
)
def test_so_is_a_letter(server, mailer, reply, kind):
    server[0].replies.append(reply)
    with pytest.raises(kind):
        mailer.send(LETTER)


def test_a_wrong_password_an_untrusted_server_and_a_dead_one_are_ours_to_mend(server, mailer):
    port = mailer.port
    for broken, code in (
        (Mailer("127.0.0.1", port, mailer.sender, USER, "wrong", mailer.ca_file), "smtp_535"),
        (Mailer("127.0.0.1", port, mailer.sender, USER, PASSWORD), "tls_untrusted"),
        (Mailer("127.0.0.1", 1, mailer.sender, USER, PASSWORD), "no_connection"),
    ):
        with pytest.raises(ChannelDown) as caught:
            broken.send(LETTER)
        assert caught.value.code == code
    assert server[0].letters == []


def test_an_address_that_is_none_is_refused(mailer):
    with pytest.raises(Refused):
        mailer.send(Letter("k", "a\nb@example.kz", "s", "t", "n", b""))


@pytest.mark.parametrize(
    ("action", "status", "kind", "reason"),
    [("delivered", "2.1.5", "delivered", None), ("failed", "5.1.1", "undeliverable", "smtp_5_1_1")],
)
def test_a_delivery_notice_is_read(action, status, kind, reason):
    receipt = receipt_of(NOTICE.format(key=LETTER.key, action=action, status=status).encode())
    assert (receipt.key, receipt.kind, receipt.reason) == (LETTER.key, kind, reason)
    assert receipt.time.isoformat() == "2026-11-23T12:00:00+05:00"


@pytest.mark.parametrize(
    "raw",
    [b"", b"Subject: hello\n\nI am on holiday.", NOTICE.format(key="", action="failed", status="5").encode(),
     NOTICE.format(key="k", action="delayed", status="4.0.0").encode()],
)  # fmt: skip
def test_what_is_no_notice_of_an_end_is_none(raw):
    assert receipt_of(raw) is None


def test_notices_wait_in_the_maildir_until_they_are_seen(tmp_path):
    (tmp_path / "new").mkdir()
    (tmp_path / "new" / "1.mail").write_text(NOTICE.format(key="k", action="failed", status="5.0.0"), encoding="utf-8")
    (tmp_path / "new" / "2.mail").write_text("Subject: hello\n\nto be read by a person", encoding="utf-8")
    mailer = Mailer("127.0.0.1", 1, "a@b.kz", bounces=tmp_path)
    (receipt,) = mailer.receipts()
    mailer.seen(receipt)
    mailer.seen(receipt)
    assert list(mailer.receipts()) == []
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["2.mail"]
