"""One flipped bit anywhere, in anything that is kept or leaves, is found by `verify`, which names the file."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence.keys import trust_store
from evidence.masked_copy import write_masked
from evidence.package import load_package, write_package
from evidence.pades import installation_document_signer
from evidence.verify import verify
from tests.evidence.packages import a_subject
from tests.evidence.test_masked_copy import making
from tests.violations.notices import PICTURES, a_record
from tests.violations.test_resolution import a_resolution
from violations.decision_pdf import render_notice, sign_notice
from violations.resolution_pdf import render_resolution, sign_resolution

EXAMPLES = 120


@pytest.fixture(scope="module")
def kept(tmp_path_factory, ring, signer, trust):
    """Everything that is kept or leaves, by its kind; a folder or a file, and who is trusted."""
    home, folder = tmp_path_factory.mktemp("home"), tmp_path_factory.mktemp("kept")
    package = write_package(a_subject(), ring, folder / "packages", signer)
    for kind in ("pictures", "clip"):
        write_masked(load_package(package.folder), kind, folder / kind, making(signer))
    papers = installation_document_signer(home)
    notice = a_record(certificate_serial=papers.serial)
    (folder / "notice.pdf").write_bytes(sign_notice(render_notice(notice, PICTURES), notice, papers))
    answer = a_resolution("changed", certificate_serial=papers.serial)
    (folder / "resolution.pdf").write_bytes(sign_resolution(render_resolution(answer), answer, papers))
    name = package.folder.name
    return folder, {
        "package": (folder / "packages" / name, trust),
        "masked pictures": (folder / "pictures" / name, trust),
        "masked clip": (folder / "clip" / name, trust),
        "notice": (folder / "notice.pdf", trust_store(home)),
        "resolution": (folder / "resolution.pdf", trust_store(home)),
    }


KINDS = ("package", "masked pictures", "masked clip", "notice", "resolution")


def files_of(place: Path) -> list[Path]:
    return sorted(path for path in place.rglob("*") if path.is_file()) if place.is_dir() else [place]


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_intact_before_anything_is_flipped(kept, kind):
    place, trust = kept[1][kind]
    assert verify(place, trust).ok


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_one_flipped_bit_is_found_and_the_file_named(kept, kind, data):
    place, trust = kept[1][kind]
    file = data.draw(st.sampled_from(files_of(place)))
    whole = file.read_bytes()
    at, bit = data.draw(st.integers(0, len(whole) - 1)), data.draw(st.integers(0, 7))
    altered = bytearray(whole)
    altered[at] ^= 1 << bit
    try:
        file.write_bytes(altered)
        verdict = verify(place, trust)
    finally:
        file.write_bytes(whole)
    assert not verdict.ok
    # Whether a signature or what it signs was altered cannot be told apart: then the signed file is named.
    named = {file.name, f"{file.stem}.json"} if file.suffix == ".sig" else {file.name}
    assert any(one in reason.path for one in named for reason in verdict.reasons), (file.name, verdict.reasons)


@pytest.mark.parametrize("kind", ["notice", "resolution"])
def test_every_byte_of_the_place_of_a_papers_signature_matters(kept, kind):
    """The signature's own bytes are outside of what it covers, its padding too: each is looked at."""
    place, trust = kept[1][kind]
    whole = place.read_bytes()
    start = whole.index(b"/Contents <") + len(b"/Contents <")
    end = whole.index(b">", start)
    missed = []
    for at in [*range(start, start + 64), *range(start + 64, end - 32, (end - start) // 48), *range(end - 32, end)]:
        altered = bytearray(whole)
        altered[at] = ord("1") if altered[at] != ord("1") else ord("2")
        place.write_bytes(altered)
        if verify(place, trust).ok:
            missed.append(at - start)
    place.write_bytes(whole)
    assert missed == []
