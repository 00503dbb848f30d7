from __future__ import annotations

import errno
import os
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.rates import NEIGHBOURS, SALT_BYTES, SLOT, SLOTS, Rate, Rates, TooOften

THREE = Rate(3, 60.0)


@pytest.fixture
def rates(tmp_path):
    return Rates(tmp_path / "rates")


def passes(rates: Rates, who: str, now: float, rate: Rate = THREE) -> bool:
    try:
        rates.ask(who, rate, now)
    except TooOften:
        return False
    return True


def asked_elsewhere(path) -> list[bool]:
    """What another process of the installation is answered."""
    return [passes(Rates(path), "a", 1000.0) for _ in range(2)]


def test_so_many_pass_at_once_and_one_more_as_each_wait_is_over(rates):
    assert [passes(rates, "a", 1000.0) for _ in range(5)] == [True, True, True, False, False]
    assert passes(rates, "b", 1000.0)
    assert [passes(rates, "a", 1001.1), passes(rates, "a", 1001.1)] == [True, False]


def test_who_waits_as_long_as_he_was_told_passes(rates):
    for _ in range(3):
        rates.ask("a", THREE, 1000.0)
    with pytest.raises(TooOften, match="ask again in") as refused:
        rates.ask("a", THREE, 1000.5)
    assert passes(rates, "a", 1000.5 + refused.value.wait_s)


def test_all_processes_of_an_installation_count_together(rates, tmp_path):
    assert passes(rates, "a", 1000.0)
    with get_context("spawn").Pool(1) as pool:
        assert pool.apply(asked_elsewhere, (tmp_path / "rates",)) == [True, True]
    assert not passes(rates, "a", 1000.0)


def test_many_threads_at_once_get_no_more_than_one_after_the_other(rates):
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: passes(rates, "a", 1000.0, Rate(50, 60.0)), range(200)))
    assert sum(answers) == 50


def test_counts_of_before_the_machine_started_again_hold_nobody_up_for_longer_than_a_full_count(rates):
    for _ in range(3):
        rates.ask("a", THREE, 9_000_000.0)
    assert not passes(rates, "a", 10.0)
    assert passes(rates, "a", 11.1)


def test_a_flood_of_askers_makes_the_file_no_larger_and_refuses_no_newcomer(rates, tmp_path):
    size = (tmp_path / "rates").stat().st_size
    assert all(passes(rates, f"asker {number}", 1000.0) for number in range(SLOTS // 4 + NEIGHBOURS))
    assert (tmp_path / "rates").stat().st_size == size


def test_a_rate_of_nothing_counts_nothing(rates):
    assert all(passes(rates, "a", 1000.0, Rate(0, 0)) for _ in range(100))


def test_nobody_else_may_read_the_file_or_lead_it_elsewhere_by_a_link(rates, tmp_path):
    assert (tmp_path / "rates").stat().st_mode & 0o077 == 0
    (tmp_path / "elsewhere").write_bytes(b"kept")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic"):
        Rates(tmp_path / "link")
    assert (tmp_path / "elsewhere").read_bytes() == b"kept"


@pytest.mark.parametrize("size", [0, SALT_BYTES + SLOTS * SLOT.size], ids=["new", "left with holes"])
def test_the_file_holds_all_its_room_since_a_touch_of_a_hole_on_a_full_disk_would_kill_the_process(tmp_path, size):
    with (tmp_path / "rates").open("wb") as file:
        file.truncate(size)
    assert passes(Rates(tmp_path / "rates"), "a", 1000.0)
    found = (tmp_path / "rates").stat()
    assert found.st_blocks * 512 >= found.st_size > 0


def test_on_a_full_disk_a_process_counts_by_itself(tmp_path, monkeypatch):
    def full(*_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    rates = Rates(tmp_path / "rates")
    assert [passes(rates, "a", 1000.0) for _ in range(4)] == [True, True, True, False]
    monkeypatch.undo()
    assert passes(Rates(tmp_path / "rates"), "a", 1000.0), "the file is whole again"


def test_the_file_is_let_go_of_with_what_counted(tmp_path):
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        Rates(tmp_path / "rates").ask("a", Rate(0, 0))
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 4


@given(gaps=st.lists(st.floats(0, 5), min_size=1, max_size=60), most=st.integers(1, 10), each=st.floats(0.1, 5))
def test_in_no_span_pass_more_than_the_rate_allows(tmp_path_factory, gaps, most, each):
    rates, now, passed = Rates(tmp_path_factory.mktemp("rates") / "rates"), 1000.0, []
    for gap in gaps:
        now += gap
        if passes(rates, "a", now, Rate(most, 60.0 / each)):
            passed.append(now)
    for first, start in enumerate(passed):
        for last in range(first, len(passed)):
            assert last - first + 1 <= most + (passed[last] - start) / each + 1e-6
