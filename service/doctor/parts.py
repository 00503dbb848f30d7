"""What the installation is made of: settings, keys, models, decoders, papers, browser files, cameras."""

from __future__ import annotations

import io
import json
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from qyran.errors import QyranError
from service.doctor.findings import Finding, Patient, note, ok, wrong
from service.settings_view import unknown
from service.web import rendering

KAZAKH: Final = "ӘәҒғҚқҢңӨөҰұҮүҺһІі"
LAYOUT: Final = '#let data = json("data.json")\n#set text(lang: "kk")\n#data.text\n'
DECODERS: Final = ("h264", "hevc", "mjpeg")
"""What cameras send; without the first two nothing can be watched."""
BROWSER_FILES: Final = ("htmx.min.js", "maplibre-gl.mjs", "maplibre-gl.css")
PLACES: Final = ("road", "fire", "plates")
CROPS: Final = ("plate_reader", "signals", "attributes")


def settings(patient: Patient) -> Iterator[Finding]:
    """The settings can be read, and no variable means nothing."""
    if patient.fault is not None:
        yield wrong("settings_wrong", fault=patient.fault)
        return
    found = unknown()
    for name, near in found.items():
        yield wrong("variable_meant", name=name, near=near) if near else wrong("variable_unknown", name=name)
    if not found:
        yield ok("settings")


def keys(patient: Patient) -> Iterator[Finding]:
    """Keys that sign evidence and decisions: the city's own, or ones that Qyran made for itself."""
    if patient.settings is None:
        return
    from evidence.keys import DEVELOPMENT, INSTALLED  # noqa: PLC0415

    folder = patient.settings.home / "keys"
    if (folder / INSTALLED).exists():
        yield ok("key_installed", path=str(folder / INSTALLED))
    elif (folder / DEVELOPMENT).exists():
        yield note("key_development", path=str(folder / INSTALLED))
    else:
        yield note("key_none", path=str(folder / INSTALLED))
    if patient.settings.signing_file is None:
        yield note("signing_development")
    else:
        yield ok("signing", path=str(patient.settings.signing_file))
    if patient.settings.city_file is None:
        yield note("city_none")


def models(patient: Patient) -> Iterator[Finding]:
    """Every model that watches, its weights checked against the hash on its card."""
    if patient.settings is None:
        return
    from service.detectors import shipped_crop_card  # noqa: PLC0415

    choice, bad = patient.settings.model_choice, 0
    for place in PLACES:
        try:
            choice.card(place)
        except QyranError as error:
            bad += 1
            yield wrong("model", place=place, fault=str(error))
    for name in CROPS:
        try:
            shipped_crop_card(name)
        except QyranError as error:
            bad += 1
            yield wrong("model", place=name, fault=str(error))
    if not bad:
        yield ok("models", n=len(PLACES) + len(CROPS))


def decoders(_: Patient) -> Iterator[Finding]:
    """What the video library can decode, and whether this machine's card helps it."""
    import av  # noqa: PLC0415

    missing = [name for name in DECODERS if name not in av.codecs_available]
    if missing:
        yield wrong("decoders_missing", names=", ".join(missing))
    else:
        yield ok("decoders", names=", ".join(DECODERS))


def papers(_: Patient) -> Iterator[Finding]:
    """Whether a PDF shows every Kazakh letter: it is set and read back."""
    from pypdf import PdfReader  # noqa: PLC0415
    from typst import TypstError  # noqa: PLC0415

    from violations.typesetting import set_paper  # noqa: PLC0415

    with tempfile.TemporaryDirectory(prefix="qyran-doctor-") as folder:
        layout = Path(folder) / "letters.typ"
        layout.write_text(LAYOUT, encoding="utf-8")
        try:
            pdf = set_paper(layout, {"text": KAZAKH}, datetime(2026, 1, 1, tzinfo=UTC))
        except TypstError:  # PDF/A allows no letter that its font does not have
            yield wrong("letters_lost", letters=KAZAKH)
            return
    read = "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages)
    lost = "".join(letter for letter in KAZAKH if letter not in read)
    yield wrong("letters_lost", letters=lost) if lost else ok("letters")


def browser_files(_: Patient) -> Iterator[Finding]:
    """Third parties' files that pages need; they are no part of the source."""
    folder = rendering.STATIC / "vendor"
    missing = [name for name in BROWSER_FILES if not (folder / name).is_file()]
    if missing:
        yield wrong("browser_files_missing", names=", ".join(missing), path=str(folder))
    else:
        yield ok("browser_files", n=len(BROWSER_FILES))


def cameras(patient: Patient) -> Iterator[Finding]:
    """Camera files that were named: right, no id twice; with their streams where that is asked."""
    from service.camera_check import check  # noqa: PLC0415
    from vision.camera import load_camera  # noqa: PLC0415

    seen: dict[str, Path] = {}
    good = 0
    for file in patient.cameras:
        try:
            camera = load_camera(file)
            if patient.streams:
                info = check(file).info
                yield ok("stream", camera=camera.id, size=f"{info.width}×{info.height}", codec=info.codec)
        except QyranError as error:
            yield wrong("camera", file=file.name, fault=str(error))
            continue
        if camera.id in seen:
            yield wrong("camera_twice", file=file.name, other=seen[camera.id].name, camera=camera.id)
            continue
        seen[camera.id] = file
        good += 1
    if good:
        yield ok("cameras", n=good)


def watchers(patient: Patient) -> Iterator[Finding]:
    """What the processes that watch cameras say, where some are at work."""
    if patient.settings is None:
        return
    from service.worker_status import all_statuses, now  # noqa: PLC0415

    fresh = [one for one in all_statuses(patient.settings.home) if one.is_fresh(now())]
    for one in fresh:
        if one.starves:
            yield wrong("camera_starves", camera=one.camera, had=one.rate_had_hz, least=one.rate_least_hz)
        elif one.state == "down":
            yield note("camera_down", camera=one.camera, reason=json.dumps(one.reason))
    if fresh:
        yield ok("watchers", n=len(fresh))
