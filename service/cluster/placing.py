"""Which machine watches which camera: by what each camera costs and each machine can, moving as few as possible. Pure.

Cameras of machines that are gone go first, the dearest before the others, each to the machine that is least full. Then
one camera after another leaves a machine that is fuller than the others by more than `SLACK`, as long as that brings
the two nearer; so a machine that comes gets its share, and nothing moves where nothing is won.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

SLACK: Final = 0.2
"""How much fuller than the whole a machine may be, as a share, before cameras leave it: what a camera costs changes by
the hour, and each move costs a process that starts."""
LEAST_COST: Final = 0.05
"""Cores that a camera costs at the least; one that shows nothing still has to be read."""


def place(costs: Mapping[str, float], room: Mapping[str, float], now: Mapping[str, str]) -> dict[str, str]:
    """Who shall watch what.

    Args:
        costs: cores that each camera costs.
        room: cores that each machine has; one with none gets nothing, and keeps nothing where another has any.
        now: which machine watches each camera; machines that are gone may be named.

    Returns:
        A machine for every camera; empty where there is no machine with room.
    """
    able = {machine: size for machine, size in room.items() if size > 0}
    if not able:
        return {}
    cost = {camera: max(LEAST_COST, given) for camera, given in costs.items()}
    placed = {camera: now[camera] for camera in cost if now.get(camera) in able}
    load = dict.fromkeys(able, 0.0)
    for camera, machine in placed.items():
        load[machine] += cost[camera]
    for camera in sorted(set(cost) - set(placed), key=lambda one: (-cost[one], one)):
        machine = min(able, key=lambda one: ((load[one] + cost[camera]) / able[one], one))
        placed[camera] = machine
        load[machine] += cost[camera]
    _even_out(cost, able, load, placed)
    return placed


def _even_out(
    cost: Mapping[str, float], room: Mapping[str, float], load: dict[str, float], placed: dict[str, str]
) -> None:
    whole = sum(load.values()) / sum(room.values())
    for _ in range(len(cost)):
        full = max(room, key=lambda one: (load[one] / room[one], one))
        if load[full] / room[full] <= whole * (1 + SLACK):
            return
        empty = min(room, key=lambda one: (load[one] / room[one], one))
        spread = load[full] / room[full] - load[empty] / room[empty]
        best: tuple[float, str] | None = None
        for camera in sorted(camera for camera, machine in placed.items() if machine == full):
            after = abs((load[full] - cost[camera]) / room[full] - (load[empty] + cost[camera]) / room[empty])
            if after < spread - 1e-9 and (best is None or after < best[0]):
                best = (after, camera)
        if best is None:
            return
        camera = best[1]
        placed[camera] = empty
        load[full] -= cost[camera]
        load[empty] += cost[camera]
