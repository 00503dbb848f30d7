"""`qyran bench console`: an officer at the keyboard, driven through a real browser on a store of many cases.

What is measured is the console's own time: from the key that gives the verdict to the next case on the screen, its
stills and the first frame of its clip decoded. What the officer thinks meanwhile is not in it; the driver waits as long
as it is told to between two cases, far less than a person.
"""

from __future__ import annotations

import json
import os
import platform
import random
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from typing import TYPE_CHECKING, Any, Final

import httpx

from qyran import __version__
from qyran.errors import ConfigError
from qyran.roles import SYSTEM, Role
from service.bench_console_fill import Filled, fill
from service.demo.run import demo
from service.screenshots import chromium, find_browser, log_in
from service.settings import Settings, load_settings
from service.store.database import open_store
from service.users import add_user

if TYPE_CHECKING:
    from playwright.sync_api import Page

CASES: Final = 100_000
CLEARED: Final = 200
THINK_S: Final = 1.0
"""Between two cases; a person needs several seconds."""
OTHERS: Final = 6
"""Officers who decided the old cases."""
READY_WITHIN_S: Final = 180.0
WAIT_MS: Final = 30_000
SPARE: Final = 60
"""Cases with pictures beyond those that are cleared."""
REPEATED: Final = 5
"""Times each search is asked."""
ACTIONS: Final = (("confirm", 70), ("reject", 17), ("correct", 5), ("hold", 4), ("return", 4))
"""What the officer does, per cent."""
STOPWATCH: Final = """
window.bench = { key: 0, from: null, told: null };
document.addEventListener("keydown", (event) => { window.bench.key = event.timeStamp; }, true);
window.bench.arm = () => {
  const now = document.getElementById("desk");
  window.bench.from = now ? now.dataset.case : null;
  window.bench.told = new Promise((done) => {
    const look = () => {
      const desk = document.getElementById("desk");
      const media = document.getElementById("media");
      const clip = media && media.querySelector("video");
      const stills = media ? [...media.querySelectorAll(".strip img")] : [];
      const here = desk && desk.dataset.case !== window.bench.from && media
        && stills.every((one) => one.complete && one.naturalWidth > 0)
        && (!clip || clip.readyState >= 2 && !clip.seeking)
        && desk.querySelector("h1").getBoundingClientRect().height > 0;
      if (!here) return requestAnimationFrame(look);
      requestAnimationFrame(() => done({ ms: performance.now() - window.bench.key, id: desk.dataset.case }));
    };
    look();
  });
};
"""


@dataclass(frozen=True, slots=True)
class Round:
    """One case: what was done, and how long the next one took to be there, ms."""

    action: str
    ms: float


def bench_console(
    *, cases: int = CASES, cleared: int = CLEARED, think_s: float = THINK_S, database_url: str = "", seed: int = 1,
    demo_folder: Path = Path(".demo"), tell: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:  # fmt: skip
    """Fill a store, serve it in a process of its own, and clear cases by keys.

    Args:
        cases: in the store.
        cleared: by the officer.
        think_s: pause between two cases, seconds.
        database_url: of an empty PostgreSQL database; empty means SQLite in a temporary folder.
        seed: of the store and of what the officer does.
        demo_folder: the demo whose evidence is shown; made if need be.
        tell: is told what goes on.

    Raises:
        ConfigError: no browser, no Playwright, or the database is not empty.
    """
    program = find_browser()
    packages = _packages(demo_folder)
    if not packages:
        with redirect_stdout(sys.stderr):  # what the demo says is not the report
            demo(demo_folder, once=True, port=0)
        packages = _packages(demo_folder)
    with tempfile.TemporaryDirectory(prefix="qyran-bench-", dir=demo_folder) as folder:
        settings = _settings(Path(folder).absolute() / "home", database_url)
        began = time.monotonic()
        filled, password = _filled(settings, packages, cases, cleared + SPARE, seed)
        tell(f"filled {cases} cases in {time.monotonic() - began:.0f} s")
        load = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
        with _served(settings) as base, chromium(program) as browser:
            context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="ru-RU")
            context.add_init_script(STOPWATCH)
            page = context.new_page()
            page.set_default_timeout(WAIT_MS)
            log_in(page, base, "officer", password)
            rounds = _clear(page, cleared, think_s, random.Random(seed), tell)  # noqa: S311 - draws a benchmark's keys
            cookies = {one["name"]: one["value"] for one in context.cookies()}
            searches = _searches(base, cookies, filled)
            context.close()
    return {
        "version": __version__,
        "machine": {"python": platform.python_version(), "cores": os.cpu_count(), "load_before": load},
        "database": settings.url.get_backend_name(),
        "cases": cases,
        "cleared": len(rounds),
        "think_s": think_s,
        "key_to_next_case_ms": _spread([one.ms for one in rounds]),
        "by_action": {
            name: _spread([one.ms for one in rounds if one.action == name])
            for name, _ in ACTIONS
            if any(one.action == name for one in rounds)
        },
        "search_ms": searches,
    }


