from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence import der
from evidence.keys import Trust, installation_signer
from evidence.stamps import STAMP, check_stamp, write_stamp
from evidence.timestamp import TokenFault, check_token
from evidence.tsa import StampRefused, request_of, stamp, token_in
from evidence.verify import verify
from tests.evidence.authority import Authority, served

DIGEST = hashlib.sha256(b"a manifest").hexdigest()


@pytest.fixture(scope="module", params=[(False, "sha256"), (True, "sha1")], ids=["rsa", "curve"])
def authority(request, tmp_path_factory):
    curve, ess = request.param
    return Authority(tmp_path_factory.mktemp("authority"), curve=curve, ess=ess)


@pytest.fixture(scope="module")
def another(tmp_path_factory):
    return Authority(tmp_path_factory.mktemp("another"), curve=True)


@pytest.fixture(scope="module")
def token(authority):
    return token_in(authority.answer(request_of(DIGEST, 7)))


@pytest.fixture
def stamped(package, signer, another):
    """A package with a real token beside it, and what trusts both."""
    write_stamp(package.folder, package.sha256, token_in(another.answer(request_of(package.sha256, 1))), signer)
    return package


def trusting(trust: Trust, authority: Authority | None) -> Trust:
    return Trust(trust.keys, trust.certificates, authority.certificates if authority else ())


def test_an_authoritys_token_over_http_tells_when_it_saw_the_digest(authority):
    with served(authority.answer) as url:
        _, said = stamp(url, DIGEST, authority.certificates)
    assert abs(said.time - datetime.now(UTC)) < timedelta(minutes=5)
    assert (said.policy, said.authority, said.anchored) == ("1.2.3.4.1", "CN=Qyran test tsa", True)


def test_a_token_of_an_authority_nobody_trusts_is_not_taken(authority, another):
    with served(authority.answer) as url, pytest.raises(StampRefused, match="not trusted"):
        stamp(url, DIGEST, another.certificates)


@pytest.mark.parametrize(
    ("answer", "status", "said"),
    [
        (lambda _: b"", 503, "HTTP 503"),
        (lambda _: b"<html>", 200, "no time stamp response"),
        (lambda _: bytes.fromhex("30053003020102"), 200, "status 2"),
        (lambda _: b"\x30" * (2 << 20), 200, "too large"),
    ],
)
def test_an_authority_that_gives_no_token_is_told_as_such(answer, status, said):
    with served(answer, status=status) as url, pytest.raises(StampRefused, match=said):
        stamp(url, DIGEST, ())


def test_an_old_answer_played_again_is_not_taken(authority):
    old = authority.answer(request_of(DIGEST, 7))
    with served(lambda _: old) as url, pytest.raises(StampRefused, match="another request"):
        stamp(url, DIGEST, authority.certificates)


def test_an_authority_that_is_away_is_told_as_such():
    with pytest.raises(StampRefused, match="cannot be reached"):
        stamp("http://127.0.0.1:9/", DIGEST, ())


def test_a_token_stamps_one_digest_only(token, authority):
    assert check_token(token, DIGEST, authority.certificates).anchored
    with pytest.raises(TokenFault, match="stamp_other"):
        check_token(token, hashlib.sha256(b"another").hexdigest(), authority.certificates)


def test_a_token_without_a_trusted_authority_is_checked_by_itself(token):
    assert not check_token(token, DIGEST, ()).anchored


@given(data=st.data())
def test_what_the_authority_signed_cannot_change_unseen(token, authority, data):
    info = token.index(bytes.fromhex(DIGEST))
    at = data.draw(st.integers(info - 40, info + 60))
    changed = bytearray(token)
    changed[at] ^= data.draw(st.integers(1, 255))
    with pytest.raises(TokenFault):
        check_token(bytes(changed), DIGEST, authority.certificates)


@given(st.binary(max_size=80))
def test_no_bytes_make_the_reader_of_tokens_stumble(noise):
    with pytest.raises(TokenFault):
        check_token(noise, DIGEST, ())


@given(st.integers(0, 2**70))
def test_a_number_is_read_as_it_was_written(value):
    assert der.read(der.integer(value)).number() == value


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=8), st.integers(0, 39))
def test_an_identifier_is_read_as_it_was_written(rest, second):
    dotted = ".".join(str(arc) for arc in (1, second, *rest))
    assert der.read(der.oid(dotted)).oid() == dotted


@given(st.binary(max_size=300))
def test_a_value_is_read_as_it_was_written(content):
    assert der.read(der.write(der.OCTETS, content)).content == content


def test_a_stamped_package_is_intact_and_says_what_is_not_known(stamped, trust, another):
    known = verify(stamped.folder, trusting(trust, another))
    assert (known.ok, known.notes) == (True, ())
    unknown = verify(stamped.folder, trusting(trust, None))
    assert (unknown.ok, [note.code for note in unknown.notes]) == (True, ["stamp_not_anchored"])


def test_a_package_without_a_stamp_says_that_it_is_pending(package, trust):
    verdict = verify(package.folder, trust)
    assert (verdict.ok, [note.code for note in verdict.notes]) == (True, ["stamp_pending"])


def test_a_stamp_of_another_package_is_named(stamped, trust, another, signer):
    write_stamp(stamped.folder, stamped.sha256, token_in(another.answer(request_of(DIGEST, 1))), signer)
    assert [one.code for one in verify(stamped.folder, trusting(trust, another)).reasons] == ["stamp_other"]


def test_a_stamp_put_there_by_a_stranger_is_named(stamped, trust, another, tmp_path):
    stranger = installation_signer(tmp_path / "stranger")
    token = token_in(another.answer(request_of(stamped.sha256, 1)))
    write_stamp(stamped.folder, stamped.sha256, token, stranger)
    assert [one.code for one in verify(stamped.folder, trusting(trust, another)).reasons] == ["stamp_unknown_key"]


def test_a_stamp_of_an_untrusted_authority_is_named(stamped, trust, authority):
    assert [one.code for one in verify(stamped.folder, trusting(trust, authority)).reasons] == ["stamp_untrusted"]


@given(data=st.data())
def test_one_changed_byte_of_a_stamp_is_found(stamp_file, trust, another, data):
    content, manifest_sha256 = stamp_file
    changed = bytearray(content)
    changed[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(TokenFault):
        check_stamp(bytes(changed), manifest_sha256, trusting(trust, another))


@pytest.fixture(scope="module")
def stamp_file(another, signer, tmp_path_factory):
    folder = tmp_path_factory.mktemp("stamp")
    write_stamp(folder, DIGEST, token_in(another.answer(request_of(DIGEST, 1))), signer)
    return (folder / STAMP).read_bytes(), DIGEST
