"""What requests carry."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Base64Bytes, BaseModel, ConfigDict, Field, StringConstraints

from incidents.alert import Verdict
from qyran.roles import Role
from service.alerting.works import Reason
from service.i18n import Language

Code = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,64}$")]
Note = Annotated[str, StringConstraints(max_length=2000)]


class Body(BaseModel):
    """Root of all bodies: an unknown key is an error."""

    model_config = ConfigDict(extra="forbid")


class Step(Body):
    """A step; `version` is that of the record as the actor saw it, so that nobody acts on an old page."""

    version: int | None = None
    note: Note | None = None


class SignatureStep(Body):
    """A detached CMS over the prepared document, DER in base64."""

    cms: Annotated[Base64Bytes, Field(max_length=2 << 20)]


class Prepared(Body):
    """The document to sign, a PDF in base64."""

    document: str


class ReasonedStep(Step):
    """A step with a reason code."""

    reason: Code


class RemarkStep(Body):
    """Back to the first officer with a remark."""

    version: int | None = None
    note: Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class ReassignStep(Body):
    """To whom a case is given."""

    version: int | None = None
    officer: Annotated[str, StringConstraints(max_length=36)]


class OwnerStep(Step):
    """Whose vehicle: of the known plate, or of the plate as the officer reads it."""

    plate: Annotated[str, StringConstraints(max_length=20)] | None = None


class OffenceStep(Step):
    """The article chosen by the officer, and the plate where he reads it otherwise than the machine."""

    offence: Annotated[str, StringConstraints(max_length=64)]
    plate: Annotated[str, StringConstraints(max_length=20)] | None = None


class VerdictStep(Step):
    """What the operator found; `reason` is needed with `false`."""

    verdict: Verdict
    reason: Code | None = None


class DispatchStep(Step):
    """Which service is sent."""

    service: Literal["101", "102", "103", "112"]


class CloseStep(Step):
    """How it ended."""

    closing_code: Code


class NewUser(Body):
    """A user to be made."""

    username: Annotated[str, StringConstraints(max_length=64)]
    password: Annotated[str, StringConstraints(max_length=256)]
    name: Annotated[str, StringConstraints(max_length=128)] | None = None
    roles: Annotated[list[Role], Field(min_length=1)]
    territories: list[Annotated[str, StringConstraints(max_length=64)]] = []
    service: Literal["101", "102", "103", "112"] | None = None
    position: dict[Language, Annotated[str, StringConstraints(max_length=128)]] | None = None
    language: Language = "kk"


class NewInput(Body):
    """A figure from outside, with where it comes from and of which day it is."""

    value: dict[str, Any]
    source: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    as_of: date


class CrewStep(Step):
    """A crew's step: whose, where several were sent; and when, where it was told by telephone."""

    service: Literal["101", "102", "103", "112"] | None = None
    at: AwareDatetime | None = None


class ServiceStep(Step):
    """What a service reports of its part.

    Attributes:
        at: when it happened; absent means now.
        number: of the incident at the service.
        found: what the crew found on the spot.
    """

    at: AwareDatetime | None = None
    number: Annotated[str, StringConstraints(max_length=64)] | None = None
    found: bool | None = None


class ServiceReportBody(Body):
    """What a service's own system reports: of which alert (its id, or the incident's number), and what.

    Attributes:
        at: by the service's clock.
    """

    step: Literal["receive", "depart", "arrive", "finish"]
    at: AwareDatetime
    alert_id: Annotated[str, StringConstraints(max_length=36)] | None = None
    number: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    found: bool | None = None
    note: Note | None = None


class AssignStep(Step):
    """To whom an alert is handed over: a user's id."""

    operator: Annotated[str, StringConstraints(max_length=36)]


class NoteBody(Body):
    """Words without a step."""

    note: Annotated[str, StringConstraints(min_length=1, max_length=2000)]


class JoinStep(Step):
    """The alert that shall stand for both."""

    into: Annotated[str, StringConstraints(max_length=36)]


class DrillStep(Step):
    """Whether the alert is an exercise."""

    is_drill: bool


class TimeStep(Step):
    """A time that somebody tells: when it began, or when the call was taken."""

    name: Literal["t_onset", "t_call_received"]
    at: AwareDatetime


class HandAlert(Body):
    """An alert that a person raises; `id` is chosen by who sends it, so that sending it twice raises one.

    Attributes:
        via: from whom it was learnt: operator (seen on the wall), citizen, or a service.
    """

    kind: Annotated[str, StringConstraints(max_length=32)]
    via: Literal["operator", "citizen", "101", "102", "103", "112"] = "operator"
    id: UUID | None = None
    camera: Annotated[str, StringConstraints(max_length=64)] | None = None
    latitude: Annotated[float, Field(ge=-90, le=90)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180)] | None = None
    radius_m: Annotated[float, Field(gt=0, le=50_000)] | None = None
    object_id: Annotated[str, StringConstraints(max_length=64)] | None = None
    began: AwareDatetime | None = None
    call_received: AwareDatetime | None = None
    number: Annotated[str, StringConstraints(max_length=64)] | None = None
    is_drill: bool = False
    note: Note | None = None


Named = Annotated[list[Annotated[str, StringConstraints(max_length=64)]], Field(max_length=500)]


class NewDrill(Body):
    """A drill to be announced: its span, and the cameras, sensors or objects it is about, or everywhere."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    start: AwareDatetime
    end: AwareDatetime
    cameras: Named = []
    sensors: Named = []
    objects: Named = []
    everywhere: bool = False


class NewWorks(Body):
    """Works to be announced: their span, the kinds of alerts that they hold back, and what they are about."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    reason: Reason
    kinds: Annotated[list[Annotated[str, StringConstraints(max_length=32)]], Field(min_length=1, max_length=50)]
    start: AwareDatetime
    end: AwareDatetime
    cameras: Named = []
    sensors: Named = []
    objects: Named = []


class CallJudgement(Body):
    """Whether a call and an alert are one and the same."""

    same: bool
