"""Runs `ultralytics track` on clips and writes what it saw: a program for the Python of the training environment.

``python -m service.bench_peers.run_ultralytics JOB.json`` (see `service.bench_peers.peer.Job`) writes one JSON line for
each clip to stdout: seconds of wall clock and processor, frames, and the tracks as rows ``frame, id, class, x1, y1, x2,
y2``. ByteTrack with its own settings, every frame, every core; the first frames of the first clip are seen once before
any clock runs.
"""

from __future__ import annotations

import json
import sys
import time
from itertools import islice
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from models import torch_shim  # before anything of Ultralytics
from models.start import new_network
from vision.classes import ROAD_CLASSES

from ultralytics.nn.modules import Conv  # isort: skip

CLASS_BIAS: Final = "model.22.cv3.0.2.bias"
"""As long as the network has classes."""
WARM_FRAMES: Final = 20
"""Frames seen before the clock runs."""


def main(job_file: str) -> int:
    """Run every clip of a job; see the module's docstring."""
    job = json.loads(Path(job_file).read_text(encoding="utf-8"))
    cores = int(job["cores"])
    from ultralytics import YOLO, __version__, utils  # noqa: PLC0415 - after the shim
    from ultralytics.trackers.utils import matching  # noqa: PLC0415

    utils.NUM_THREADS = cores
    network = _network(Path(job["weights"]), job["kind"])
    model = YOLO("yolov8n.yaml")
    model.model = network
    model.add_callback("on_predict_start", lambda _: torch.set_num_threads(cores))
    told = {"ultralytics": __version__, "torch": torch.__version__, "lap": getattr(matching.lap, "__version__", "")}
    _say({"about": told, "torch_threads": cores})
    warm = False
    for clip in job["clips"]:
        if not warm:
            for _ in islice(_tracked(model, clip["video"], job), WARM_FRAMES):
                pass
            warm = True
        model.predictor = None  # a new clip: no track goes over from one to the next
        _say({"clip": clip["name"], **_run(model, clip["video"], job)})
    return 0


def _run(model: Any, video: str, job: dict[str, Any]) -> dict[str, Any]:
    rows: list[list[float]] = []
    frames = 0
    wall, cpu = time.perf_counter(), time.process_time()
    for frame, result in enumerate(_tracked(model, video, job)):
        frames += 1
        boxes = result.boxes
        if boxes.id is None:
            continue
        told = np.column_stack((boxes.id.numpy(), boxes.cls.numpy(), boxes.xyxy.numpy()))
        rows += [[frame, *row] for row in told.round(2).tolist()]
    spent = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
    return {**spent, "frames": frames, "tracks": rows}


def _tracked(model: Any, video: str, job: dict[str, Any]) -> Any:
    return model.track(
        source=video, stream=True, tracker="bytetrack.yaml", imgsz=job["side"], device="cpu", verbose=False, save=False,
        classes=job["classes"],
    )  # fmt: skip


def _network(weights: Path, kind: str) -> Any:
    if kind == "coco":
        from safetensors.torch import load_file  # noqa: PLC0415

        network = torch_shim.DetectionModel("yolov8n.yaml", nc=80, verbose=False)
        network.load_state_dict({key: value.float() for key, value in load_file(str(weights)).items()})
    else:
        network = _of_the_shipped(weights)
    network.eval()
    return network


def _of_the_shipped(weights: Path) -> Any:
    """Ultralytics' own network with the numbers of the shipped file, which may be in 8 bits.

    The file's convolutions have their batch norms folded in, so here the norms only add what is left: the bias.
    """
    import onnx  # noqa: PLC0415
    from onnx import numpy_helper  # noqa: PLC0415

    held = {one.name: numpy_helper.to_array(one) for one in onnx.load(str(weights)).graph.initializer}
    network = new_network(len(number(held, CLASS_BIAS)))
    with torch.no_grad():
        for name, part in network.named_modules():
            if isinstance(part, Conv):
                part.conv.weight.copy_(torch.from_numpy(number(held, f"{name}.conv.weight")))
                part.bn.bias.copy_(torch.from_numpy(number(held, f"{name}.conv.bias")))
                part.bn.weight.fill_(1.0)
                part.bn.running_mean.fill_(0.0)
                part.bn.running_var.fill_(1.0 - part.bn.eps)
            elif isinstance(part, torch.nn.Conv2d) and part.bias is not None:
                part.weight.copy_(torch.from_numpy(number(held, f"{name}.weight")))
                part.bias.copy_(torch.from_numpy(number(held, f"{name}.bias")))
    network.names = dict(enumerate(ROAD_CLASSES))
    return network


def number(held: dict[str, Any], name: str) -> Any:
    """An array of the file, brought back from 8 bits (32 for a bias) where it is in them."""
    if name in held:
        return np.array(held[name], np.float32)
    scale = np.asarray(held.get(f"{name}_scale", held.get(f"{name}_quantized_scale")), np.float32)
    whole = np.asarray(held[f"{name}_quantized"], np.float32)
    return np.asarray(whole * scale.reshape(-1, *[1] * (whole.ndim - 1)), np.float32)


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
