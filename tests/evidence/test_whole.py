"""The same folder wanted by several processes at once: made whole, once, and waited for."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from evidence.whole import partial_folder, whole_folder

SCRIPT = """
import json, os, sys, time
from pathlib import Path
from evidence.whole import whole_folder

folder, own = Path(sys.argv[1]), sys.argv[2]

def make(place):
    print("made", flush=True)
    sys.stdin.readline()  # the test says when to go on
    for number in range(3):
        (place / f"{number}.txt").write_text(own)

print("begun", flush=True)
target = whole_folder(folder, "one", make)
print(json.dumps(sorted(path.read_text() for path in target.iterdir())), flush=True)
"""


@pytest.fixture
def process(tmp_path):
    """Starts a writer of ``tmp_path/copies/one`` that waits for a line before it writes."""
    started = []

    def start(own: str) -> subprocess.Popen:
        command = [sys.executable, "-c", SCRIPT, str(tmp_path / "copies"), own]
        root = Path(__file__).parents[2]
        one = subprocess.Popen(command, cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(one)
        assert one.stdout.readline() == "begun\n"
        return one

    yield start
    for one in started:
        one.kill()
        one.communicate()


def say(one: subprocess.Popen) -> None:
    one.stdin.write("go\n")
    one.stdin.flush()


def test_who_comes_second_waits_and_finds_the_firsts(tmp_path, process):
    first = process("first")
    assert first.stdout.readline() == "made\n"
    second = process("second")
    say(first)
    assert json.loads(first.stdout.readline()) == ["first"] * 3
    assert json.loads(second.stdout.readline()) == ["first"] * 3  # it never began to make one
    assert not partial_folder(tmp_path / "copies").exists()


def test_what_a_killed_process_left_stands_in_nobodys_way(tmp_path, process):
    first = process("first")
    assert first.stdout.readline() == "made\n"
    second = process("second")
    os.kill(first.pid, signal.SIGKILL)
    assert second.stdout.readline() == "made\n"
    say(second)
    assert json.loads(second.stdout.readline()) == ["second"] * 3
    assert not partial_folder(tmp_path / "copies").exists()


def test_four_at_once_leave_one_whole_folder(tmp_path, process):
    several = [process(f"{number}") for number in range(4)]
    for one in several:
        say(one)
    found = {tuple(json.loads(next(line for line in one.stdout if line.startswith("[")))) for one in several}
    assert len(found) == 1
    assert len(set(next(iter(found)))) == 1
    assert not partial_folder(tmp_path / "copies").exists()


def test_where_two_made_it_all_the_same_the_faster_one_keeps_the_place(tmp_path):
    folder = tmp_path / "copies"

    def make(place: Path) -> None:
        (place / "a.txt").write_text("slow")
        (folder / "one").mkdir()
        (folder / "one" / "a.txt").write_text("fast")

    assert (whole_folder(folder, "one", make) / "a.txt").read_text() == "fast"
    assert not partial_folder(folder).exists()
