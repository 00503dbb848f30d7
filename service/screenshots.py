"""Pictures of the consoles for the README: a copy of the demo, a real Chromium, each page as its role sees it."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import select

from qyran.errors import ConfigError
from service.demo.run import demo, demo_settings, served
from service.demo.users import demo_users
from service.i18n import Language
from service.store.alert_tables import Alert
from service.store.database import Store, open_store
from service.store.tables import Passage, ViolationCase
from service.web.visit import LANGUAGE_COOKIE
from violations.case import CaseState

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome")
SWITCHES: Final = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
WIDE: Final = (1440, 900)
TALL: Final = (1440, 1200)
NARROW: Final = (390, 844)
PAPER: Final = (900, 1240)  # a little more than an A4 page's width to height
LONG_AGO: Final = "2026-01-01T00:00"  # the demo may have been made days ago
SETTLE_MS: Final = 1500  # video, pictures and fonts
MOST_PAGES: Final = 20  # of results, turned in search of a plate that was read
MAP_MS: Final = 4000  # a map is drawn by the processor where there is no graphics card
PDF_MS: Final = 4000  # the viewer draws page after page


@dataclass(frozen=True, slots=True)
class Shot:
    """One picture: who sees which page in which language; `full` takes the whole page, not the window.

    Attributes:
        act: what is done on the page before the picture is taken, as a person would.
    """

    name: str
    who: str
    path: str
    lang: Language
    size: tuple[int, int] = WIDE
    full: bool = False
    dark: bool = False
    act: Callable[[Page], None] | None = None


def take(folder: Path, out: Path, browser: Path | None = None) -> list[Path]:
    """Make the demo if need be, and a picture of each console from a copy of it.

    Args:
        folder: of the demo.
        out: where the pictures go.
        browser: Chromium; None looks on the path.

    Raises:
        ConfigError: Chromium or Playwright is not installed.
    """
    program = find_browser(browser)
    demo(folder, once=True, port=0)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="qyran-") as copy:
        shutil.copytree(folder / "home", Path(copy) / "home")
        store = open_store(demo_settings(Path(copy), 0), demo=True)
        try:
            passwords = demo_users(store)
            with served(store) as base, chromium(program) as opened:
                return [_take(opened, base, passwords, shot, out) for shot in _shots(store)]
        finally:
            store.close()


def find_browser(given: Path | None = None) -> Path:
    """Chromium.

    Raises:
        ConfigError: there is none.
    """
    names = [str(given)] if given else BROWSERS
    found = next((path for path in map(shutil.which, names) if path), None)
    if found is None:
        raise ConfigError(f"No browser: {', '.join(names)} not found; install Debian's package chromium.")
    return Path(found)


@contextmanager
def chromium(program: Path) -> Iterator[Browser]:
    """A fresh headless browser that talks to nobody but the pages' host.

    Raises:
        ConfigError: Playwright is not installed.
    """
    try:
        from playwright.sync_api import sync_playwright  # noqa: PLC0415 - a tool of developers, not of the service
    except ImportError:
        raise ConfigError("Playwright is not installed; install the extra dev.") from None
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=program, args=[*SWITCHES], headless=True)
        try:
            yield opened
        finally:
            opened.close()


def log_in(page: Page, base: str, username: str, password: str) -> None:
    """Log in by the form."""
    page.goto(f"{base}/login")
    page.fill("#username", username)
    page.fill("#password", password)
    with page.expect_navigation(url=lambda url: "/login" not in url):
        page.keyboard.press("Enter")


def _shots(store: Store) -> list[Shot]:
    waiting = _first(store, ViolationCase, ViolationCase.state.in_([CaseState.SCREENED, CaseState.IN_REVIEW]))
    signed = _first(store, ViolationCase, ViolationCase.document_no.is_not(None))
    smoke = _first(store, Alert, Alert.type == "fire_alert") or _first(store, Alert)
    shots = [
        Shot("login", "", "/login", "kk"),
        Shot("officer-queue", "officer", "/cases", "kk"),
        Shot("officer-queue-phone", "officer", "/cases", "ru", NARROW),
        Shot("operator-alarms", "operator", "/alarms", "ru", act=_settled),
        Shot("operator-alarms-dark", "operator", "/alarms", "kk", dark=True, act=_settled),
        Shot("operator-alarms-phone", "operator", "/alarms", "kk", NARROW, act=_settled),
        Shot("operator-wall", "operator", "/wall", "ru", act=_settled),
        Shot("operator-map", "operator", "/alarms/map", "kk", act=_settled),
        Shot("operator-shift", "operator", "/alarms/shift", "ru", full=True),
        Shot("operator-statistics", "operator", "/alarms/statistics", "en", full=True),
        Shot("operator-raise", "operator", "/alarms/raise", "kk"),
        Shot("operator-outages", "operator", "/alarms/outages", "en"),
        Shot("dispatcher-alarms-phone", "dispatcher", "/alarms", "ru", NARROW),
        Shot("evaluator-kpi", "evaluator", "/kpi", "en", full=True),
        Shot("evaluator-kpi-phone", "evaluator", "/kpi", "kk", NARROW),
        Shot("evaluator-one", "evaluator", "/kpi/9.9", "ru", full=True),
        Shot("evaluator-city", "evaluator", "/kpi/city", "kk"),
        Shot("evaluator-false-alarms", "evaluator", "/kpi/false-alarms", "en"),
        Shot("evaluator-raise", "evaluator", "/kpi/raise", "ru"),
        Shot("public", "", "/public?lang=kk", "kk"),
        Shot("cameras", "administrator", "/cameras", "ru"),
        Shot("scene-editor", "administrator", "/cameras/demo-junction/scene", "ru", act=_choose),
        Shot("passages", "officer", "/passages", "ru", TALL, act=_search),
        Shot("watch", "officer", "/watch?show=all", "en"),
    ]
    if _read(store):
        shots.append(Shot("route", "officer", "/passages", "kk", act=_route))
    if waiting:
        shots.append(Shot("officer-case", "officer", f"/cases/{waiting}", "kk", full=True))
        shots.append(Shot("officer-case-phone", "officer", f"/cases/{waiting}", "ru", NARROW))
    if signed:
        shots.append(Shot("officer-signed", "officer", f"/cases/{signed}", "en"))
        shots.append(Shot("decision", "officer", f"/cases/{signed}/decision", "kk"))
    if smoke:
        shots.append(Shot("operator-alarm", "operator", f"/alarms/{smoke}", "en", full=True))
    return shots


def _read(store: Store) -> bool:
    """Whether the plate of any passage was read."""
    with store.read() as work:
        return work.session.scalar(select(Passage.id).where(Passage.plate_token.is_not(None)).limit(1)) is not None


def _settled(page: Page) -> None:
    """The clip plays, the map is drawn, live views have begun or said why not."""
    page.wait_for_timeout(MAP_MS)


def _choose(page: Page) -> None:
    """The first zone of a scene, so that its points and fields show."""
    page.locator("[data-part^='zones/']").first.click()


def _search(page: Page) -> None:
    """Search everything, with a reason."""
    page.fill("#start", LONG_AGO)
    page.select_option("#reason", "administrative_case")
    page.fill("#number", "2026-0001")
    page.locator("form.search button").click()
    page.wait_for_selector(".results")


def _route(page: Page) -> None:
    """The route of the newest vehicle whose plate was read."""
    _search(page)
    routes, on = page.locator("form[action='/passages/route'] button"), page.locator("section nav form:last-of-type")
    for _ in range(MOST_PAGES):  # the newest first; `_read` knows that there is one
        if routes.count():
            break
        with page.expect_navigation():
            on.locator("button").click()
    routes.first.click()
    page.wait_for_selector(".stops")


def _first(store: Store, table: Any, *where: Any) -> str | None:
    with store.read() as work:
        found: str | None = work.session.scalar(select(table.id).where(*where).order_by(table.t_detect).limit(1))
    return found


def _take(opened: Browser, base: str, passwords: dict[str, str], shot: Shot, out: Path) -> Path:
    width, height = shot.size
    scheme = "dark" if shot.dark else "light"
    context = opened.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    try:
        context.add_cookies([{"name": LANGUAGE_COOKIE, "value": shot.lang, "url": base}])
        page = context.new_page()
        if shot.who:
            log_in(page, base, shot.who, passwords[shot.who])
        page.goto(f"{base}{shot.path}")
        if shot.act is not None:
            shot.act(page)
        path = out / f"{shot.name}.png"
        if shot.name == "decision":
            _paper(page, path)
        else:
            page.wait_for_timeout(SETTLE_MS)
            page.screenshot(path=path, full_page=shot.full)
        return path
    finally:
        context.close()


def _paper(page: Page, path: Path) -> None:
    """The first page of the decision as the browser's own viewer draws it."""
    frame = page.locator("iframe")
    width, height = PAPER
    size = {"width": width, "height": height}
    page.set_viewport_size({"width": width + 80, "height": height + 400})
    frame.evaluate(
        "(one, size) => { one.style.width = `${size.width}px`; one.style.height = `${size.height}px`; }", size
    )
    frame.evaluate("one => { one.src = one.src.split('#')[0] + '?bare#toolbar=0&navpanes=0&view=FitH'; }")
    page.wait_for_timeout(PDF_MS)
    frame.screenshot(path=path)
