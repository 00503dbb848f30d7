"""The ledger's head of a day goes out by a real mail server, and whoever kept the letter can check it."""

from __future__ import annotations

from email import message_from_bytes, policy

import pytest

from evidence.keys import trust_store
from evidence.verify import verify
from service.evidence_heads import publish_heads, roots_gone
from service.store.ledger import sign_heads
from tests.service.sent import with_files
from tests.service.smtp_server import PASSWORD, USER, smtp_server
from tests.service.test_resolutions import MAIL
from tests.service.world import World


@pytest.fixture
def posted(settings, tmp_path, monkeypatch):
    """An installation that mails the heads of its ledger to an archive."""
    monkeypatch.setenv("SMTP_PASSWORD", PASSWORD)
    file = tmp_path / "evidence.toml"
    file.write_text('[publish]\nemail = ["archive@example.kz"]\n', encoding="utf-8")
    with (
        smtp_server(tmp_path) as (box, port, certificate),
        World(settings.model_copy(update={"evidence_file": file})) as made,
    ):
        with_files(made, MAIL.format(port=port, user=USER, certificate=certificate))
        made.box = box
        made.case()
        sign_heads(made.store)
        made.clock.forward(days=1)
        yield made


def test_the_letter_holds_the_signed_head_and_says_in_three_languages_what_it_is_for(posted, tmp_path):
    assert publish_heads(posted.store).published == 1
    ((to, content),) = posted.box.letters
    letter = message_from_bytes(content, policy=policy.default)
    (attached,) = letter.iter_attachments()
    said = letter.get_body().get_content()
    assert to == ["archive@example.kz"]
    assert all(word in said for word in ("register of cases", "журнала дел", "істер журналы"))
    kept = tmp_path / attached.get_filename()
    kept.write_bytes(attached.get_payload(decode=True))
    assert verify(kept, trust_store(posted.settings.home)).ok
    assert roots_gone(posted.store, kept) == []


def test_a_mail_server_that_refuses_for_now_gets_it_later_and_once(posted):
    posted.box.replies = ["452 4.3.1 disk full"]
    assert publish_heads(posted.store).published == 0
    posted.clock.forward(hours=1)
    assert publish_heads(posted.store).published == 1
    posted.clock.forward(hours=1)
    assert publish_heads(posted.store).published == 0
    numbers = {message_from_bytes(one, policy=policy.default)["Message-ID"] for _, one in posted.box.letters}
    assert len(numbers) == 1  # a letter that came twice would be seen as one
