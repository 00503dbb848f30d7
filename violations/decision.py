"""The decision record: everything that stands in a notice of a warning or a fine.

The law's list of mandatory contents was not found; this is the project's proposal, to be confirmed by a city's lawyer.
What is not known is None and shown as missing; nothing is filled in.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints, field_validator, model_validator

from qyran.errors import InputError
from violations.offences import LegalTerms, Offence, WorkCalendar, last_half_price_day, legal_terms

Text = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=4000)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Both(_Part):
    """A text in the two languages of a document."""

    kk: Text
    ru: Text


class Body(_Part):
    """The body that issues the notice, or decides on appeals."""

    name: Both
    address: Both | None = None
    contact: Text | None = None


class Officer(_Part):
    """The police officer who decided and signs."""

    name: Text
    position: Both


class Owner(_Part):
    """Owner of the vehicle, from the register: personal data."""

    name: Text
    iin_bin: Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
    address: Text | None = None


class Vehicle(_Part):
    """The vehicle; `plate` as the officer confirmed it."""

    plate: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{4,10}$")]
    type: Both | None = None
    make: Text | None = None
    colour: Both | None = None


class Place(_Part):
    """Where it happened."""

    name: Both
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    direction: Both | None = None


class Device(_Part):
    """What recorded the act; certificate and verification only where there are such."""

    name: Text
    serial: Text | None = None
    certificate: Text | None = None
    verification: Text | None = None
    verified_until: date | None = None

    def certified(self, on: date) -> bool:
        """Whether its measurements may ground a notice on a day."""
        return bool(self.certificate and self.verification and self.verified_until and on <= self.verified_until)


class Measurement(_Part):
    """A value measured by a certified device; never a speed from plain video."""

    quantity: Both
    measured: float
    permitted: float
    margin: float
    unit: Both


class Charge(_Part):
    """The article the officer chose, and the penalty."""

    id: Text
    article: Text
    part: Text | None
    rule: Text | None
    name: Both
    penalty: Literal["fine", "warning"]
    mci: Annotated[int, Field(gt=0)] | None
    mci_year: int | None
    mci_kzt: int | None
    fine_kzt: Annotated[int, Field(gt=0)] | None
    half_kzt: Decimal | None
    needs_measurement: bool
    catalogue: Text

    @model_validator(mode="after")
    def _adds_up(self) -> Self:
        amounts = (self.mci, self.mci_year, self.mci_kzt, self.fine_kzt, self.half_kzt)
        if self.penalty == "warning":
            if any(amount is not None for amount in amounts):
                raise ValueError("a warning has no amount")
        elif (
            self.mci is None
            or self.mci_kzt is None
            or self.fine_kzt is None
            or self.fine_kzt != self.mci * self.mci_kzt
            or self.half_kzt != Decimal(self.fine_kzt) / 2
        ):
            raise ValueError("the amount of the fine does not follow from the index")
        return self


class Picture(_Part):
    """A picture in the notice: a file of the evidence package, named and dated."""

    file: Text
    sha256: Sha256
    caption: Both
    time: AwareDatetime
    small: bool = False


class Payment(_Part):
    """Where to pay: the city's configuration."""

    beneficiary: Both
    bin: Annotated[str, StringConstraints(pattern=r"^\d{12}$")]
    iik: Annotated[str, StringConstraints(pattern=r"^KZ[0-9A-Z]{18}$")]
    bik: Text
    kbk: Text
    kbe: Text | None = None
    knp: Text | None = None


class Terms(_Part):
    """Days granted, as in force on the day of issue."""

    half_price_working_days: int
    full_days: int
    appeal_days: int
    resolved_days: int

    @staticmethod
    def of(terms: LegalTerms) -> Terms:
        """The numbers of the catalogue's terms."""
        return Terms(
            half_price_working_days=terms.half_price_working_days.value,
            full_days=terms.full_days.value,
            appeal_days=terms.appeal_days.value,
            resolved_days=terms.resolved_days.value,
        )


class Analysis(_Part):
    """What the machine said before a person decided.

    Attributes:
        software: name and version of the program.
        models: name and first digits of the hash of each model.
        finding: what it took the act for.
        certainty: 0 to 1, None where it gives none.
        plate: as it read it, None where it read none.
        plate_changed: the officer read the plate otherwise.
    """

    software: Text
    models: tuple[Text, ...]
    finding: Both
    certainty: Annotated[float, Field(ge=0, le=1)] | None = None
    plate: Text | None = None
    plate_changed: bool = False


