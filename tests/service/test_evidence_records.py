from __future__ import annotations

import hashlib
import json

import pytest

from evidence.keys import trust_store
from evidence.verify import verify
from qyran.errors import InputError
from qyran.roles import SYSTEM
from service.device_cases import AT_ONCE, settle
from service.devices import Delivery, take_record
from service.record_evidence import device_papers
from service.record_files import record_texts
from service.store.tables import Evidence, ViolationCase
from tests.service.records import a_picture, settled
from tests.service.test_evidence_contents import of
from tests.service.world import World
from tests.violations.records import a_record


@pytest.fixture
def papers(world, tmp_path):
    """Settings whose devices have their papers; the file is read anew each time."""
    folder = tmp_path / "papers"
    (folder / "K-0042").mkdir(parents=True)
    (folder / "K-0042" / "certificate.pdf").write_bytes(b"%PDF-1.7 certificate")
    (folder / "K-0042" / "verification.PNG").write_bytes(b"\x89PNG")
    (folder / "K-0042" / "notes.txt").write_text("not a paper")
    file = tmp_path / "evidence.toml"
    file.write_text(f'device_papers = "{folder}"\n')
    return world.settings.model_copy(update={"evidence_file": file})


def test_papers_of_a_device_are_found_by_its_serial_number(papers):
    assert [path.name for path in device_papers(papers, "K-0042")] == ["certificate.pdf", "verification.PNG"]
    assert device_papers(papers, "K-0043") == ()


@pytest.mark.parametrize("serial", ["../K-0042", ".", "K 42", "", "a/b"])
def test_a_serial_number_leads_to_no_other_folder(papers, serial):
    assert device_papers(papers, serial) == ()


def test_a_package_keeps_the_record_as_it_came_and_the_papers(settings, tmp_path):
    folder = tmp_path / "papers" / "K-0042"
    folder.mkdir(parents=True)
    (folder / "certificate.pdf").write_bytes(b"%PDF-1.7 certificate")
    file = tmp_path / "evidence.toml"
    file.write_text(f'device_papers = "{folder.parent}"\n')
    with World(settings.model_copy(update={"evidence_file": file})) as world:
        data = a_picture()
        record = a_record(time=world.clock(), picture_sha256=hashlib.sha256(data).hexdigest())
        text = json.dumps({"raw": "как пришло"}, ensure_ascii=False)
        name = world.do(SYSTEM, take_record, Delivery(record, data, text))
        settled(world)
        with world.store.read() as work:
            place = world.settings.evidence_folder / work.session.get_one(Evidence, name).folder
        assert (place / "received.txt").read_text() == text
        assert (place / "paper_1.pdf").read_bytes() == b"%PDF-1.7 certificate"
        assert verify(place, trust_store(world.settings.home)).ok
        found = of(world, name)
        assert [found[one] for one in ("record", "received", "papers", "clock")] == ["present"] * 4


def test_settling_again_changes_nothing(world):
    data = a_picture()
    record = a_record(time=world.clock(), picture_sha256=hashlib.sha256(data).hexdigest())
    name = world.do(SYSTEM, take_record, Delivery(record, data, "as it came"))
    settled(world)
    assert settle(world.store, AT_ONCE).cases == 0
    with world.store.read() as work:
        assert work.session.get(ViolationCase, name) is not None


@pytest.mark.parametrize(
    ("text", "lines", "texts"),
    [
        ("a,b\n1,2\n3,4\n", [2, 3], ["a,b\n1,2\n", "a,b\n3,4\n"]),
        ('{"a": 1}\n\n{"a": 2}\n', [1, 3], ['{"a": 1}\n\n', '{"a": 2}\n']),
        ('[{"a": 1}, {"a": 2}]', [1, 1], ['[{"a": 1}, {"a": 2}]', '[{"a": 1}, {"a": 2}]']),
    ],
)
def test_a_records_lines_are_told_as_they_stand_in_the_file(tmp_path, text, lines, texts):
    file = tmp_path / "records"
    file.write_text(text)
    assert record_texts(file, lines) == texts


def test_a_file_that_went_away_is_told(tmp_path):
    with pytest.raises(InputError, match="does not exist"):
        record_texts(tmp_path / "none", [1])