def _packages(folder: Path) -> list[Path]:
    """Folders of the violations the demo found."""
    manifests = sorted((folder / "home" / "evidence").rglob("manifest.json"))
    return [path.parent for path in manifests if json.loads(path.read_bytes())["finding"]["type"] == "violation"]


def _settings(home: Path, database_url: str) -> Settings:
    return load_settings(
        home=home,
        database_url=database_url,
        city_id="bench",
        city_name_kk="Үлгі қала",
        city_name_ru="Образцовый город",
        city_name_en="Sample city",
        secure_cookies=False,
        second_look_share=0.0,
    )


def _filled(settings: Settings, packages: Sequence[Path], cases: int, seen: int, seed: int) -> tuple[Filled, str]:
    password = secrets.token_urlsafe(12)
    store = open_store(settings, demo=True)
    try:
        with store.write(SYSTEM) as work:
            add_user(work, "officer", password, [Role.POLICE_OFFICER], name="Officer")
            others = [
                add_user(work, f"officer-{one}", secrets.token_urlsafe(12), [Role.POLICE_OFFICER], name=f"O. {one}")
                for one in range(OTHERS)
            ]
        return fill(store, [one.id for one in others], packages, cases=cases, seen=seen, seed=seed), password
    finally:
        store.close()


@contextmanager
def _served(settings: Settings) -> Iterator[str]:
    """The service with its background jobs in a process of its own; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    given = {
        "QYRAN_HOME": str(settings.home),
        "QYRAN_DATABASE_URL": settings.database_url,
        "QYRAN_CITY_ID": settings.city_id,
        "QYRAN_CITY_NAME_KK": settings.city_name["kk"],
        "QYRAN_CITY_NAME_RU": settings.city_name["ru"],
        "QYRAN_CITY_NAME_EN": settings.city_name["en"],
        "QYRAN_SECURE_COOKIES": "false",
        "QYRAN_SECOND_LOOK_SHARE": "0",
        "OMP_NUM_THREADS": "1",
    }
    command = [sys.executable, "-m", "service.cli", "serve", "--port", str(port)]
    server = subprocess.Popen(command, env=os.environ | given)  # noqa: S603 - our own command
    try:
        base = f"http://127.0.0.1:{port}"
        _wait(base, server)
        yield base
    finally:
        server.terminate()
        server.wait(timeout=READY_WITHIN_S)


def _wait(base: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_WITHIN_S
    while True:
        try:
            httpx.get(f"{base}/login")
        except httpx.TransportError:
            if server.poll() is not None or time.monotonic() > deadline:
                raise ConfigError("The service of the benchmark did not start; see its messages above.") from None
            time.sleep(0.1)
        else:
            return


def _clear(page: Page, count: int, think_s: float, dice: random.Random, tell: Callable[[str], None]) -> list[Round]:
    page.evaluate("window.bench.arm()")
    page.locator("form[action='/cases/next'] button").click()
    page.wait_for_selector("#media[data-seen]")
    names, weights = [name for name, _ in ACTIONS], [weight for _, weight in ACTIONS]
    rounds = []
    for number in range(count):
        page.wait_for_timeout(think_s * 1000)
        page.evaluate("window.bench.arm()")
        action = dice.choices(names, weights)[0]
        _act(page, action, dice)
        told = page.evaluate("window.bench.told")
        rounds.append(Round(action, float(told["ms"])))
        page.wait_for_selector("#media[data-seen]")
        if (number + 1) % 50 == 0:
            tell(f"cleared {number + 1}, median {median(one.ms for one in rounds):.0f} ms")
    return rounds


def _act(page: Page, action: str, dice: random.Random) -> None:
    keys = page.keyboard
    if action == "reject":
        keys.press("r")
        keys.press(str(dice.randrange(10)))
    elif action == "return":
        keys.press("t")
        keys.press("1")
    elif action == "hold":
        keys.press("h")
    elif action == "correct":
        keys.press("e")
        keys.type(f"{dice.randrange(1000):03}QYR02")
        keys.press("Enter")
    else:
        keys.press("Enter")


def _searches(base: str, cookies: dict[str, str], filled: Filled) -> dict[str, dict[str, float]]:
    """Milliseconds from the posted search to its page of results, redirect included."""
    why = {"reason": "administrative_case", "reason_number": "1"}
    plates, found = filled.plates, {}
    asked: dict[str, list[dict[str, str]]] = {
        "plate": [{"plate": plate, **why} for plate in plates[:REPEATED]],
        "plate_beginning": [{"plate": f"{plate[:4]}*", **why} for plate in plates[:REPEATED]],
        "plate_middle": [{"plate": f"*{plate[2:6]}*", **why} for plate in plates[:REPEATED]],
        "plate_gaps": [{"plate": f"{plate[:2]}?{plate[3:5]}?{plate[6:]}", **why} for plate in plates[:REPEATED]],
        "plate_letters": [{"plate": f"???{plate[3:6]}??", **why} for plate in plates[:REPEATED]],
        "number": [{"number": number} for number in filled.numbers],
        "number_beginning": [{"number": number[:8]} for number in filled.numbers],
        "place": [{"place": "сатпаев"}] * REPEATED,
        "camera": [{"camera": "camera-07"}] * REPEATED,
        "rule_and_state": [{"kind": "no_parking", "state": "signed"}] * REPEATED,
        "article_and_days": [{"article": "599", "start": "2026-10-01", "end": "2026-10-31"}] * REPEATED,
        "state_closed": [{"state": "closed"}] * REPEATED,
        "days_of_decision": [{"days": "decision", "start": "2026-09-01", "end": "2026-09-07"}] * REPEATED,
        "several": [{"kind": "red_light", "state": "closed", "place": "абай", "start": "2026-08-01"}] * REPEATED,
    }
    with httpx.Client(base_url=base, cookies=cookies, follow_redirects=True, timeout=WAIT_MS / 1000) as client:
        token = client.get("/cases/search").text.split('name="csrf" value="')[1].split('"')[0]
        for name, forms in asked.items():
            times = []
            for form in forms:
                began = time.perf_counter()
                answer = client.post("/cases/search", data={"csrf": token, **form})
                times.append(1000 * (time.perf_counter() - began))
                if answer.status_code != httpx.codes.OK:
                    raise ConfigError(f"The search {name} was answered by {answer.status_code}.")
            found[name] = _spread(times)
        times = []
        for _ in range(REPEATED):
            began = time.perf_counter()
            client.get("/cases").raise_for_status()
            times.append(1000 * (time.perf_counter() - began))
        found["queue_page"] = _spread(times)
    return found


def _spread(values: Sequence[float]) -> dict[str, float]:
    if not values:
        return {}
    slow = quantiles(values, n=20)[18] if len(values) > 1 else values[0]
    return {"n": len(values), "median": round(median(values), 1), "p95": round(min(slow, max(values)), 1),
            "max": round(max(values), 1)}  # fmt: skip
