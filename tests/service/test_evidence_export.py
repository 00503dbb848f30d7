from __future__ import annotations

import hashlib
import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from evidence.keys import Trust, installation_signer, trust_store
from evidence.stored_zip import write_stored
from evidence.verify import verify
from qyran.errors import AccessError, InputError, IntegrityError, NotFound
from qyran.roles import SYSTEM, Role
from service import cases, evidence_copies, signing
from service.evidence_export import export_evidence, exports_of
from service.evidence_heads import publish_heads
from service.evidence_stamps import ask_stamps
from service.settings import load_settings
from service.store.ledger import sign_heads
from service.store.tables import AccessLog, Evidence, ViolationCase
from tests.evidence.authority import Authority, served
from tests.evidence.finders import a_masker
from tests.service.world import World


@dataclass(frozen=True)
class Left:
    """A signed, stamped and published case, and both files that left of it."""

    world: World
    case: str
    full: Path
    masked: Path
    authority: Authority
    trust: Trust


@pytest.fixture(scope="module")
def left(tmp_path_factory):
    """Made once: nothing below changes it."""
    folder = tmp_path_factory.mktemp("left")
    authority = Authority(folder / "authority", curve=True)
    with pytest.MonkeyPatch.context() as patched, served(authority.answer) as url:
        patched.setattr(evidence_copies, "eyes", lambda _: (a_masker(), {"road": "c" * 64, "plates": "d" * 64}))
        patched.setenv("QYRAN_HOME", str(folder / "home"))
        file = folder / "evidence.toml"
        file.write_text(f'[time_stamp]\nurl = "{url}"\n[publish]\nfolder = "{folder / "published"}"\n')
        trusted = folder / "home" / "keys" / "trusted" / "time"
        trusted.mkdir(parents=True)
        (trusted / "ca.pem").write_bytes((authority.folder / "ca.pem").read_bytes())
        settings = load_settings(home=folder / "home", second_look_share=0, evidence_file=file)
        with World(settings, demo=True) as world:
            case = world.case()
            ask_stamps(world.store)
            officer = world.person(Role.POLICE_OFFICER)
            world.do(officer, cases.claim, case)
            world.do(officer, cases.confirm, case, "599-1")
            world.do(officer, signing.sign, case)
            full, masked = folder / "full.zip", folder / "masked.zip"
            sign_heads(world.store)
            world.clock.forward(days=1)
            publish_heads(world.store)
            for variant, target in (("full", full), ("masked", masked)):
                export_evidence(world.store, SYSTEM, ViolationCase, case, variant, "для суда", target)
            yield Left(world, case, full, masked, authority, trust_store(settings.home))


def run(command: list[str | Path], cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=cwd, check=False, capture_output=True, text=True)


def names(path: Path) -> list[str]:
    with zipfile.ZipFile(path) as opened:
        return opened.namelist()


def content(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path) as opened:
        return opened.read(name)


def test_the_full_export_holds_everything_and_the_masked_one_what_may_be_shown(left):
    tops = {name.partition("/")[0] for name in names(left.full)}
    assert {"packages", "decision", "stamps", "ledger", "keys", "masked", "verify.py", "README.kk.md"} <= tops
    shown = names(left.masked)
    assert not [name for name in shown if name.startswith(("packages/", "decision/", "stamps/"))]
    assert {name.split("/")[1] for name in shown if name.startswith("masked/")} == {"pictures", "clip"}


def test_any_program_for_zip_files_opens_it(left):
    with zipfile.ZipFile(left.full) as opened:
        assert opened.testzip() is None
        assert opened.namelist() == sorted(opened.namelist())


@pytest.mark.parametrize("which", ["full", "masked"])
def test_an_export_is_intact(left, which):
    verdict = verify(getattr(left, which), left.trust)
    assert (verdict.ok, verdict.notes) == (True, ())


def test_an_export_unpacked_is_intact_too(left, tmp_path):
    with zipfile.ZipFile(left.full) as opened:
        opened.extractall(tmp_path / "out")
    assert verify(tmp_path / "out", left.trust).ok
    (tmp_path / "out" / "packages" / "more.txt").write_text("x")
    assert [one.code for one in verify(tmp_path / "out", left.trust).reasons] == ["surplus"]


