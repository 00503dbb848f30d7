"""Two violations from a camera's pixels to their ends: paid at half price, and cancelled on appeal."""

from __future__ import annotations

import re
from datetime import timedelta
from email import message_from_bytes, policy
from email.utils import format_datetime

import pytest
from playwright.sync_api import expect

from qyran.roles import Role
from scenarios.happenings import clip_of
from scenarios.happenings.clip import draw
from service import cameras
from service.camera_watch import watch_camera
from service.courier import collect, deliver
from service.fine_payments import take
from service.ingest import ingest
from service.job_register import run_job
from service.ports.simulator import Simulator, serving
from service.settings import load_settings
from service.store.tables import ViolationCase
from tests.browser.test_officer import LOADED, panel
from tests.service.sent import OWNER, with_files
from tests.service.smtp_server import PASSWORD, USER, smtp_server
from tests.service.test_fine_payments import line
from tests.service.test_smtp import NOTICE
from tests.service.world import NOON, World
from vision.camera import load_camera

pytestmark = pytest.mark.browser

PLATES = ("123ABC02", "456BCD02")
FILE = """
notify = ["email"]
starts_terms = ["email"]
[register]
url = "{url}"
[vehicles]
url = "{url}"
[email]
host = "127.0.0.1"
port = {port}
sender = "notices@example.kz"
user = "{user}"
password = "env:SMTP_PASSWORD"
ca_file = "{certificate}"
bounces = "{bounces}"
"""


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """A rendered crossroads where several drive through the red light."""
    clip = clip_of("red_light", "day", 1)
    return draw(clip, tmp_path_factory.mktemp("recording"))


@pytest.fixture
def city(tmp_path, monkeypatch, database_url, recording):
    """An installation that watches the recording, with mail and registers outside."""
    monkeypatch.setenv("QYRAN_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SMTP_PASSWORD", PASSWORD)
    given = {"database_url": database_url} if database_url else {}
    settings = load_settings(
        home=tmp_path / "home", second_look_share=0, sample_auto_rejected=0, public_url="http://127.0.0.1:8000", **given
    )
    bounces = tmp_path / "bounces"
    (bounces / "new").mkdir(parents=True)
    with World(settings, demo=True, with_camera=False) as made, smtp_server(tmp_path) as (box, port, certificate):
        made.box, made.bounces, made.outside = box, bounces, Simulator(clock=made.clock)
        made.outside.owners = {plate: {key: OWNER[key] for key in ("name", "iin", "address", "vehicle", "email")}
                               for plate in PLATES}  # fmt: skip
        with serving(made.outside) as url:
            with_files(made, FILE.format(url=url, port=port, user=USER, certificate=certificate, bounces=bounces))
            with made.store.write() as work:
                cameras.register(work, load_camera(recording.camera))
            watch_camera(recording.camera, settings, start_time=NOON - timedelta(minutes=1), demo=True)
            ingest(made.spool, made.store)
            yield made


def cases_of(city) -> list[ViolationCase]:
    with city.store.read() as work:
        found = work.session.query(ViolationCase).filter_by(kind="red_light", state="screened")
        return list(found.order_by(ViolationCase.t_detect))


def row(city, case: str) -> ViolationCase:
    with city.store.read() as work:
        return work.session.get_one(ViolationCase, case)


def decide(page, base, case: str, plate: str) -> None:
    """An officer reads the plate, asks whose it is, confirms and signs, by keyboard."""
    page.goto(f"{base}/cases/{case}")
    page.evaluate(LOADED)
    if "Under review" not in panel(page).inner_text():  # the desk opens the next case by itself after a verdict
        page.keyboard.press("Enter")
    expect(panel(page)).to_contain_text("Under review")
    page.keyboard.press("e")
    page.keyboard.type(plate)
    page.keyboard.press("Escape")
    page.keyboard.press("o")
    expect(page.locator("#desk")).to_contain_text(OWNER["name"])
    page.keyboard.press("c")
    expect(page.locator("#flash")).to_contain_text("Confirmed")
    page.goto(f"{base}/cases/{case}")
    page.keyboard.press("s")
    expect(panel(page)).to_contain_text("Signed")


def carried(city) -> None:
    """The courier's round, the mail's notice of delivery, and the next round."""
    deliver(city.store)
    city.outside.register()
    for number, (_, content) in enumerate(city.box.letters):
        key = message_from_bytes(content, policy=policy.default)["Message-ID"].strip("<>").split("@")[0]
        told = NOTICE.format(key=key, action="delivered", status="2.0.0")
        told = re.sub(r"^Date: .*$", f"Date: {format_datetime(city.clock())}", told, flags=re.MULTILINE)
        (city.bounces / "new" / f"{number}").write_text(told)
    city.clock.forward(minutes=5)
    collect(city.store)


def test_one_is_paid_at_half_price_and_another_cancelled_on_appeal(city, base, enter):
    first, second = cases_of(city)[:2]
    officer = enter(Role.POLICE_OFFICER)
    for case, plate in zip((first, second), PLATES, strict=True):
        decide(officer, base, case.id, plate)
    carried(city)
    assert len(city.box.letters) == 2
    paid, appealed = row(city, first.id), row(city, second.id)
    assert {(one.registration, one.delivery) for one in (paid, appealed)} == {("registered", "delivered")}

    half = line(paid.document_no, paid.fine_kzt / 2, "T-1", (NOON + timedelta(days=5)).date())
    city.clock.forward(days=6)
    with city.store.write() as work:
        take(work, [half], source="treasury")
    run_job(city.store, "close_cases", city.clock().date())
    assert (row(city, first.id).payment, row(city, first.id).state) == ("half", "closed")

    senior = enter(Role.SENIOR_OFFICER)
    senior.goto(f"{base}/fines/{second.id}")
    senior.get_by_role("button", name="Record an appeal").click()
    senior.get_by_label("Who appeals").fill("A. Person")
    senior.get_by_label("What is said").fill("I had sold the car.")
    senior.locator("#new-appeal").get_by_role("button", name="Record an appeal").click()
    senior.get_by_label("Outcome").select_option("cancelled")
    senior.get_by_label("Reason", exact=True).last.select_option("vehicle_sold")
    senior.get_by_label("Grounds").fill("The register confirms the sale.")
    senior.get_by_role("button", name="Record the answer").click()
    expect(senior.locator("main")).to_contain_text("nothing is due")
    assert row(city, second.id).state == "cancelled"
    senior.goto(f"{base}/cases/{second.id}/history")
    expect(senior.locator("main")).to_contain_text("Cancelled")
