"""`python -m scenarios NAME --out DIR`: render a scene."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import get_args

from qyran.errors import QyranError
from scenarios.render import render
from scenarios.scene import Weather, scene_names


def main(arguments: list[str] | None = None) -> int:
    """Run the command; returns the exit status (2 for a bad input)."""
    parser = argparse.ArgumentParser(prog="python -m scenarios", description=__doc__)
    parser.add_argument("scene", nargs="+", help=f"a scene file, or one of {', '.join(scene_names())}")
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--weather", choices=get_args(Weather))
    parser.add_argument("--fps", type=float)
    parser.add_argument("--duration", type=float, help="seconds of video")
    chosen = parser.parse_args(arguments)
    try:
        for scene in chosen.scene:
            done = render(
                scene, chosen.out, seed=chosen.seed, weather=chosen.weather, fps=chosen.fps, duration_s=chosen.duration
            )
            sys.stdout.write(f"{done.video}: {done.frames} frames\n")
    except QyranError as fault:
        sys.stderr.write(f"{fault}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
