"""`qyran demo`: render, analyse, decide, answer, and show."""

from __future__ import annotations

import json
import shutil
import socket
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import uvicorn
from sqlalchemy import func, select

from qyran.errors import InputError
from service import cameras as register
from service.app import create_app
from service.demo.city import cameras, render_city, stamp, watch_city
from service.demo.people import Visitor, answer_alarms, decide_cases, watch_for
from service.demo.users import demo_users
from service.jobs import keep_house, take_events
from service.kpi import security_report
from service.ports.erap import development_erap
from service.settings import Settings, load_settings
from service.store.alert_tables import Alert
from service.store.database import open_store
from service.store.tables import Passage, ViolationCase
from vision.finding import FindingType

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from service.store.database import Store

HOST: Final = "127.0.0.1"
READY_WITHIN_S: Final = 30.0


def demo(folder: Path, *, once: bool, port: int = 8000) -> None:
    """Make the demo where it is missing or out of date, print its summary, then serve it.

    Args:
        folder: holds the scenes and the demo's own installation; nothing is written elsewhere.
        once: end after the analysis.
        port: of the console; 0 takes any free one.
    """
    _free(port)
    began = time.monotonic()
    settings = demo_settings(folder, port)
    finished = folder / "finished.json"
    if not _is_current(finished):
        finished.unlink(missing_ok=True)
        shutil.rmtree(settings.home, ignore_errors=True)
        if _stamp_of(folder / "scenes" / "stamp.json") != stamp():
            shutil.rmtree(folder / "scenes", ignore_errors=True)
        summary = _make(folder, settings)
        finished.write_text(json.dumps({"stamp": stamp(), "summary": summary}) + "\n", encoding="utf-8")
    summary = json.loads(finished.read_text(encoding="utf-8"))["summary"]
    if once:
        _say(f"done in {time.monotonic() - began:.0f} s; `make demo` opens the consoles on it")
        sys.stdout.write(json.dumps(summary) + "\n")
        return
    _serve(settings, summary, port)


def _make(folder: Path, settings: Settings) -> dict[str, Any]:
    """Everything from pixels to the score."""
    scenes = folder / "scenes"
    scenes.mkdir(parents=True, exist_ok=True)
    _say("rendering the sample city; a few minutes on two cores")
    render_city(scenes, _say)
    (scenes / "stamp.json").write_text(json.dumps({"stamp": stamp()}), encoding="utf-8")
    store = open_store(settings, demo=True)
    try:
        with store.write() as work:
            for camera in cameras(scenes):
                register.register(work, camera)
        passwords = demo_users(store)
        with served(store) as base_url, Visitor(base_url, "senior", passwords["senior"]) as senior:
            _say(f"the demo senior officer watches for {watch_for(senior, scenes)} plates")
        watched = watch_city(scenes, settings, _say)
        taken = take_events(store)
        _say(f"stored {taken.stored} events")
        with served(store) as base_url:
            with Visitor(base_url, "officer", passwords["officer"]) as officer:
                _say(f"the demo officer decided {decide_cases(officer, scenes)} cases")
            with Visitor(base_url, "operator", passwords["operator"]) as operator:
                _say(f"the demo operator answered {answer_alarms(operator)} alarms")
        keep_house(store)  # sends the signed decision to the stand-in of the register,
        development_erap(store).acknowledge()  # which answers,
        keep_house(store)  # and the answer is taken
        return _summary(store, sum(one.frames for one in watched))
    finally:
        store.close()


def _summary(store: Store, frames: int) -> dict[str, Any]:
    with store.read() as work:

        def count(table: Any, *where: Any) -> int:
            return int(work.session.scalar(select(func.count()).select_from(table).where(*where)) or 0)

        counts = {
            "frames": frames,
            "passages": count(Passage),
            "violations": count(ViolationCase),
            "incidents": count(Alert, Alert.type == FindingType.INCIDENT),
            "fire_alerts": count(Alert, Alert.type == FindingType.FIRE_ALERT),
            "decisions": count(ViolationCase, ViolationCase.t_officer_decision.is_not(None)),
        }
    sphere = security_report(store).sphere
    return {**counts, "security": {"score": sphere.score, "coverage": sphere.coverage}}


def demo_settings(folder: Path, port: int) -> Settings:
    """Settings of the demo's own installation in a folder."""
    return load_settings(
        home=folder.absolute() / "home",
        database_url="",
        city_id="demo",
        city_name_kk="Үлгі қала",
        city_name_ru="Образцовый город",
        city_name_en="Sample city",
        secure_cookies=False,
        second_look_share=0.0,
        public_url=f"http://{HOST}:{port}",
    )


@contextmanager
def served(store: Store, port: int = 0) -> Iterator[str]:
    """The service on a port of this machine, in a thread; the address."""
    server = uvicorn.Server(
        uvicorn.Config(create_app(store.settings, store=store), host=HOST, port=port, log_level="warning")
    )
    thread = threading.Thread(target=server.run, name="service", daemon=True)
    thread.start()
    deadline = time.monotonic() + READY_WITHIN_S
    while not server.started:
        if not thread.is_alive() or time.monotonic() > deadline:
            raise InputError(f"The service did not start on port {port}.")
        time.sleep(0.05)
    try:
        yield f"http://{HOST}:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def _serve(settings: Settings, summary: dict[str, Any], port: int) -> None:
    """Show the consoles until stopped."""
    store = open_store(settings, demo=True)
    try:
        passwords = demo_users(store)
        with served(store, port) as base_url:
            _say(f"console at {base_url}")
            for name, password in passwords.items():
                _say(f"  {name:<14} {password}")
            _say("Ctrl+C ends")
            sys.stdout.write(json.dumps(summary) + "\n")
            sys.stdout.flush()
            threading.Event().wait()
    finally:
        store.close()


def _is_current(finished: Path) -> bool:
    return _stamp_of(finished) == stamp()


def _stamp_of(path: Path) -> str | None:
    try:
        return str(json.loads(path.read_text(encoding="utf-8"))["stamp"])
    except (OSError, ValueError, KeyError):
        return None


def _free(port: int) -> None:
    """Say at once that the port is taken, not after minutes of work."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            raise InputError(f"Port {port} of this machine is taken; give another with --port.") from None


def _say(line: str) -> None:
    sys.stderr.write(f"demo: {line}\n")
    sys.stderr.flush()
