"""Records of certified devices as they reach us: radars, section controls, cameras that see belts and phones.

A record is what a device of somebody else's says. Only one that names a certificate and a verification valid on the day
of the act can ground a speeding case; the formats stand in `docs/records.md`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from vision.camera_parts import Ident, VehicleClass
from vision.finding import Reason

DeviceKind = Literal["speeding", "section_speeding", "seat_belt", "phone"]
SPEED_KINDS: Final = frozenset({"speeding", "section_speeding"})

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=128)]
Kmh = Annotated[float, Field(gt=0, le=400)]
"""No road vehicle is faster; a larger figure is a fault of the record."""
MOST_MARGIN_KMH: Final = 30.0
"""Largest margin believed, km/h: type approvals give 1 to 3 km/h or per cent."""


@dataclass(frozen=True, slots=True)
class Papers:
    """What makes a device's measurement count.

    Attributes:
        serial, type: of the device.
        certificate, verification: their numbers, None where the device has none.
        verified_until: last day of the verification.
    """

    serial: str
    type: str
    certificate: str | None
    verification: str | None
    verified_until: date | None

    def fault(self, on: date) -> Reason | None:
        """Why its measurements ground nothing on a day, None where they do."""
        if not (self.certificate and self.verification and self.verified_until):
            return Reason("papers_absent", (("device", self.type), ("serial", self.serial)))
        if self.verified_until < on:
            until = f"{self.verified_until:%d.%m.%Y}"
            return Reason("verification_expired", (("device", self.type), ("serial", self.serial), ("until", until)))
        return None

    def valid(self) -> Reason:
        """The step of a trace that names certificate and verification."""
        return Reason(
            "papers_valid",
            (
                ("certificate", self.certificate or ""),
                ("verification", self.verification or ""),
                ("until", f"{self.verified_until:%d.%m.%Y}" if self.verified_until else ""),
            ),
        )


class DeviceRecord(BaseModel):
    """One record of a device; an unknown key is an error.

    Attributes:
        record_id: the device's own number of the record; with the serial it names the record for ever.
        kind: what the device says happened, by the name of the rule.
        device_serial, device_type: of the device.
        certificate, verification, verified_until: number of the certificate, number and last day of the verification.
        exit_serial, exit_certificate, exit_verification, exit_verified_until: the same of a second device at the end
            of a section; absent where one device measures the whole section.
        camera: id of our camera whose place the device shares.
        time: of the act, with its offset; for a section, of the exit.
        plate: in Latin capitals and digits, without separators.
        vehicle_class: as the device tells it.
        lane, direction: id of the lane zone in our camera's file, and over its control line.
        measured_kmh, permitted_kmh, margin_kmh: measured speed, the limit, and the error margin to subtract.
        entry_time, exit_time, length_m: of a section.
        picture, picture_sha256: file name and hash of the device's picture.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    record_id: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}$")]
    kind: DeviceKind
    device_serial: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9А-Яа-яЁё][\w./ -]{0,63}$")]
    device_type: Text
    certificate: Text | None = None
    verification: Text | None = None
    verified_until: date | None = None
    exit_serial: Text | None = None
    exit_certificate: Text | None = None
    exit_verification: Text | None = None
    exit_verified_until: date | None = None
    camera: Ident
    time: AwareDatetime
    plate: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{4,10}$")]
    vehicle_class: VehicleClass | None = None
    lane: Ident | None = None
    direction: Literal["forward", "backward"] | None = None
    measured_kmh: Kmh | None = None
    permitted_kmh: Annotated[float, Field(ge=5, le=140)] | None = None
    margin_kmh: Annotated[float, Field(ge=0, le=MOST_MARGIN_KMH)] | None = None
    entry_time: AwareDatetime | None = None
    exit_time: AwareDatetime | None = None
    length_m: Annotated[float, Field(gt=0, le=200_000)] | None = None
    picture: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$")] | None = None
    picture_sha256: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")] | None = None

    @model_validator(mode="after")
    def _a_speed_is_whole(self) -> Self:
        given = [one is not None for one in (self.measured_kmh, self.permitted_kmh, self.margin_kmh)]
        if self.kind in SPEED_KINDS and not all(given):
            raise ValueError("a speed needs measured_kmh, permitted_kmh and margin_kmh")
        if self.kind not in SPEED_KINDS and any(given):
            raise ValueError("only a record of a speed has measured_kmh, permitted_kmh and margin_kmh")
        return self

    @model_validator(mode="after")
    def _a_section_is_whole(self) -> Self:
        given = (self.entry_time, self.exit_time, self.length_m)
        if self.kind != "section_speeding":
            if any(one is not None for one in (*given, self.exit_serial)):
                raise ValueError("only a record of a section has entry_time, exit_time, length_m and exit_serial")
            return self
        if self.entry_time is None or self.exit_time is None or self.length_m is None:
            raise ValueError("a section needs entry_time, exit_time and length_m")
        if self.exit_time <= self.entry_time:
            raise ValueError("exit_time lies before entry_time")
        return self

    @model_validator(mode="after")
    def _a_picture_has_its_hash(self) -> Self:
        if (self.picture is None) != (self.picture_sha256 is None):
            raise ValueError("picture and picture_sha256 go together")
        return self

    @property
    def papers(self) -> tuple[Papers, ...]:
        """Papers of the device, and of the one at the section's end where there is one."""
        own = Papers(
            self.device_serial, self.device_type, self.certificate, self.verification, self.verified_until
        )  # fmt: skip
        if self.exit_serial is None:
            return (own,)
        end = (self.exit_certificate, self.exit_verification, self.exit_verified_until)
        return (own, Papers(self.exit_serial, self.device_type, *end))


def papers_fault(record: DeviceRecord, on: date) -> Reason | None:
    """Why a record's devices ground nothing on a day, None where all of them do."""
    return next((fault for one in record.papers if (fault := one.fault(on)) is not None), None)
