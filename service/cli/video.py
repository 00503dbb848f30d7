"""`qyran video`: what is recorded, whether it is whole, and taking a span of it out."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from service.cli.moments import utc
from service.cli.opened import system_store

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser("video", help="recorded video: what there is, whether it is whole, exports")
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    listed = actions.add_parser("list", help="cameras, or the spans and gaps of one")
    listed.add_argument("camera", nargs="?", metavar="CAMERA")
    listed.add_argument("--from", dest="start", type=utc, metavar="TIME", help="default: 24 hours ago")
    listed.add_argument("--to", dest="end", type=utc, metavar="TIME", help="default: now")
    listed.set_defaults(run=listing)
    taken = actions.add_parser("export", help="one signed zip of original packets with the program that checks it")
    taken.add_argument("camera", metavar="CAMERA")
    taken.add_argument("file", type=Path, metavar="FILE", help="the zip to write")
    taken.add_argument("--from", dest="start", type=utc, required=True, metavar="TIME")
    taken.add_argument("--to", dest="end", type=utc, required=True, metavar="TIME")
    taken.add_argument("--purpose", required=True, metavar="TEXT", help="what for; it is logged")
    taken.add_argument("--masked", action="store_true", help="people, windows and plates covered; 10 minutes at most")
    taken.set_defaults(run=export)
    checked = actions.add_parser("check", help="read every segment's structure; 1 where one is damaged")
    checked.add_argument("camera", nargs="?", metavar="CAMERA")
    checked.set_defaults(run=check)
    kept = actions.add_parser("keep", help="one round of terms, room and exports by hand")
    kept.set_defaults(run=keep)


def listing(arguments: Namespace) -> int:
    """A line a camera, or a line a span and a gap."""
    from datetime import timedelta  # noqa: PLC0415 - keeps `--help` fast

    from service.video.archive import find, runs_of  # noqa: PLC0415
    from service.video.keeper import cameras  # noqa: PLC0415
    from service.video.stored import shelf_of  # noqa: PLC0415
    from vision.segments import days  # noqa: PLC0415

    with system_store() as store:
        archive = store.settings.video_folder
        if arguments.camera is None:
            shelf = shelf_of(store.settings)
            for camera in sorted({*cameras(archive), *(shelf.cameras() if shelf else ())}):
                held = sorted({*days(archive, camera), *(shelf.days(camera) if shelf else ())})
                sys.stdout.write(f"{camera}: {f'{held[0]} to {held[-1]}' if held else 'nothing'}\n")
            return 0
        with store.read() as work:
            end = arguments.end or work.now
            found = find(work, arguments.camera, arguments.start or end - timedelta(days=1), end)
    lines = [(start, f"{_iso(start)} {_iso(stop)} video") for start, stop in runs_of(found.segments)]
    lines += [(gap.start, f"{_iso(gap.start)} {_iso(gap.end)} gap {gap.reason or 'unknown'}") for gap in found.gaps]
    sys.stdout.writelines(f"{line}\n" for _, line in sorted(lines))
    return 0


def export(arguments: Namespace) -> int:
    """Write the file; its hash and size."""
    import shutil  # noqa: PLC0415

    from qyran.errors import InputError  # noqa: PLC0415
    from qyran.roles import SYSTEM  # noqa: PLC0415
    from service.video import exports  # noqa: PLC0415
    from service.video.masking import video_mask  # noqa: PLC0415

    with system_store() as store:
        asked = exports.Asked(arguments.start, arguments.end, arguments.purpose, arguments.masked)
        with store.write(SYSTEM) as work:
            made = exports.ask(work, arguments.camera, asked)
        exports.make_exports(store, partial(video_mask, store.settings) if arguments.masked else None)
        with store.write(SYSTEM) as work:
            row = exports.one_of(work, made.id)
            if row.state != exports.READY:
                raise InputError(row.error or "The service makes this export now; fetch it there.")
            path, _ = exports.fetch(work, made.id)
            digest, size = row.sha256, row.bytes
        shutil.copyfile(path, arguments.file)
    sys.stdout.write(f"{arguments.file}: {size} bytes, SHA-256 {digest}\n")
    return 0


def check(arguments: Namespace) -> int:
    """A line a damaged segment, then a count."""
    from service.settings import load_settings  # noqa: PLC0415
    from service.video.checking import faults  # noqa: PLC0415

    count, bad = 0, 0
    for name, fault in faults(load_settings().video_folder, arguments.camera):
        count += 1
        if fault is not None:
            bad += 1
            sys.stdout.write(f"{name}: {fault}\n")
    sys.stdout.write(f"{count} segments, {bad} damaged\n")
    return 1 if bad else 0


def keep(_: Namespace) -> int:
    """One round by hand."""
    from service.video.tending import VideoRound  # noqa: PLC0415

    with system_store() as store:
        VideoRound(store).run()
    return 0


def _iso(at: object) -> str:
    return str(at).replace(" ", "T")
