from __future__ import annotations

import os
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select, update

from evidence.canonical import canonical_json
from qyran.errors import ConfigError, IntegrityError, QyranError, TransitionError
from service import key_rotation
from service.key_rotation import BEFORE, TABLES, begin, reseal, waiting
from service.plate_index import plate_of
from service.store import keyring
from service.store.base import Base
from service.store.events import facts_of
from service.store.ledger import check_store
from service.store.passage_tables import PlateIndex
from service.store.tables import Passage, Personal
from service.store.vault import Vault, _encrypt, _wrap

PAYLOAD = {"name": "Үлгіев Ерлан", "iin": "000012300000"}


@pytest.fixture
def vault(tmp_path):
    return Vault(tmp_path / "keys")


def plates(world) -> list[str]:
    with world.store.read() as work:
        records = sorted(set(work.session.scalars(select(Personal.record))))
        said = facts_of(work.session, world.store.vault, records)
        passed = [plate_of(work, row) for row in work.session.scalars(select(Passage))]
        return sorted([one["plate"] for one in said.values() if "plate" in one] + passed)


def as_before_keys_had_names(world) -> None:
    """Rows as the first version of the store sealed them."""
    vault = world.store.vault
    key = vault.ring.keys[vault.ring.active]
    with world.store.write() as work:
        for row in work.session.scalars(select(Personal)):
            opened = vault.open(row.record, row.seq, row.wrapped_key, row.sealed)
            data, place = os.urandom(32), canonical_json([row.record, row.seq])
            row.wrapped_key = _encrypt(_wrap(key), data, place)
            row.sealed = _encrypt(keyring_cipher(data), canonical_json(opened), place)
        for row in work.session.scalars(select(Passage)):
            opened = vault.open(row.id, 0, row.wrapped_key, row.sealed)
            data, place = os.urandom(32), canonical_json([row.id, 0])
            row.wrapped_key = _encrypt(_wrap(key), data, place)
            row.sealed = _encrypt(keyring_cipher(data), canonical_json(opened), place)


def keyring_cipher(key: bytes):
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    return AESGCM(key)


@pytest.fixture
def busy(both):
    for plate in ("123ABC02", "456DEF02", "789KLM01"):
        both.take(both.event(plate=plate, track=None), evidence=False)
        both.take(both.event("passage", type="passage", plate=plate, evidence=None), evidence=False)
    return both


def test_every_table_with_a_sealed_key_is_sealed_anew_by_a_rotation():
    have = {name for name, table in Base.metadata.tables.items() if "wrapped_key" in table.columns}
    assert {one.table.__tablename__ for one in TABLES} == have


def test_a_rotation_moves_everything_to_the_new_key_and_loses_nothing(busy):
    before, old = plates(busy), busy.store.vault.ring.active
    assert waiting(busy.store) == {}
    new = begin(busy.store)
    count = sum(waiting(busy.store).values())
    assert waiting(busy.store) == {old: count}
    assert reseal(busy.store) == count
    assert waiting(busy.store) == {}
    assert plates(busy) == before
    assert check_store(busy.store) == []
    assert busy.store.vault.ring.active == new


def test_the_old_key_can_be_removed_when_nothing_uses_it_and_not_before(busy):
    before, old = plates(busy), busy.store.vault.ring.active
    token = busy.store.vault.token("123ABC02")
    with pytest.raises(TransitionError, match="seals now"):
        key_rotation.remove(busy.store, old)
    begin(busy.store)
    with pytest.raises(TransitionError, match="still under the key"):
        key_rotation.remove(busy.store, old)
    reseal(busy.store)
    with pytest.raises(TransitionError, match="less than an hour"):
        key_rotation.remove(busy.store, old)
    busy.clock.forward(hours=2)
    key_rotation.remove(busy.store, old)
    fresh = Vault(busy.settings.home / "keys")
    assert set(fresh.ring.keys) == {busy.store.vault.ring.active}
    assert fresh.token("123ABC02") == token
    assert plates(busy) == before
    with pytest.raises(ConfigError, match="no key"):
        key_rotation.remove(busy.store, old)


def test_a_rotation_that_was_killed_goes_on_where_it_was(busy, monkeypatch):
    before = plates(busy)
    monkeypatch.setattr(key_rotation, "BATCH", 2)
    begin(busy.store)
    count = sum(waiting(busy.store).values())
    assert reseal(busy.store, most=3) == 3
    with pytest.raises(TransitionError, match="not finished"):
        begin(busy.store)
    assert reseal(busy.store) == count - 3
    assert waiting(busy.store) == {}
    assert plates(busy) == before