class Paper(_Part):
    """What every document of the department says of itself.

    Attributes:
        number: document number, given when it is signed.
        issued: moment of the decision.
        time_zone: the city's, in which times are written.
        verification_url: address where the document can be checked, None where the city has none.
        check_code: without it nobody can ask about the document by its number; part of the QR code.
        certificate_serial: of the certificate that will sign.
        development_certificate: a development certificate signs: no legal force.
        demo: made in a store marked as demo.
    """

    number: Text
    issued: AwareDatetime
    time_zone: str
    body: Body
    officer: Officer
    verification_url: Text | None
    check_code: Annotated[str, StringConstraints(pattern=r"^[0-9A-HJKMNP-TV-Z]{4}-[0-9A-HJKMNP-TV-Z]{4}$")] | None = (
        None
    )
    certificate_serial: Text
    development_certificate: bool
    demo: bool

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError):
            raise ValueError(f"{value} is no time zone") from None
        return value

    def local(self, moment: datetime) -> datetime:
        """A moment in the city's time zone."""
        return moment.astimezone(ZoneInfo(self.time_zone))


class DecisionRecord(Paper):
    """A notice of a warning or of a fine to be paid, as decided by a police officer.

    Attributes:
        erap: number in the unified register, None until it is registered.
        owner: None until the register has told.
        grounds: the rule's trace in words.
        evidence_event: id of the evidence package.
        evidence_sha256: hash of its manifest.
        analysis: what the machine said, None in records made before it was kept.
        delivered: day of delivery, None until then; the terms count from it.
        payment: None where the city has not configured it.
    """

    owner: Owner | None
    vehicle: Vehicle
    occurred: AwareDatetime
    place: Place
    charge: Charge
    grounds: tuple[Both, ...]
    device: Device
    measurement: Measurement | None
    pictures: Annotated[tuple[Picture, ...], Field(min_length=1, max_length=3)]
    evidence_event: Text
    evidence_sha256: Sha256
    terms: Terms
    delivered: date | None
    payment: Payment | None
    appeal_body: Body
    erap: Text | None
    analysis: Analysis | None = None

    @model_validator(mode="after")
    def _may_be_issued(self) -> Self:
        if self.occurred > self.issued:
            raise ValueError("the act lies after the decision")
        if self.charge.needs_measurement and self.measurement is None:
            raise ValueError("the article needs a value measured by a certified device")
        if self.measurement is not None and not self.device.certified(self.local(self.occurred).date()):
            raise ValueError("the measuring device has no certificate and verification valid on the day of the act")
        return self

    def last_half_price_day(self, calendar: WorkCalendar) -> date | None:
        """Last day for half of the fine; None for a warning and until it is delivered."""
        if self.delivered is None or self.charge.penalty != "fine":
            return None
        return last_half_price_day(self.delivered, calendar, legal_terms(self.local(self.issued).date()))


def charge_of(offence: Offence, rule: str | None = None) -> Charge:
    """The charge for a notice from the entry an officer chose.

    Args:
        offence: entry of the catalogue with its amount.
        rule: item of the traffic rules where the officer entered one.

    Raises:
        InputError: the law knows no fine or warning for it, or its amount is not known: no notice may be issued.
    """
    penalty = offence.penalty
    if penalty == "non_payable":
        raise InputError(
            f"Article {offence.id} has no fine: it goes to the police as material and never becomes a payable notice."
        )
    if penalty == "fine" and offence.fine_kzt is None:
        raise InputError(f"The fine of article {offence.id} is not known for that year; complete the catalogue.")
    return Charge(
        id=offence.id,
        article=offence.article,
        part=offence.part,
        rule=rule or offence.rule,
        name=Both(kk=offence.name.kk, ru=offence.name.ru),
        penalty=penalty,
        mci=offence.fine_mci,
        mci_year=offence.mci_year,
        mci_kzt=offence.mci_kzt,
        fine_kzt=offence.fine_kzt,
        half_kzt=offence.half_kzt,
        needs_measurement=offence.certified,
        catalogue=offence.catalogue,
    )
