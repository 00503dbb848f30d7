"""Runs the loop of OpenVINO's object detection demo: a program for a Python that has the openvino package.

``python -m service.bench_peers.run_openvino JOB.json`` writes one JSON line a clip to stdout. Like the demo it reads
frame after frame with OpenCV, keeps a queue of asynchronous requests filled (throughput hint, every core, the number
of requests that OpenVINO thinks best), takes the results in order, suppresses overlapping boxes and draws them. It
follows nothing, so it counts nothing. Each clip's first frames are seen once before its clock runs, since the network
is compiled for the clip's size.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import openvino
from openvino import properties

WARM_FRAMES: Final = 20
STRIDE: Final = 32
PAD: Final = 114
LEAST_SCORE: Final = 0.25
NMS_IOU: Final = 0.6


def main(job_file: str) -> int:
    """Run every clip of a job; see the module's docstring."""
    job = json.loads(Path(job_file).read_text(encoding="utf-8"))
    core = openvino.Core()
    for index, clip in enumerate(job["clips"]):
        loop = _Loop(core, Path(job["weights"]), clip["size"], job["side"], job["cores"])
        if not index:
            _say({"about": {"openvino": openvino.__version__, "requests": len(loop.queue)}})
        loop.run(clip["video"], WARM_FRAMES)
        wall, cpu = time.perf_counter(), time.process_time()
        frames, boxes = loop.run(clip["video"])
        spent = {"wall_s": time.perf_counter() - wall, "cpu_s": time.process_time() - cpu}
        _say({"clip": clip["name"], **spent, "frames": frames, "boxes": boxes})
    return 0


class _Loop:
    """The demo's loop for pictures of one size."""

    def __init__(self, core: openvino.Core, weights: Path, size: tuple[int, int], side: int, cores: int) -> None:
        width, height = size
        self.scale = side / max(width, height)
        self.inner = round(width * self.scale), round(height * self.scale)
        self.width, self.height = (-(-one // STRIDE) * STRIDE for one in self.inner)
        model = core.read_model(weights)
        model.reshape([1, 3, self.height, self.width])
        hints = {properties.hint.performance_mode(): properties.hint.PerformanceMode.THROUGHPUT,
                 properties.inference_num_threads(): cores}  # fmt: skip
        self.queue = openvino.AsyncInferQueue(core.compile_model(model, "CPU", hints))
        self.queue.set_callback(self._done)
        self._found: dict[int, Any] = {}

    def run(self, video: str, most: int | None = None) -> tuple[int, int]:
        """Frames read and boxes drawn."""
        source = cv2.VideoCapture(video)
        pictures: dict[int, Any] = {}
        read = shown = boxes = 0
        while most is None or read < most:
            good, picture = source.read()
            if not good:
                break
            pictures[read] = picture
            self.queue.start_async({0: self._input(picture)}, read)
            read += 1
            while shown in self._found:
                boxes += self._show(pictures.pop(shown), self._found.pop(shown))
                shown += 1
        self.queue.wait_all()
        while shown < read:
            boxes += self._show(pictures.pop(shown), self._found.pop(shown))
            shown += 1
        source.release()
        return read, boxes

    def _done(self, request: Any, number: int) -> None:
        self._found[number] = np.array(request.get_output_tensor(0).data[0])

    def _input(self, picture: Any) -> Any:
        blob = np.full((self.height, self.width, 3), PAD, np.uint8)
        blob[: self.inner[1], : self.inner[0]] = cv2.resize(picture, self.inner)
        return np.ascontiguousarray(blob[..., ::-1].transpose(2, 0, 1)[None], np.float32) / 255

    def _show(self, picture: Any, output: Any) -> int:
        """Boxes of one picture, suppressed within their class and drawn; how many."""
        scores = output[4:]
        best = scores.max(axis=0)
        kept = np.flatnonzero(best >= LEAST_SCORE)
        if not len(kept):
            return 0
        kinds = scores[:, kept].argmax(axis=0)
        middle, size = output[:2, kept].T, output[2:4, kept].T
        boxes = np.concatenate((middle - size / 2, size), axis=1) / self.scale
        chosen = cv2.dnn.NMSBoxesBatched(boxes.tolist(), best[kept].tolist(), kinds.tolist(), LEAST_SCORE, NMS_IOU)
        for row in chosen:
            x, y, w, h = (int(value) for value in boxes[row])
            cv2.rectangle(picture, (x, y), (x + w, y + h), (0, 200, 0), 2)
            cv2.putText(picture, f"{int(kinds[row])} {best[kept][row]:.1%}", (x, y - 7), 0, 0.6, (0, 200, 0), 1)
        return len(chosen)


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
