from __future__ import annotations

from tests.service.records import deliver, settled


def test_the_officer_sees_device_papers_and_measured_value(visitors, world):
    name = deliver(world)
    settled(world)
    page = visitors("police_officer").get(f"/cases/{name}").text
    for said in ("Radar M, K-0042", "KZ.02.1", "ВТ-17, valid until", "95.0", "60.0", "33.0", "saw no fitting vehicle"):
        assert said in page
    assert "The device&#39;s picture" in page
