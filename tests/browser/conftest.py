from __future__ import annotations

import os
import threading

import pytest
import uvicorn
from playwright.sync_api import expect

from qyran.errors import ConfigError
from qyran.roles import Role
from service.app import create_app
from service.screenshots import chromium, find_browser, log_in
from service.settings import load_settings
from service.store.tables import AppUser
from service.web.rendering import STATIC
from service.web.visit import LANGUAGE_COOKIE
from tests.service.world import PASSWORD, World

PATIENCE_MS = 30_000  # a busy machine is slow, not wrong
GRACE_S = 1  # a picture under way arrives; who cancels it leaves its file open. Streams of events would wait for ever
expect.set_options(timeout=PATIENCE_MS)
WATCH = """
window.faults = [];
document.addEventListener("securitypolicyviolation", (event) =>
  faults.push(`CSP ${event.violatedDirective} ${event.blockedURI}`));
window.shift = 0;
new PerformanceObserver((list) => {
  for (const one of list.getEntries()) if (!one.hadRecentInput) window.shift += one.value;
}).observe({ type: "layout-shift", buffered: true });
"""


@pytest.fixture(scope="module")  # Playwright's event loop must be gone when a worker takes the next file
def browser():
    try:
        program = find_browser()
    except ConfigError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(error))
    if not (STATIC / "vendor" / "htmx.min.js").is_file():
        if os.environ.get("CI"):
            pytest.fail("htmx is absent; run `npm ci` and `python -m service.web.vendor`")
        pytest.skip("htmx is absent; run `npm ci` and `python -m service.web.vendor`")
    with chromium(program) as opened:
        yield opened


@pytest.fixture
def city(tmp_path, monkeypatch):
    """A demo installation with one of everything that waits for a person."""
    monkeypatch.setenv("QYRAN_HOME", str(tmp_path / "home"))
    settings = load_settings(
        home=tmp_path / "home", second_look_share=0, sample_auto_rejected=0, public_url="http://127.0.0.1:8000"
    )
    with World(settings, demo=True) as made:
        yield made


class Service:
    """The application behind a port of this machine; can go away and come back."""

    def __init__(self, store) -> None:
        self.store, self.port = store, 0
        self.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        ready = threading.Event()
        app = create_app(store=self.store, jobs=False)
        config = uvicorn.Config(
            app, host="127.0.0.1", port=self.port, log_level="critical", timeout_graceful_shutdown=GRACE_S
        )
        self.server = uvicorn.Server(config)
        startup = self.server.startup

        async def started(*given, **named):
            await startup(*given, **named)
            ready.set()

        self.server.startup = started
        self.thread = threading.Thread(target=self.server.run, daemon=True)
        self.thread.start()
        assert ready.wait(30)
        self.port = self.server.servers[0].sockets[0].getsockname()[1]

    def stop(self) -> None:
        self.server.should_exit = True
        self.thread.join()


@pytest.fixture
def service(city):
    running = Service(city.store)
    yield running
    running.stop()


@pytest.fixture
def base(service):
    """The address of the service; events enter when a test takes them, so no background job runs beside it."""
    return service.address


def _bad(said) -> bool:
    """Whether a page said something it should not; what a drawing without a graphics card costs is no fault of it."""
    return said.type in {"error", "warning"} and "GL Driver Message" not in said.text


@pytest.fixture
def enter(browser, base, city):
    """Log somebody in: a page that notes everything a strict and private page must not do."""
    contexts, faults = [], []

    def go(role: Role, lang: str = "en", size: tuple[int, int] = (1440, 900)):
        context = browser.new_context(viewport={"width": size[0], "height": size[1]})
        contexts.append(context)
        context.add_init_script(WATCH)
        context.add_cookies([{"name": LANGUAGE_COOKIE, "value": lang, "url": base}])
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("pageerror", lambda error: faults.append(f"{page.url}: {error}"))
        page.on("console", lambda said: _bad(said) and faults.append(f"{page.url}: {said.text}"))
        page.on(
            "request", lambda asked: asked.url.startswith((base, "blob:")) or faults.append(f"outside: {asked.url}")
        )
        actor = city.person(role)
        with city.store.read() as work:
            username = work.session.get_one(AppUser, actor.id).username
        log_in(page, base, username, PASSWORD)
        return page

    go.faults = faults
    yield go
    for context in contexts:
        for page in context.pages:
            faults += page.evaluate("window.faults ?? []")
        context.close()
    assert faults == []
