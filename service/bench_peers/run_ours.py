"""Runs `analyse` on clips: ``python -m service.bench_peers.run_ours JOB.json``, one JSON line a clip on stdout.

The first second of the first clip is analysed once before any clock runs; loading the networks is not counted.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from qyran import __version__
from service.analyse import analyse

WARM_S: Final = 1.0


def main(job_file: str) -> int:
    """Run every clip of a job; see the module's docstring."""
    job = json.loads(Path(job_file).read_text(encoding="utf-8"))
    _say({"about": {"qyran": __version__, "threads": job["cores"]}})
    with tempfile.TemporaryDirectory(prefix="qyran-peers-") as folder:
        first = job["clips"][0]
        analyse(first["video"], Path(first["camera"]), Path(folder) / "warm", seconds=WARM_S, threads=job["cores"])
        for clip in job["clips"]:
            out = Path(folder) / clip["name"]
            summary = analyse(clip["video"], Path(clip["camera"]), out, threads=job["cores"]).summary
            passed = [row for row in summary["passages_by"] if row["class"] not in {"bicycle", "motorcycle", "person"}]
            timing = summary["timing"]
            _say({
                "clip": clip["name"], "wall_s": timing["wall_s"], "cpu_s": timing["cpu_s"],
                "frames": summary["frames"], "analysed": summary["analysed"],
                "vehicles": sum(row["count"] for row in passed),
            })  # fmt: skip
    return 0


def _say(line: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
