"""`qyran import KIND FILE`: what evaluators bring from outside, from a command line."""

from __future__ import annotations

import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Final

from qyran.errors import InputError
from qyran.roles import SYSTEM
from service.cli.opened import system_store

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace, _SubParsersAction

    from service.i18n import Language
    from service.imports.intake import Preview
    from service.imports.judging import Refusal

REFUSED: Final = 2  # as in `service.cli.main`


def add(subparsers: _SubParsersAction[ArgumentParser]) -> None:
    """Describe the command."""
    parser = subparsers.add_parser(
        "import", help="take in a file of figures, a register or a journal; whole or not at all"
    )
    parser.add_argument("kind", metavar="KIND", help="kpi_values, registered_vehicles, roads, ... (docs/imports.md)")
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV, XLSX, JSON or GeoJSON")
    parser.add_argument("--source", required=True, metavar="TEXT", help="who gave it, by which document")
    parser.add_argument("--as-of", required=True, metavar="DAY", help="day whose state it tells; a journal's last day")
    parser.add_argument("--since", metavar="DAY", help="a journal's first day; else that of its first record")
    parser.add_argument("--dry-run", action="store_true", help="say what would be taken and refused; store nothing")
    parser.add_argument("--leave-out", action="store_true", help="take the good rows and leave the refused ones out")
    parser.add_argument("--lang", choices=("kk", "ru", "en"), default="en", help="of the reasons")
    parser.set_defaults(run=run)


def run(arguments: Namespace) -> int:
    """Import a file, or say why not."""
    from service.imports.intake import ImportRefused, Upload, kind_of, preview, take  # noqa: PLC0415 - quick `--help`

    kind = kind_of(arguments.kind)
    upload = Upload(
        kind=kind,
        data=_read(arguments.file, kind.most_mib),
        source=arguments.source,
        as_of=_day(arguments.as_of, "--as-of"),
        name=arguments.file.name,
        since=None if arguments.since is None else _day(arguments.since, "--since"),
    )
    if arguments.dry_run:
        with system_store() as store, store.read(SYSTEM) as work:
            seen = preview(work, upload)
        return _said(seen, arguments.lang)
    try:
        with system_store() as store:
            with store.read(SYSTEM) as work:
                seen = preview(work, upload)
            with store.write(SYSTEM) as work:
                done = take(work, upload, leave_out=arguments.leave_out, seen=seen)
    except ImportRefused as error:
        _refusals(error.preview, arguments.lang)
        raise
    if done.known:
        sys.stdout.write(f"known already as import {done.id}; nothing changed\n")
        return 0
    left = f", {done.refused} left out" if done.refused else ""
    sys.stdout.write(f"{done.rows} rows taken{left}; import {done.id}\n")
    if done.touched:
        sys.stdout.write(f"touches published periods: {', '.join(done.touched)}\n")
    for note in done.notes:
        sys.stderr.write(_line(note, arguments.lang))
    return 0


def _said(seen: Preview, lang: Language) -> int:
    if seen.known is not None:
        sys.stdout.write(f"known already as import {seen.known}; nothing would change\n")
        return 0
    _refusals(seen, lang)
    sys.stdout.write(f"{len(seen.judged.rows)} rows would be taken, {seen.judged.count} refusals; nothing was stored\n")
    if seen.touched:
        sys.stdout.write(f"would touch published periods: {', '.join(seen.touched)}\n")
    return 0 if seen.can_be_taken else REFUSED


def _refusals(seen: Preview, lang: Language) -> None:
    for one in (*seen.judged.notes, *seen.judged.refusals):
        sys.stderr.write(_line(one, lang))
    hidden = seen.judged.count - len(seen.judged.refusals)
    if hidden:
        sys.stderr.write(f"... and {hidden} more\n")


def _line(one: Refusal, lang: Language) -> str:
    where = "file" if one.row is None else f"row {one.row}"
    column = f", {one.column}" if one.column else ""
    value = f" «{one.value}»" if one.value is not None else ""
    return f"{where}{column}{value}: {one.words(lang)}\n"


def _read(path: Path, most_mib: int | None) -> bytes:
    from service.imports.reading import MOST_BYTES  # noqa: PLC0415

    try:
        most = most_mib or MOST_BYTES >> 20
        if path.stat().st_size > most << 20:
            raise InputError(f"{path} is larger than {most} MiB; split it.")
        return path.read_bytes()
    except OSError as error:
        reason = "does not exist" if isinstance(error, FileNotFoundError) else f"cannot be read: {error.strerror}"
        raise InputError(f"{path} {reason}.") from None


def _day(text: str, name: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise InputError(f"{name}: a day is written as 2026-11-22.") from None
