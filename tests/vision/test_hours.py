"""Weekly windows in the camera's own time zone."""

from __future__ import annotations

from datetime import UTC, datetime, time

import pytest

from vision.camera import Hours
from vision.hours import in_force

RUSH = Hours(days=("mon", "tue", "wed", "thu", "fri"), start=time(7), end=time(10))
NIGHT = Hours(days=("fri",), start=time(22), end=time(6))
WHOLE_DAY = Hours(days=("sun",), start=time(0), end=time(0))


@pytest.mark.parametrize(
    ("hours", "utc", "expected"),
    [
        ((), datetime(2026, 5, 14, 3, tzinfo=UTC), True),
        ((RUSH,), datetime(2026, 5, 14, 2, tzinfo=UTC), True),  # Thursday 07:00 in Almaty, which is five hours ahead
        ((RUSH,), datetime(2026, 5, 14, 1, 59, 59, tzinfo=UTC), False),
        ((RUSH,), datetime(2026, 5, 14, 5, tzinfo=UTC), False),  # 10:00 is over
        ((RUSH,), datetime(2026, 5, 16, 3, tzinfo=UTC), False),  # Saturday
        ((RUSH,), datetime(2026, 5, 17, 21, tzinfo=UTC), False),  # Monday 02:00 there
        ((NIGHT,), datetime(2026, 5, 15, 18, tzinfo=UTC), True),  # Friday 23:00
        ((NIGHT,), datetime(2026, 5, 16, 0, tzinfo=UTC), True),  # Saturday 05:00, the window began on Friday
        ((NIGHT,), datetime(2026, 5, 16, 18, tzinfo=UTC), False),  # Saturday 23:00
        ((NIGHT, RUSH), datetime(2026, 5, 14, 3, tzinfo=UTC), True),
        ((WHOLE_DAY,), datetime(2026, 5, 17, 12, tzinfo=UTC), True),
        ((WHOLE_DAY,), datetime(2026, 5, 17, 20, tzinfo=UTC), False),  # Monday 01:00
    ],
)
def test_a_window_is_open_by_the_clock_of_the_camera(
    hours: tuple[Hours, ...], utc: datetime, *, expected: bool
) -> None:
    assert in_force(hours, utc, "Asia/Almaty") is expected