def test_rows_of_before_keys_had_names_are_opened_and_moved(busy):
    before = plates(busy)
    as_before_keys_had_names(busy)
    assert plates(busy) == before
    assert set(waiting(busy.store)) == {BEFORE}
    begin(busy.store)
    reseal(busy.store)
    assert waiting(busy.store) == {}
    assert plates(busy) == before


def test_a_running_service_takes_the_new_key_over_by_itself(busy):
    other = Vault(busy.settings.home / "keys")
    new = begin(busy.store)
    wrapped, sealed = other.seal("r", 1, PAYLOAD)
    assert wrapped[1:9].hex() == new
    assert busy.store.vault.open("r", 1, wrapped, sealed) == PAYLOAD


def test_what_was_erased_meanwhile_stays_erased(busy):
    with busy.store.write() as work:
        row = work.session.scalars(select(Personal).order_by(Personal.record)).first()
        row.wrapped_key = row.sealed = None
    begin(busy.store)
    reseal(busy.store)
    with busy.store.read() as work:
        assert work.session.get(Personal, (row.record, row.seq)).sealed is None


def test_a_damaged_row_stops_a_rotation_with_its_name(busy):
    with busy.store.write() as work:
        row = work.session.scalars(select(PlateIndex)).first()
        work.session.execute(
            update(PlateIndex).where(PlateIndex.token == row.token).values(sealed=flipped(row.sealed, 20))
        )
    begin(busy.store)
    with pytest.raises(IntegrityError, match=row.token):
        reseal(busy.store)


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]


@given(st.integers(0, 10_000), st.booleans())
def test_one_flipped_byte_anywhere_is_one_clear_error(tmp_path_factory, place, of_key):
    vault = Vault(tmp_path_factory.mktemp("keys"))
    wrapped, sealed = vault.seal("case-1", 3, PAYLOAD)
    given_ = (
        (flipped(wrapped, place % len(wrapped)), sealed) if of_key else (wrapped, flipped(sealed, place % len(sealed)))
    )
    with pytest.raises(IntegrityError) as error:
        vault.open("case-1", 3, *given_)
    assert "case-1" in str(error.value)
    assert "\n" not in str(error.value)
    assert PAYLOAD["iin"] not in str(error.value)


MOVED = {
    "another row": (("case-2", 3), {}),
    "another place": (("case-1", 4), {}),
    "another table": (("case-1", 3), {"table": "plate_index"}),
}


@pytest.mark.parametrize(("place", "named"), MOVED.values(), ids=MOVED)
def test_what_was_sealed_opens_nowhere_else(vault, place, named):
    wrapped, sealed = vault.seal("case-1", 3, PAYLOAD)
    assert vault.open("case-1", 3, wrapped, sealed) == PAYLOAD
    with pytest.raises(IntegrityError, match="altered or moved"):
        vault.open(*place, wrapped, sealed, **named)


def test_key_and_payload_cannot_change_places(vault):
    wrapped, sealed = vault.seal("case-1", 3, PAYLOAD)
    with pytest.raises(IntegrityError):
        vault.open("case-1", 3, sealed, wrapped)


def test_another_installations_key_is_named_as_missing(vault, tmp_path):
    wrapped, sealed = vault.seal("case-1", 3, PAYLOAD)
    with pytest.raises(IntegrityError, match=f"key {vault.ring.active}, which is not in"):
        Vault(tmp_path / "others").open("case-1", 3, wrapped, sealed)


BAD_KEYS = {
    "a short key": (keyring.FIRST, b"short"),
    "a short index key": (keyring.INDEX, b"short"),
    "a ring that is none": (keyring.RING, b"{"),
    "a ring that names another key": (keyring.RING, b'{"active": "00", "since": "2026-01-01T00:00:00+00:00"}'),
}


@pytest.mark.parametrize(("name", "content"), BAD_KEYS.values(), ids=BAD_KEYS)
def test_a_key_that_cannot_be_is_one_sentence(vault, name, content):
    path = vault.folder / name
    path.unlink(missing_ok=True)
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(QyranError) as error:
        Vault(vault.folder)
    assert "\n" not in str(error.value)


def test_equal_texts_have_equal_tokens_and_others_have_others(vault):
    tokens = [vault.token(text) for text in ("123ABC02", "123ABC03", "12AABC02")]
    assert vault.token("123ABC02") == tokens[0]
    assert all(one != other for one, other in pairwise(tokens))
    assert {vault.bucket("AB", 512), vault.bucket("AB", 512)} == {vault.bucket("AB", 512)}
