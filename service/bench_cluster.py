"""`qyran bench cluster`: two machines of Ray, one drained, brought back and killed, and what became of what happened.

Cameras play a rendered clip over real RTSP, the same moment to all who watch, and write down when each picture left; so
it is known when each vehicle crossed each line. What the store has of it is held against that: crossings told once,
twice, and not at all; apart where a machine made ready for a camera, and where nobody watched.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import av
from sqlalchemy import select

from qyran.errors import ConfigError
from qyran.roles import SYSTEM
from scenarios.render import render
from scenarios.truth import load_truth
from service.bench_video import rtsp
from service.forwarding.client import ServiceClient
from service.forwarding.forwarder import forward
from service.spool import Spool
from service.store.lease_tables import CameraLease, LeaseRefusal
from service.store.tables import Passage
from vision.camera import load_camera
from vision.camera_toml import to_toml

if TYPE_CHECKING:
    from scenarios.truth import PassageTruth
    from service.cluster.trial import Trial
    from service.store.database import Store

CAMERAS: Final = 4
SECONDS: Final = 20
SCENE: Final = "arterial"
FPS: Final = 8
"""Of the clip as it is sent: the rate at which it is drawn."""
SAME_S: Final = 1.0
"""A stored crossing within so long of a known one, of the same line and way, is of it."""
NEAR_S: Final = 3.0
"""So long around a hand-over two machines look at different pictures of one crossing."""
GOAL_AGAIN_S: Final = 10.0
IDLE_S: Final = 5.0
"""Passages wait for their plates: so long after the last, everything is told."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """A vehicle over a line, known or stored."""

    at: float
    line: str
    direction: str


def bench_cluster(
    streams: int | None = None, seconds: float | None = None, keep: Path | None = None,
    tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:  # fmt: skip
    """Measure.

    Args:
        streams: cameras.
        seconds: of watching between two changes.
        keep: where the drawn clip is kept and found again.
        tell: told what is being done.

    Raises:
        ConfigError: Ray or GStreamer's RTSP server is absent, or a part does not start.
    """
    try:
        from service.cluster.trial import trial  # noqa: PLC0415
    except ModuleNotFoundError:
        raise ConfigError("Ray is not installed; install the extra `cluster`.") from None
    watch_s = SECONDS if seconds is None else seconds
    with tempfile.TemporaryDirectory(prefix="qyran-") as folder, ExitStack() as stack:
        home = Path(folder)
        clip, camera, truth = _clip(keep or home / "clips", tell)
        files, sent = {}, {}
        for number in range(streams or CAMERAS):
            name = f"bench-{number}"
            (place := home / name).mkdir()
            url, sent[name] = stack.enter_context(rtsp(clip, place, FPS, shared=True))
            files[name] = to_toml(load_camera(camera).model_copy(update={"id": name, "stream": url}))
        tell("starting Ray, a service and two machines")
        with trial(home / "trial", files) as at:
            found = _course(at, watch_s, tell)
            terms = _terms(at.store)
            stored = {name: _stored(at.store, name) for name in files}
            found["refused"] = _refused(at.store)
            found["set_aside"] = Spool(at.store.settings.spool_folder).aside()
        known = {name: _known(sent[name], truth) for name in files}
    found["crossings"] = _account(known, stored, terms)
    return found


def _course(at: Trial, watch_s: float, tell: Callable[[str], None]) -> dict[str, Any]:
    """Drain one machine, bring it back, kill it, start it again; how long each took."""
    import ray  # noqa: PLC0415

    def shares() -> list[int]:
        held = [lease.holder for lease in at.leases().values()]
        return sorted(held.count(machine) for machine in at.homes)

    cameras = len(at.standing()["cameras"])
    even = sorted((cameras // 2, cameras - cameras // 2))
    found: dict[str, Any] = {"cameras": cameras}
    tell("waiting until both machines watch")
    found["start_s"] = round(at.until(lambda: shares() == even, "Not every machine watches its share."), 1)
    time.sleep(watch_s)
    tell("draining one of them")
    ray.get(at.placer.drain.remote("west", True))
    found["drain_s"] = round(at.until(lambda: shares() == [0, cameras], "The machine keeps cameras."), 1)
    time.sleep(watch_s)
    tell("bringing it back")
    ray.get(at.placer.drain.remote("west", False))
    found["back_s"] = round(at.until(lambda: shares() == even, "The machine gets no share again."), 1)
    time.sleep(watch_s)
    tell("killing it")
    before = at.leases()
    at.kill("west")
    at.until(lambda: {one.holder for one in at.leases().values()} == {"east"}, "Cameras are watched by nobody.")
    after, killed = at.leases(), at.killed_at
    orphans = [name for name, lease in before.items() if lease.holder == "west"]
    again = [(after[name].since - killed).total_seconds() for name in orphans if killed is not None]
    found["killed"] = {
        "cameras": len(orphans),
        "again_s": sorted(round(one, 2) for one in again),
        "goal_s": GOAL_AGAIN_S,
        "moved_of_others": sum(1 for name in before if name not in orphans and before[name].epoch != after[name].epoch),
    }
    time.sleep(watch_s)
    tell("starting it again: what it had not delivered comes now")
    found["delivered_late"] = _deliver_rest(at)
    time.sleep(IDLE_S)
    at.until(lambda: len(Spool(at.store.settings.spool_folder)) == 0, "Ingest does not come to an end.")
    return found


def _deliver_rest(at: Trial) -> dict[str, int]:
    """As the dead machine does when it comes back."""
    from service.cluster.trial import settings_of  # noqa: PLC0415

    settings = settings_of(at.environments["west"])
    client = ServiceClient(settings)
    try:
        sent = forward(Spool(settings.spool_folder), client)
    finally:
        client.close()
    return {"events": sent.delivered, "set_aside": sent.aside, "left": len(Spool(settings.spool_folder))}


def _clip(folder: Path, tell: Callable[[str], None]) -> tuple[Path, Path, tuple[PassageTruth, ...]]:
    """The scene as a small camera sends it, its camera file, and who crossed which line when."""
    place = folder / f"cluster-{SCENE}"
    clip, camera, truth = place / "clip.h264", place / "camera.toml", place / "truth.json"
    if not clip.exists():
        tell(f"drawing {SCENE}")
        place.mkdir(parents=True, exist_ok=True)
        drawn = render(SCENE, place)
        camera.write_bytes(drawn.camera.read_bytes())
        truth.write_bytes(drawn.truth.read_bytes())
        with av.open(str(drawn.video)) as source, av.open(str(clip.with_suffix(".part")), "w", format="h264") as out:
            track = out.add_stream("libx264", rate=FPS, options={"preset": "veryfast", "bf": "0"})
            shown = source.streams.video[0].codec_context
            track.width, track.height, track.pix_fmt = shown.width, shown.height, "yuv420p"
            track.codec_context.gop_size = FPS
            for number, frame in enumerate(source.decode(video=0)):
                frame.pts = number
                out.mux(track.encode(frame))
            out.mux(track.encode(None))
        clip.with_suffix(".part").rename(clip)
    return clip, camera, load_truth(truth).passages


def _known(sent: Path, truth: Sequence[PassageTruth]) -> list[Crossing]:
    """Every crossing of every round of the clip, by when its picture left the camera."""
    found = []
    by_unit: dict[int, list[PassageTruth]] = {}
    for one in truth:
        by_unit.setdefault(round(one.video_s * FPS), []).append(one)
    for line in sent.read_text(encoding="ascii").splitlines():
        unit, _, at = line.partition(" ")
        crossed = by_unit.get(int(unit), [])
        found += [Crossing(float(at), one.line, "forward" if one.forward else "backward") for one in crossed]
    return sorted(found, key=lambda one: one.at)


def _stored(store: Store, camera: str) -> list[Crossing]:
    with store.read(SYSTEM) as work:
        rows = list(work.session.scalars(select(Passage).where(Passage.camera_id == camera).order_by(Passage.time)))
    return [Crossing(row.time.timestamp(), row.line or "", row.direction or "") for row in rows]


def _terms(store: Store) -> dict[str, list[tuple[float, datetime | None, str]]]:
    """When each camera's terms began, and whose they were."""
    with store.read(SYSTEM) as work:
        rows = list(work.session.scalars(select(CameraLease).order_by(CameraLease.camera_id, CameraLease.epoch)))
    found: dict[str, list[tuple[float, datetime | None, str]]] = {}
    for row in rows:
        found.setdefault(row.camera_id, []).append((row.since.timestamp(), row.ended, row.holder))
    return found


