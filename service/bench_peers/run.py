"""The run: every peer in a process of its own, one after the other, on the same clips with the same cores."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from models.card import WEIGHTS
from models.coco import COCO_CLASSES
from qyran import __version__
from qyran.errors import InputError
from service.analyse import cores
from service.bench_clips import clip_folder
from service.bench_history import CHECKOUT, machine
from service.bench_peers.clips import DRAWN, REAL, VIDEOS, peer_clips
from service.bench_peers.counting import crossings
from service.bench_peers.table import compared, table
from vision.classes import ROAD_CLASSES

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from service.bench_peers.clips import PeerClip

SIDE: Final = 640
"""Long side of a peer's input, pixels: the default of Ultralytics."""
TRAINING: Final = CHECKOUT / ".venv-train" / "bin" / "python"
VEHICLES: Final = ("car", "bus", "truck")
HOW_TO: Final = "`make setup-train` installs it, or name a Python that has it with --peer-python"


@dataclass(frozen=True, slots=True)
class Peer:
    """Somebody to compare with.

    Attributes:
        program: module that runs it.
        needs: package that its Python must have; empty for this installation itself.
        weights: what it loads.
        kind: of the weights, for the program.
        classes: names in the order of the network's channels.
        loaded: what that is, in words.
        follows: whether it gives tracks, and so a count.
    """

    program: str
    needs: str
    weights: Path
    kind: str
    classes: Sequence[str]
    loaded: str
    follows: bool = True


def _peers() -> dict[str, Peer]:
    road, ours, theirs = WEIGHTS / "road.onnx", "service.bench_peers.run_ours", "service.bench_peers.run_ultralytics"
    coco = VIDEOS.parents[1] / "weights" / "yolov8n_coco.safetensors"
    return {
        "qyran": Peer(ours, "", road, "road", ROAD_CLASSES, "analyse as shipped: every model, every rule, evidence"),
        "ultralytics": Peer(
            theirs, "ultralytics", road, "road", ROAD_CLASSES,
            "the shipped road network's own numbers (8 bits brought back to 32) in Ultralytics' PyTorch network",
        ),
        "ultralytics-coco": Peer(
            theirs, "ultralytics", coco, "coco", COCO_CLASSES, "YOLOv8n of COCO, from which the road network started"
        ),
        "openvino": Peer(
            "service.bench_peers.run_openvino", "openvino", road, "road", ROAD_CLASSES,
            "the shipped 8-bit road network in OpenVINO's object detection demo loop, which follows nothing", False,
        ),
    }  # fmt: skip


PEERS: Final = tuple(_peers())


def bench_peers(
    *, peers: Sequence[str] = PEERS, on: Sequence[str] = (*REAL, DRAWN), keep: Path | None = None,
    videos: Path | None = None, peer_python: Path | None = None, tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:  # fmt: skip
    """Run the peers and compare.

    Args:
        peers: names of `PEERS`; ours is always among them.
        on: names of clips.
        keep: folder in which the rendered clip is kept and found again.
        videos: folder of the real clips.
        peer_python: the Python that has the peers' packages; by default this one where it has them, else that of the
            training environment.
        tell: told what goes on, and the table.

    Raises:
        InputError: an unknown peer or clip, a clip that is not there, or a program that ends in error.
    """
    known = _peers()
    for name in peers:
        if name not in known:
            raise InputError(f"There is no peer {name!r}; choose of {', '.join(PEERS)}.")
    with clip_folder(keep) as folder:
        clips = peer_clips(on, folder, videos)
        ran = [_one(name, known[name], clips, peer_python, tell) for name in dict.fromkeys(("qyran", *peers))]
    report = {
        "version": __version__,
        "machine": machine(cores()),
        "how": {
            "input_side": SIDE, "cores": cores(), "frames_of_peers": "every one", "weights": "read before the clock",
            "warm_up": "every peer sees some frames before its clock runs, and loads its networks before it",
        },
        "clips": [
            {"name": clip.name, "seconds": round(clip.seconds, 3), "frames_a_second": round(clip.frames_a_second, 2),
             "size": list(clip.size), "vehicles": clip.vehicles, "truth": clip.truth}
            for clip in clips
        ],
        "peers": ran,
    }  # fmt: skip
    report |= compared(report)
    tell(table(report))
    return report


def _one(
    name: str, peer: Peer, clips: Sequence[PeerClip], python: Path | None, tell: Callable[[str], None]
) -> dict[str, Any]:
    about: dict[str, Any] = {"peer": name, "loaded": peer.loaded}
    found = Path(sys.executable) if not peer.needs else _python_with(peer.needs, python)
    if found is None:
        missing = f"The peer {name} needs the package {peer.needs}, which is not installed: {HOW_TO}."
        tell(missing)
        return {**about, "missing": missing}
    if not peer.weights.is_file():
        missing = f"The peer {name} needs the weights {peer.weights.name}, which are not there."
        tell(missing)
        return {**about, "missing": missing}
    tell(f"{name}: {', '.join(clip.name for clip in clips)}")
    vehicles = {index for index, word in enumerate(peer.classes) if word in VEHICLES}
    by_name = {clip.name: clip for clip in clips}
    runs = []
    for line in _lines(found, peer, clips):
        if "about" in line:
            about["about"] = line["about"]
            continue
        clip = by_name[line["clip"]]
        tracks = line.pop("tracks", None)
        if tracks is not None:
            line["vehicles"] = crossings(tracks, clip.lines, vehicles)
        runs.append({**line, "analysed": line.get("analysed", line["frames"]), "seconds": clip.seconds})
    return {**about, "clips": runs}


def _lines(python: Path, peer: Peer, clips: Sequence[PeerClip]) -> list[dict[str, Any]]:
    """What a peer's program writes."""
    job = {
        "weights": str(peer.weights), "kind": peer.kind, "cores": cores(), "side": SIDE,
        "classes": [i for i, word in enumerate(peer.classes) if word in ROAD_CLASSES],
        "clips": [{"name": clip.name, "video": str(clip.video.absolute()), "camera": str(clip.camera.absolute()),
                   "size": list(clip.size)} for clip in clips],
    }  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="qyran-peers-") as folder:
        file = Path(folder) / "job.json"
        file.write_text(json.dumps(job), encoding="utf-8")
        threads = {"OMP_NUM_THREADS": "1" if not peer.needs else str(cores())}
        done = subprocess.run(  # noqa: S603 - our own program
            (str(python), "-m", peer.program, str(file)), cwd=CHECKOUT, env={**os.environ, **threads},
            capture_output=True, text=True, check=False,
        )  # fmt: skip
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["without a word"])[-1]
        raise InputError(f"The peer's program {peer.program} ended in error: {last}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


def _python_with(package: str, wanted: Path | None) -> Path | None:
    """The Python to run a peer with, None where the package is in none."""
    for python in (wanted,) if wanted is not None else (Path(sys.executable), TRAINING):
        if not python.exists():
            continue
        probe = (str(python), "-c", f"import importlib.util as u, sys; sys.exit(u.find_spec({package!r}) is None)")
        if subprocess.run(probe, check=False, capture_output=True).returncode == 0:  # noqa: S603 - fixed words
            return python
    return None