def test_the_masked_export_tells_no_plate(left):
    with zipfile.ZipFile(left.masked) as opened:
        assert not [name for name in opened.namelist() if b"123ABC02" in opened.read(name)]


def test_one_changed_byte_in_any_file_is_found_and_named(left, tmp_path):
    data = left.full.read_bytes()
    with zipfile.ZipFile(BytesIO(data)) as opened:
        for info in opened.infolist():
            start = info.header_offset + 30 + len(info.filename)
            for at in {start, start + info.file_size // 2, start + info.file_size - 1} if info.file_size else ():
                changed = tmp_path / "changed.zip"
                changed.write_bytes(data[:at] + bytes([data[at] ^ 0x20]) + data[at + 1 :])
                verdict = verify(changed, left.trust)
                assert info.filename in {one.path for one in verdict.reasons}, (info.filename, verdict.reasons)


@given(data=st.data())
def test_one_changed_byte_anywhere_in_the_file_is_found(left, data):
    content_of = left.masked.read_bytes()
    at = data.draw(st.integers(0, len(content_of) - 1))
    changed = left.masked.with_name("changed.zip")
    changed.write_bytes(
        content_of[:at] + bytes([content_of[at] ^ data.draw(st.integers(1, 255))]) + content_of[at + 1 :]
    )
    assert not verify(changed, left.trust).ok


@given(data=st.data())
def test_an_export_that_breaks_off_or_goes_on_is_found(left, data):
    content_of = left.masked.read_bytes()
    length = data.draw(st.integers(0, len(content_of) - 1))
    changed = left.masked.with_name("cut.zip")
    changed.write_bytes(content_of[:length])
    assert not verify(changed, left.trust).ok
    changed.write_bytes(content_of + b"\0")
    assert not verify(changed, left.trust).ok


def test_an_export_signed_by_a_stranger_is_found(left, tmp_path):
    installation_signer(tmp_path / "other")
    assert "unknown_key" in {one.code for one in verify(left.full, trust_store(tmp_path / "other")).reasons}


def test_the_program_inside_needs_nothing_of_ours(left, tmp_path):
    with zipfile.ZipFile(left.full) as opened:
        opened.extractall(tmp_path / "out")
    key = next((tmp_path / "out" / "keys").glob("evidence-*.pem"))
    command = [sys.executable, "-I", "-c", PROGRAM_ALONE, str(tmp_path / "out"), "--key", str(key), "--authority"]
    done = run([*command, str(left.authority.folder / "ca.pem"), "--lang", "kk"], cwd=tmp_path)
    assert (done.returncode, done.stdout.strip()) == (0, "өзгеріссіз: 1 тексерілді"), done.stderr
    clip = next((tmp_path / "out" / "packages").glob("*/clip.mp4"))
    clip.write_bytes(clip.read_bytes()[:-1] + b"\xff")
    again = run([*command, str(left.authority.folder / "ca.pem")])
    assert again.returncode == 1
    assert "clip.mp4: the file has been altered" in again.stdout


PROGRAM_ALONE = """
import runpy, sys
from importlib.abc import MetaPathFinder
class Ours(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.split(".")[0] in {"pydantic", "cv2", "numpy", "qyran", "vision", "service", "asn1crypto", "httpx"}:
            raise ImportError(name)
sys.meta_path.insert(0, Ours())
folder = sys.argv[1]
sys.path.insert(0, folder)
sys.argv = ["verify.py", *sys.argv[2:]]
runpy.run_path(folder + "/verify.py", run_name="__main__")
"""


def test_without_a_key_the_program_says_that_it_took_the_exports_own(left, tmp_path):
    with zipfile.ZipFile(left.masked) as opened:
        opened.extractall(tmp_path / "out")
    done = run([sys.executable, str(tmp_path / "out" / "verify.py"), str(left.masked)])
    assert done.returncode == 0
    assert "compare it with the one the police publish" in done.stdout


def test_openssl_itself_checks_the_token_of_an_export(left, tmp_path):
    event = left.case
    (tmp_path / "token").write_bytes(content(left.full, f"stamps/{event}.tst"))
    (tmp_path / "manifest").write_bytes(content(left.full, f"packages/{event}/manifest.json"))
    done = run(
        ["openssl", "ts", "-verify", "-token_in", "-in", "token", "-data", "manifest",
         "-CAfile", left.authority.folder / "ca.pem"],
        cwd=tmp_path,
    )  # fmt: skip
    assert "Verification: OK" in done.stdout + done.stderr


def test_the_proof_leads_from_the_package_to_the_published_head(left):
    proof = json.loads(content(left.full, "ledger/proof.json"))
    headers = [one["header"] for one in proof["links"]]
    manifest = content(left.full, f"packages/{left.case}/manifest.json")
    assert headers[0]["data"]["package_sha256"] == hashlib.sha256(manifest).hexdigest()
    assert all("payload" not in one and "salt" not in one for one in proof["links"])
    (head,) = proof["heads"]
    published = sorted((left.full.parent / "published").iterdir())
    assert head.encode() in {path.read_bytes() for path in published}


def test_the_same_content_makes_the_same_file(left, tmp_path):
    files = {"b.txt": b"two", "a/x.txt": b"one"}
    write_stored(tmp_path / "1.zip", files)
    write_stored(tmp_path / "2.zip", dict(reversed(files.items())))
    assert (tmp_path / "1.zip").read_bytes() == (tmp_path / "2.zip").read_bytes()


def test_every_export_is_logged_with_its_purpose_and_hash(left):
    with left.world.store.read(SYSTEM) as work:
        found = exports_of(work, left.case)
        looks = work.session.scalars(select(AccessLog.action).where(AccessLog.record == left.case)).all()
    assert {(one.variant, one.purpose, one.bytes) for one in found} == {
        ("full", "для суда", left.full.stat().st_size), ("masked", "для суда", left.masked.stat().st_size),
    }  # fmt: skip
    assert looks.count("evidence_exported") == 2


@pytest.mark.parametrize(
    ("role", "variant", "may"),
    [
        (Role.SENIOR_OFFICER, "full", True), (Role.DATA_PROTECTION_OFFICER, "full", True),
        (Role.POLICE_OFFICER, "full", False), (Role.AUDITOR, "full", False), (Role.ADMINISTRATOR, "masked", False),
        (Role.POLICE_OFFICER, "masked", True), (Role.EVALUATOR, "masked", False),
    ],
)  # fmt: skip
def test_who_may_take_what_out(world, tmp_path, role, variant, may):
    case, actor = world.case(), world.person(role)
    given = (world.store, actor, ViolationCase, case, variant, "для суда", tmp_path / "out.zip")
    if may:
        assert export_evidence(*given).path.is_file()
    else:
        with pytest.raises(AccessError):
            export_evidence(*given)
        assert list(tmp_path.glob("*out.zip*")) == []


@pytest.mark.parametrize("purpose", ["", "  ", "x" * 1001])
def test_an_export_needs_a_purpose(world, tmp_path, purpose):
    with pytest.raises(InputError):
        export_evidence(world.store, SYSTEM, ViolationCase, world.case(), "full", purpose, tmp_path / "out.zip")


def test_altered_evidence_does_not_leave(world, tmp_path):
    case = world.case()
    with world.store.read() as work:
        folder = world.settings.evidence_folder / work.session.get_one(Evidence, case).folder
    (folder / "still_in_act.jpg").write_bytes(b"other")
    with pytest.raises(IntegrityError, match="not what was signed"):
        export_evidence(world.store, SYSTEM, ViolationCase, case, "full", "для суда", tmp_path / "out.zip")
    assert list(tmp_path.glob("*.zip*")) == []


def test_what_is_not_there_cannot_leave(world, tmp_path):
    with pytest.raises(NotFound):
        export_evidence(world.store, SYSTEM, ViolationCase, "nothing", "full", "для суда", tmp_path / "out.zip")