def _refused(store: Store) -> dict[str, int]:
    with store.read(SYSTEM) as work:
        rows = list(work.session.scalars(select(LeaseRefusal)))
    found: dict[str, int] = {}
    for row in rows:
        found[row.reason] = found.get(row.reason, 0) + row.events
    return found


def _account(
    known: Mapping[str, Sequence[Crossing]], stored: Mapping[str, Sequence[Crossing]],
    terms: Mapping[str, Sequence[tuple[float, datetime | None, str]]],
) -> dict[str, Any]:  # fmt: skip
    """What was told of what happened, while one machine watched and around the changes."""
    found = {where: {"known": 0, "once": 0, "twice": 0, "missed": 0} for where in ("steady", "around_a_change")}
    for camera, crossings in known.items():
        since = [at for at, _, _ in terms.get(camera, [])]
        left = list(stored[camera])
        for one in crossings:
            if not since or one.at < since[0] + NEAR_S:
                continue
            near = any(abs(one.at - at) <= NEAR_S or 0 <= at - one.at <= GOAL_AGAIN_S for at in since[1:])
            place = found["around_a_change" if near else "steady"]
            same = [other for other in left if _same(one, other)]
            for other in same[:2]:
                left.remove(other)
            place["known"] += 1
            place["once" if len(same) == 1 else "twice" if same else "missed"] += 1
    return found


def _same(one: Crossing, other: Crossing) -> bool:
    return (one.line, one.direction) == (other.line, other.direction) and abs(one.at - other.at) <= SAME_S
