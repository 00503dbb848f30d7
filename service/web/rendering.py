"""From a template and a visit to a page."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal
from zoneinfo import ZoneInfo

from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.responses import Response

from qyran import __version__
from service import i18n
from service.web.navigation import Item, items
from service.web.visit import FLASH_COOKIE, FORM_COOKIE, Visit
from service.web.words import Words

HERE: Final = Path(__file__).resolve().parent
STATIC: Final = HERE / "static"
SOURCE_PATH: Final = "/about/source"
LANGUAGE_NAMES: Final = (("kk", "Қазақша"), ("ru", "Русский"), ("en", "English"))
UNITS: Final = ("days", "hours", "minutes", "seconds")
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; "
    "frame-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
"""Pages need nothing inline, nothing evaluated and nothing from outside the host; video is put together by a script."""
FLASH_S: Final = 30  # a message waits at most so long for the page after a redirect

_pages = Environment(
    loader=FileSystemLoader(HERE / "templates"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


@dataclass(frozen=True, slots=True)
class Flash:
    """One line over a page: what came of a step."""

    text: str
    tone: Literal["good", "bad", "warn"] = "good"


def words_of(visit: Visit) -> Words:
    """The reader of a visit."""
    return Words(visit.lang, ZoneInfo(visit.store.settings.time_zone), visit.store.clock())


def page(visit: Visit, template: str, *, status: int = 200, flash: Flash | None = None, **values: Any) -> HTMLResponse:
    """Render a page.

    Args:
        visit: who reads it.
        template: its file.
        status: of the response.
        flash: a line over it; None takes the one that waits in the cookie.
        values: what the template shows.
    """
    w = words_of(visit)
    waiting = visit.request.cookies.get(FLASH_COOKIE)
    content = _pages.get_template(template).render(
        t=w.t,
        w=w,
        lang=visit.lang,
        languages=LANGUAGE_NAMES,
        me=visit.user,
        nav=navigation(visit),
        csrf=visit.csrf,
        here=visit.here,
        static=static,
        units=json.dumps({name: w.t(f"unit.{name}", n="{n}") for name in UNITS}, ensure_ascii=False),
        city=visit.store.settings.city_name[visit.lang],
        demo=visit.store.demo,
        version=__version__,
        source_url=SOURCE_PATH,
        zone_name=zone_name(w),
        flash=flash or _waiting(w, waiting),
        **values,
    )
    response = HTMLResponse(content, status)
    if waiting is not None:
        response.delete_cookie(FLASH_COOKIE)
    if visit.form_cookie is not None:
        set_cookie(visit, response, FORM_COOKIE, visit.form_cookie, None)
    response.headers["content-security-policy"] = POLICY
    return response


def drawings() -> dict[str, str]:
    """The pages' icons by name, as the content of an SVG of 24 by 24."""
    found: dict[str, str] = vars(_pages.get_template("icons.html").module)["drawings"]
    return found


def plain(template: str, **values: Any) -> str:
    """The text of a page that belongs to nobody: no login, no form token, no message."""
    return _pages.get_template(template).render(**values)


def navigation(visit: Visit) -> tuple[Item, ...]:
    """The pages a visitor may open."""
    return items(visit.roles, visit.request.url.path, visit.store.settings)


def onward(visit: Visit, path: str, flash: str | None = None, value: str = "") -> RedirectResponse:
    """Go on to a page after a form, with a message (a key under `flash.`) for it."""
    response = RedirectResponse(path, 303)
    if flash is not None:
        set_cookie(visit, response, FLASH_COOKIE, f"{flash}:{value}" if value else flash, FLASH_S)
    return response


def set_cookie(visit: Visit, response: Response, name: str, value: str, seconds: int | None) -> None:
    """Set one of our cookies: not for scripts, not for other sites."""
    secure = visit.store.settings.secure
    response.set_cookie(name, value, max_age=seconds, httponly=True, samesite="lax", secure=secure, path="/")


@cache
def static(name: str) -> str:
    """Path of a static file with a mark of its content, so that a browser may keep it for ever.

    Modules get none: they import one another by their plain names, and a second name would be a second instance.
    """
    path = STATIC / name
    if not path.is_file() or name.startswith("js/"):
        return f"/static/{name}"
    return f"/static/{name}?v={hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"


def zone_name(w: Words) -> str:
    """The city's time zone with its offset: Asia/Almaty (UTC+5)."""
    offset = w.now.astimezone(w.zone).strftime("%z")
    hours = f"{offset[:3]}:{offset[3:5]}".removesuffix(":00").replace("+0", "+").replace("-0", "\N{MINUS SIGN}")
    return f"{w.zone.key} (UTC{hours})"


def _waiting(w: Words, cookie: str | None) -> Flash | None:
    if not cookie:
        return None
    name, _, value = cookie.partition(":")
    key = f"flash.{name}"
    if not i18n.has(w.lang, key):
        return None
    return Flash(w.t(key, number=value[:40]))
