from __future__ import annotations

import json

import pytest

from qyran.errors import InputError
from service.bench_history import course, note, table
from service.bench_peers.counting import crossings
from service.bench_peers.run import PEERS, bench_peers
from service.bench_peers.table import compared, figures
from service.bench_peers.table import table as peers_table

LINE = {"count": [[0.0, 100.0], [200.0, 100.0]]}
CAR, PERSON = 3, 0


def track(number, feet, kind=CAR, first=0):
    """Rows of a track whose bottom centre goes through `feet`."""
    return [[first + i, number, kind, x - 10, y - 20, x + 10, y] for i, (x, y) in enumerate(feet)]


@pytest.mark.parametrize(
    ("rows", "count"),
    {
        "down over the line": (track(1, [(50, 80), (50, 120)]), 1),
        "up over the line": (track(1, [(50, 120), (50, 80)]), 1),
        "back and forth is one": (track(1, [(50, 80), (50, 120), (50, 80)]), 1),
        "beside the line": (track(1, [(250, 80), (250, 120)]), 0),
        "short of it": (track(1, [(50, 80), (50, 99)]), 0),
        "a person": (track(1, [(50, 80), (50, 120)], PERSON), 0),
        "two cars": (track(1, [(50, 80), (50, 120)]) + track(2, [(90, 120), (90, 80)]), 2),
        "seen once": (track(1, [(50, 120)]), 0),
        "a gap in the track": (track(1, [(50, 80)]) + track(1, [(60, 130)], first=9), 1),
        "nothing": ([], 0),
    }.values(),
)
def test_a_peers_tracks_are_counted_once_where_their_feet_cross_the_line(rows, count):
    assert crossings(rows, LINE, {CAR}) == count


def report(ours_s, theirs_s):
    def run(wall_s, analysed, vehicles):
        return {"clip": "a", "wall_s": wall_s, "cpu_s": 2 * wall_s, "frames": 300, "analysed": analysed,
                "vehicles": vehicles, "seconds": 12.0}  # fmt: skip

    return {
        "clips": [{"name": "a", "vehicles": 5}],
        "peers": [
            {"peer": "qyran", "clips": [run(ours_s, 96, 5)]},
            {"peer": "ultralytics", "clips": [run(theirs_s, 300, 4)]},
            {"peer": "openvino", "missing": "The peer openvino needs the package openvino."},
        ],
    }


@pytest.mark.parametrize(("ours_s", "met"), [(1.0, True), (3.0, False)])
def test_the_goals_are_judged_by_the_clock_of_one_run(ours_s, met):
    told = report(ours_s, 12.0)
    told |= compared(told)
    assert told["ratios"]["ultralytics"]["all"]["video"] == 12.0 / ours_s
    assert told["goals"]["video"]["met"] is told["goals"]["frames"]["met"] is met
    assert told["goals"]["counts"] == {"ours_wrong": 0, "theirs_wrong": 1, "met": True}
    assert figures(told)["times_ultralytics"] == 12.0 / ours_s
    assert "needs the package openvino" in peers_table(told)


def test_an_unknown_peer_is_refused_with_the_known_ones():
    with pytest.raises(InputError, match=f"no peer 'yolo'; choose of {', '.join(PEERS)}"):
        bench_peers(peers=["yolo"])


def test_an_unknown_clip_is_refused(tmp_path):
    with pytest.raises(InputError, match="no clip 'moon'"):
        bench_peers(peers=["openvino"], on=["moon"], keep=tmp_path)


def test_a_clip_that_is_not_there_is_named_with_what_to_do(tmp_path):
    with pytest.raises(InputError, match="is not there; name its folder with --videos"):
        bench_peers(on=["street"], keep=tmp_path, videos=tmp_path)


def test_the_history_keeps_every_run_with_its_machine_and_shows_their_course(tmp_path):
    file = tmp_path / "home" / "history.jsonl"
    for times in (7.0, 8.5):
        note("clock", {"times_real_time": times}, {"machine": {"name": "box", "cores_used": 2}}, file)
    note("peers", {"times_ultralytics": 6.4}, {}, file)
    told = course(file)
    assert [run["figures"] for run in told["runs"]] == [
        {"times_real_time": 7.0}, {"times_real_time": 8.5}, {"times_ultralytics": 6.4},
    ]  # fmt: skip
    assert told["runs"][2]["machine"]["cores"] >= 1
    assert [run["figures"] for run in course(file, "peers")["runs"]] == [{"times_ultralytics": 6.4}]
    assert "times_real_time 8.5" in table(told).splitlines()[2]
    assert {"at", "version", "commit", "report"} <= json.loads(file.read_text().splitlines()[0]).keys()


def test_a_history_that_is_none_is_named(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        course(tmp_path / "none.jsonl")
    (tmp_path / "bad.jsonl").write_text("{}\n")
    with pytest.raises(InputError, match="Line 1 of the bench history"):
        course(tmp_path / "bad.jsonl")
