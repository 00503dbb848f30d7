"""What requests carry."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Base64Bytes, BaseModel, ConfigDict, Field, StringConstraints

from incidents.alert import Verdict
from qyran.roles import Role
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
