"""Permits and plates of emergency vehicles, kept by administrators; controllers' flags, set by officers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter
from pydantic import AwareDatetime, BaseModel, StringConstraints

from service import exemptions
from service.api.bodies import Body
from service.api.deps import DeskOf
from service.exemptions import FlagView, NewPermit, PermitView

router = APIRouter(tags=["exemptions"])


class Made(BaseModel):
    """The id of what was entered."""

    id: str


class NewFlag(Body):
    """A traffic controller stands at a camera's place."""

    camera: Annotated[str, StringConstraints(max_length=64)]
    start: AwareDatetime
    end: AwareDatetime
    kinds: tuple[Annotated[str, StringConstraints(max_length=64)], ...] = ()


@router.get("/permits", summary="Permits and emergency vehicles")
def permits(desk: DeskOf, *, ended: bool = False) -> list[PermitView]:
    """Those that hold or will hold; with `ended` also those that were ended. The look is logged."""
    with desk.write() as work:
        return list(exemptions.permits(work, ended=ended))


@router.post("/permits", summary="Enter a permit", status_code=201)
def add_permit(new: NewPermit, desk: DeskOf) -> Made:
    """From then on findings it covers are set aside with its reason."""
    with desk.write() as work:
        return Made(id=exemptions.add_permit(work, new))


@router.post("/permits/{permit_id}/end", summary="End a permit", status_code=204)
def end_permit(permit_id: str, desk: DeskOf) -> None:
    """It holds for what was before, and for nothing after."""
    with desk.write() as work:
        exemptions.end_permit(work, permit_id)


@router.get("/controller-flags", summary="Traffic controllers")
def flags(desk: DeskOf) -> list[FlagView]:
    """Flags that hold, will hold, or ended within a day."""
    with desk.read() as work:
        return list(exemptions.flags(work))


@router.post("/controller-flags", summary="A traffic controller stands there", status_code=201)
def set_flag(new: NewFlag, desk: DeskOf) -> Made:
    """Findings at the camera in that time are set aside, where a controller's gestures overrule the rule."""
    with desk.write() as work:
        return Made(id=exemptions.set_flag(work, new.camera, new.start, new.end, new.kinds))


@router.post("/controller-flags/{flag_id}/end", summary="The controller has left", status_code=204)
def end_flag(flag_id: str, desk: DeskOf) -> None:
    """From now on the rules hold again."""
    with desk.write() as work:
        exemptions.end_flag(work, flag_id)
