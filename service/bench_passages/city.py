"""A city to measure: cameras, people, watch lists and a month of cases and alerts, written before the clock starts."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from qyran.roles import SYSTEM, Actor, Role
from service import auth, cameras, watch_lists
from service.bench_kpi_fill import Size, fill
from service.rollups import refresh
from service.settings import Settings
from service.store.bulk import put_rows
from service.store.database import Store, open_store
from service.store.tables import Camera
from vision.camera import parse_camera

DAYS: Final = 31
SIZE: Final = Size(cases=40_000, alerts=10_000, cameras=50, calls=800, objects=200, passages=0)
LISTS: Final = 5
WANTED: Final = 40
"""Plates on each list."""
PATTERNS: Final = 4
"""Of them with a sign that stands for any."""
LETTERS: Final = "ABCDEFHKMNPRSTUXYZ"
REGIONS: Final = tuple(f"{number:02d}" for number in range(1, 21))
PASSWORD: Final = "a bench of 10,000 cameras, not a secret"  # noqa: S105  of people who exist in a bench only
CASE: Final = "Bench 1"


@dataclass(frozen=True, slots=True)
class People:
    """Who asks."""

    officer: Actor
    operator: Actor
    evaluator: Actor


def camera_id(number: int) -> str:
    """Of the camera with a number."""
    return f"city-{number:05d}"


def plate(number: int) -> str:
    """The plate of a vehicle of the city, always the same: 123ABC02."""
    dice = random.Random(number)  # noqa: S311  draws a benchmark's plates
    letters = "".join(dice.choice(LETTERS) for _ in range(3))
    return f"{dice.randrange(1, 1000):03d}{letters}{'02' if dice.random() < 0.8 else dice.choice(REGIONS)}"


def build(settings: Settings, count: int, vehicles: int) -> People:
    """Fill an empty store.

    Args:
        settings: of the installation; its store is a demo store, since its people and plates are invented.
        count: cameras.
        vehicles: of the city; a few of them are looked for.
    """
    store = open_store(settings, demo=True)
    try:
        today = store.clock().astimezone(settings.zone).date()
        fill(store, today - timedelta(days=DAYS), today, SIZE)
        refresh(store)  # before the city's cameras come, who have no days behind them
        _cameras(store, count)
        with store.write(SYSTEM) as work:
            made = [
                auth.add_user(work, role.replace("_", "-"), PASSWORD, (role,)).actor
                for role in (Role.SENIOR_OFFICER, Role.SITUATIONAL_OPERATOR, Role.EVALUATOR)
            ]
        people = People(*made)
        _lists(store, people.officer, vehicles)
    finally:
        store.close()
    return people


def _cameras(store: Store, count: int) -> None:
    with store.write(SYSTEM) as work:
        first = {
            "id": camera_id(0),
            "name": "Camera 0",
            "stream": "rtsp://192.0.2.1/0",
            "commissioned": f"{work.now:%Y-%m-%d}",
        }
        cameras.register(work, parse_camera(first, source="the bench"))
        names = ("id", "name", "commissioned", "latitude", "longitude", "covers", "file_version", "registered_at",
                 "status", "status_at")  # fmt: skip
        put_rows(
            work.session,
            Camera,
            names,
            [
                (camera_id(n), {"kk": f"Камера {n}", "ru": f"Камера {n}", "en": f"Camera {n}"},
                 work.now.date(), 43.15 + n % 100 / 500, 76.8 + n // 100 / 500, [], 1, work.now, "up", work.now)
                for n in range(1, count)
            ],
        )  # fmt: skip


def _lists(store: Store, officer: Actor, vehicles: int) -> None:
    dice = random.Random(1)  # noqa: S311  draws a benchmark's lists
    for number in range(LISTS):
        with store.write(officer) as work:
            wanted = watch_lists.NewList(
                name=f"Bench {number + 1}",
                purpose="stolen_vehicle",
                legal_ground=CASE,
                valid_until=work.now + timedelta(days=30),
            )
            made = watch_lists.make(work, wanted)
            plates = {plate(dice.randrange(vehicles)) for _ in range(WANTED - PATTERNS)}
            plates |= {
                f"{dice.randrange(1000):03d}?{dice.choice(LETTERS)}{dice.choice(LETTERS)}02" for _ in range(PATTERNS)
            }
            for one in sorted(plates):
                watch_lists.add_entry(work, made.id, watch_lists.NewEntry(plate=one))
