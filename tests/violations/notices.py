from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import cv2
import numpy as np

from evidence.canonical import sha256_hex
from violations.decision import (
    Body,
    Both,
    DecisionRecord,
    Device,
    Measurement,
    Officer,
    Payment,
    Picture,
    Place,
    Terms,
    Vehicle,
    charge_of,
)
from violations.offences import find, legal_terms

ISSUED = datetime(2026, 11, 22, 5, 10, 4, tzinfo=UTC)
OCCURRED = datetime(2026, 11, 22, 4, 30, 7, 500_000, tzinfo=UTC)


def a_still(number: int, size: tuple[int, int] = (1280, 720)) -> bytes:
    width, height = size
    picture = np.full((height, width, 3), (170, 160, 150), np.uint8)
    cv2.rectangle(picture, (0, height // 2), (width, height), (80, 80, 80), -1)
    cv2.rectangle(picture, (300 + 150 * number, 380), (560 + 150 * number, 560), (40, 40, 180), -1)
    return cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 92])[1].tobytes()


PICTURES = {
    "still_before_line.jpg": a_still(0),
    "still_in_act.jpg": a_still(2),
    "still_plate_crop.jpg": a_still(0, (360, 84)),
}
CAPTIONS = {
    "still_before_line.jpg": Both(kk="Тоқтау сызығына дейін", ru="До стоп-линии"),
    "still_in_act.jpg": Both(kk="Қызыл сигналда өту", ru="Проезд на красный сигнал"),
    "still_plate_crop.jpg": Both(kk="Нөмірлік белгі", ru="Номерной знак"),
}
PAYMENT = Payment(
    beneficiary=Both(
        kk="Алматы қаласы бойынша мемлекеттік кірістер департаменті",
        ru="Департамент государственных доходов по городу Алматы",
    ),
    bin="000000000000",
    iik="KZ00000000000000TEST",
    bik="TESTKZKA",
    kbk="204110",
    kbe="11",
    knp="911",
)  # fmt: skip

SPEED = Measurement(
    quantity=Both(kk="жылдамдық", ru="скорость"), measured=87.0, permitted=60.0, margin=2.0,
    unit=Both(kk="км/сағ", ru="км/ч"),
)  # fmt: skip
RADAR = Device(
    name="Sergek-R", serial="00017", certificate="KZ.02.03.00001", verification="VT-2-0001",
    verified_until=date(2027, 3, 1),
)  # fmt: skip


def a_record(**changes: Any) -> DecisionRecord:
    values: dict[str, Any] = {
        "number": "DEMO-2026-000001",
        "issued": ISSUED,
        "time_zone": "Asia/Almaty",
        "body": Body(
            name=Both(kk="Алматы қаласының Полиция департаменті", ru="Департамент полиции города Алматы"),
            address=Both(kk="Алматы қ., Масанчи к-сі, 57А", ru="г. Алматы, ул. Масанчи, 57А"),
        ),
        "officer": Officer(
            name="С. Қ. Үлгібаев", position=Both(kk="полиция аға лейтенанты", ru="старший лейтенант полиции")
        ),
        "owner": None,
        "vehicle": Vehicle(plate="123ABC02", type=Both(kk="жеңіл автомобиль", ru="легковой автомобиль")),
        "occurred": OCCURRED,
        "place": Place(
            name=Both(
                kk="Алматы қ., Абай даңғылы мен Сейфуллин даңғылының қиылысы",
                ru="г. Алматы, пересечение пр. Абая и пр. Сейфуллина",
            ),
            latitude=43.2389,
            longitude=76.8897,
            direction=Both(kk="шығысқа қарай", ru="на восток"),
        ),
        "charge": charge_of(find("599-1", "red_light", date(2026, 11, 22))),
        "grounds": (
            Both(kk="Бағдаршам 2,5 с бойы қызыл болды.", ru="Сигнал горел красным 2,5 с."),
            Both(kk="Көлік құралы тоқтау сызығын кесіп өтті.", ru="Транспортное средство пересекло стоп-линию."),
        ),
        "device": Device(name="abay-12"),
        "measurement": None,
        "pictures": tuple(
            Picture(file=name, sha256=sha256_hex(data), caption=CAPTIONS[name], time=OCCURRED, small="crop" in name)
            for name, data in PICTURES.items()
        ),
        "evidence_event": "6f2f36a5-51fb-4e0c-9a6b-0d6b3c7f1a11",
        "evidence_sha256": sha256_hex(b"manifest"),
        "terms": Terms.of(legal_terms(date(2026, 11, 22))),
        "delivered": None,
        "payment": PAYMENT,
        "appeal_body": Body(
            name=Both(kk="Алматы қаласының Полиция департаменті", ru="Департамент полиции города Алматы"),
            contact="qamqor.gov.kz",
        ),
        "erap": None,
        "verification_url": "https://police.example.kz/verify/DEMO-2026-000001",
        "certificate_serial": "0A1B2C",
        "development_certificate": True,
        "demo": True,
    }  # fmt: skip
    return DecisionRecord(**{**values, **changes})
