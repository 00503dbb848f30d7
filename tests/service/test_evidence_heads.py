from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.head import read_head
from evidence.keys import trust_store
from evidence.verify import verify
from qyran.errors import InputError
from service.evidence_heads import publish_heads, roots_gone
from service.settings import load_settings
from service.store.evidence_tables import LedgerPublication
from service.store.ledger import check_store, sign_heads
from tests.evidence.authority import served
from tests.service.world import World


@pytest.fixture
def publishing(settings, database_url, tmp_path):
    """An installation that publishes into a folder; what more is written is the test's."""
    file = tmp_path / "evidence.toml"
    file.write_text(f'[publish]\nfolder = "{tmp_path / "out"}"\n')
    with World(settings.model_copy(update={"evidence_file": file, "database_url": database_url})) as made:
        yield made


def out(world):
    return sorted((world.settings.home.parent / "out").glob("*.json"))


def test_the_head_of_a_day_goes_out_when_the_day_is_over(publishing):
    publishing.case()
    sign_heads(publishing.store)
    assert publish_heads(publishing.store).published == 0
    publishing.clock.forward(days=1)
    assert publish_heads(publishing.store).published == 1
    assert publish_heads(publishing.store).published == 0
    (file,) = out(publishing)
    head = read_head(file.read_bytes())
    assert (file.name, head.day) == ("ledger-head-2026-11-22.json", "2026-11-22")
    assert len(head.roots) == 1
    assert verify(file, trust_store(publishing.settings.home)).ok


def test_heads_are_chained_and_missed_days_are_made_up_for(publishing):
    publishing.case(track=1, plate="111AAA02")
    sign_heads(publishing.store)
    publishing.clock.forward(days=3)
    publishing.case(track=2, plate="222BBB02")
    publish_heads(publishing.store)
    heads = [read_head(path.read_bytes()) for path in out(publishing)]
    assert [head.day for head in heads] == ["2026-11-22", "2026-11-23", "2026-11-24"]
    assert [head.previous for head in heads] == [None, heads[0].sha256, heads[1].sha256]


def test_today_goes_out_only_where_it_is_asked_for(publishing):
    publishing.case()
    publish_heads(publishing.store, today=True)
    assert [path.name for path in out(publishing)] == ["ledger-head-2026-11-22.json"]
    publishing.clock.forward(days=1)
    publish_heads(publishing.store)
    assert read_head(out(publishing)[0].read_bytes()).holds(read_head(out(publishing)[0].read_bytes()).roots[0][1])


def test_a_place_that_is_away_delays_no_other_and_is_tried_again(publishing, tmp_path):
    publishing.case()
    sign_heads(publishing.store)
    file = publishing.settings.evidence_file
    got = []
    with served(lambda body: got.append(body) or b"", status=503) as url:
        file.write_text(f'[publish]\nfolder = "{tmp_path / "out"}"\nurl = "{url}"\n')
        publishing.clock.forward(days=1)
        done = publish_heads(publishing.store)
        assert (done.published, done.waiting) == (1, 1)
        assert publish_heads(publishing.store).waiting == 0
    file.write_text(f'[publish]\nfolder = "{tmp_path / "out"}"\n')
    with publishing.store.write() as work:
        row = next(one for one in work.session.query(LedgerPublication) if one.place.startswith("url:"))
        assert (row.attempts, "503" in row.error) == (1, True)
        assert row.next_try - publishing.clock.now > timedelta(minutes=4)


def test_a_place_gets_the_very_bytes_that_were_signed(publishing, tmp_path):
    publishing.case()
    sign_heads(publishing.store)
    got = []
    with served(lambda body: got.append(body) or b"") as url:
        publishing.settings.evidence_file.write_text(f'[publish]\nfolder = "{tmp_path / "out"}"\nurl = "{url}"\n')
        publishing.clock.forward(days=1)
        publish_heads(publishing.store)
    assert got == [out(publishing)[0].read_bytes()]


def test_without_a_mail_server_an_address_waits_with_the_reason(publishing):
    publishing.case()
    sign_heads(publishing.store)
    publishing.settings.evidence_file.write_text('[publish]\nemail = ["court@example.kz"]\n')
    publishing.clock.forward(days=1)
    assert publish_heads(publishing.store).waiting == 1
    with publishing.store.read() as work:
        errors = [one.error for one in work.session.query(LedgerPublication) if one.error]
    assert "No mail server" in errors[0]


def test_a_store_whose_root_was_taken_away_is_found_by_its_published_head(publishing, tmp_path):
    publishing.case()
    sign_heads(publishing.store)
    publishing.clock.forward(days=1)
    publish_heads(publishing.store)
    (file,) = out(publishing)
    assert roots_gone(publishing.store, file) == []
    with World(publishing.settings.model_copy(update={"home": tmp_path / "other", "database_url": ""})) as other:
        trusted = other.settings.home / "keys" / "trusted"
        for pem in (publishing.settings.home / "keys" / "trusted").glob("*.pem"):
            (trusted / pem.name).write_bytes(pem.read_bytes())
        assert len(roots_gone(other.store, file)) == 1
        assert check_store(other.store) == []


def test_a_head_of_a_stranger_proves_nothing(publishing, tmp_path):
    publishing.case()
    sign_heads(publishing.store)
    publishing.clock.forward(days=1)
    publish_heads(publishing.store)
    with (
        World(publishing.settings.model_copy(update={"home": tmp_path / "other", "database_url": ""})) as other,
        pytest.raises(InputError, match="not signed by a key"),
    ):
        roots_gone(other.store, out(publishing)[0])


@pytest.fixture(scope="module")
def a_head(tmp_path_factory):
    folder = tmp_path_factory.mktemp("head")
    file = folder / "evidence.toml"
    file.write_text(f'[publish]\nfolder = "{folder / "out"}"\n')
    with World(load_settings(home=folder / "home", evidence_file=file)) as world:
        world.case()
        publish_heads(world.store, today=True)
    return next((folder / "out").iterdir()), trust_store(folder / "home")


@given(data=st.data())
def test_one_changed_byte_of_a_published_head_is_found(a_head, data):
    path, trust = a_head
    content = path.read_bytes()
    at = data.draw(st.integers(0, len(content) - 1))
    changed = path.parent.parent / "ledger-head-2026-11-22.json"
    changed.write_bytes(content[:at] + bytes([content[at] ^ data.draw(st.integers(1, 255))]) + content[at + 1 :])
    assert not verify(changed, trust).ok
