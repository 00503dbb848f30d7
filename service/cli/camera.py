"""`qyran camera add FILE...`: cameras into the register."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from vision.camera import load_camera

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("camera", help="put cameras into the register")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    made = actions.add_parser("add", help="register camera files, or take over their new versions")
    made.add_argument("files", type=Path, nargs="+", metavar="CAMERA.toml")
    made.add_argument("--territory", help="police district the cameras stand in")
    made.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Register; nothing is stored unless every file is right."""
    from service.cameras import register  # noqa: PLC0415 - keeps `--help` fast
    from service.settings import load_settings  # noqa: PLC0415
    from service.store.database import open_store  # noqa: PLC0415

    cameras = [load_camera(file) for file in arguments.files]
    store = open_store(load_settings())
    try:
        with store.write() as work:
            for camera in cameras:
                register(work, camera, territory=arguments.territory)
    finally:
        store.close()
    for camera in cameras:
        sys.stdout.write(f"registered {camera.id}\n")
    return 0
