"""What a city needs: machines, cores, disks, network and cost, computed from figures that benches measured."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from qyran.errors import InputError

DEFAULTS: Final = Path(__file__).with_name("sizing_figures.toml")
DAY_S: Final = 86_400
TB: Final = 1e12
GBIT: Final = 1e9
MBIT: Final = 1e6
BITS: Final = 8
USED: Final = 0.7
"""A disk or a link is planned to be so full."""
LOG_HOURS: Final = 24
"""The write-ahead log of so long is kept for recovery to any moment."""
DATABASE_LEAST: Final = 4
"""Cores of a database machine at least: consoles, vacuum and back-up work there too."""
SIZES: Final = (100, 1_000, 10_000)


@dataclass(frozen=True, slots=True)
class Sizing:
    """What so many cameras need.

    Attributes:
        passages_s: in the busiest hours, a second.
        analysis_machines, analysis_cores: that watch the cameras.
        service_cores, database_cores: for taking events in, and of the database (its stand-by not counted).
        database_tb, object_tb, video_tb: disks, copies and room to spare included.
        camera_gbit_s, inner_gbit_s: network from the cameras, and between machines.
        cost: of each part in the currency of the prices, and their sum.
    """

    cameras: int
    passages_s: float
    analysis_machines: int
    analysis_cores: int
    service_cores: int
    database_cores: int
    database_machines: int
    memory_gib: int
    database_tb: float
    object_tb: float
    video_tb: float
    camera_gbit_s: float
    inner_gbit_s: float
    cost: dict[str, int]


def figures(path: Path | None = None) -> dict[str, dict[str, float]]:
    """The committed figures, and over them those of a file.

    Raises:
        InputError: the file cannot be read, or names what there is not.
    """
    found = tomllib.loads(DEFAULTS.read_text(encoding="utf-8"))
    if path is None:
        return found
    try:
        given: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read as figures: {type(error).__name__}.") from None
    for part, values in given.items():
        if part not in found or not isinstance(values, dict):
            raise InputError(f"{path}: there is no part [{part}]; there are {', '.join(found)}.")
        for name, value in values.items():
            if name not in found[part] or isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                raise InputError(f"{path}: [{part}] {name} is no figure that is known, or no number.")
        found[part] |= values
    return found


def sizing(cameras: int, given: dict[str, dict[str, float]]) -> Sizing:
    """What so many cameras need.

    Raises:
        InputError: no camera.
    """
    if cameras < 1:
        raise InputError("A city has one camera or more.")
    analysis, passing, evidence, video = (given[name] for name in ("analysis", "passages", "evidence", "video"))
    keep, prices = given["keep"], given["prices"]
    rate = cameras * passing["per_camera_s"]
    a_day = rate * passing["busy_share"] * DAY_S
    cores = math.ceil(cameras / analysis["cameras_per_core"] / (1 - analysis["reserve"]))
    machines = math.ceil(cores / analysis["cores_per_machine"])
    if cameras > analysis["cores_per_machine"]:
        machines = max(machines, 2)  # one may fail
    log_bytes = rate * passing["busy_share"] * passing["log_bytes"] * LOG_HOURS * 3600
    database = (a_day * keep["passage_days"] * passing["bytes_in_database"] + log_bytes) / USED / TB
    packages = cameras * evidence["cases_per_camera_day"] * evidence["package_bytes"] * evidence["keep_days"]
    stills = a_day * keep["passage_days"] * passing["still_bytes"]
    objects = (packages + stills) * keep["copies"] / USED / TB
    recorded = cameras * video["stream_mbit_s"] * MBIT / BITS * DAY_S * video["keep_days"] / USED / TB
    incoming = cameras * video["stream_mbit_s"] * MBIT / GBIT / USED
    inner = rate * (passing["still_bytes"] + passing["log_bytes"]) * BITS / GBIT / USED
    database_cores = max(DATABASE_LEAST, math.ceil(rate / 1000 * passing["database_cores_per_1000_s"] * 2))
    service_cores = max(2, math.ceil(rate / 1000 * passing["ingest_cores_per_1000_s"] * 2))
    database_machines = 1 if machines == 1 else 2
    cost = {
        "analysis": machines * prices["machine_kzt"],
        "database": database_machines * (prices["database_machine_kzt"] + database * prices["fast_disk_tb_kzt"]),
        "objects": objects * prices["disk_tb_kzt"],
        "video": recorded * prices["disk_tb_kzt"],
        "network": math.ceil(incoming + inner) * prices["network_gbit_kzt"],
    }
    whole = {name: round(value) for name, value in cost.items()}
    return Sizing(
        cameras=cameras,
        passages_s=round(rate, 1),
        analysis_machines=machines,
        analysis_cores=cores,
        service_cores=service_cores,
        database_cores=database_cores,
        database_machines=database_machines,
        memory_gib=math.ceil(cameras * analysis["memory_gib_per_camera"]),
        database_tb=round(database, 2),
        object_tb=round(objects, 1),
        video_tb=round(recorded, 1),
        camera_gbit_s=round(incoming, 2),
        inner_gbit_s=round(inner, 3),
        cost=whole | {"sum": sum(whole.values())},
    )


LINES: Final = (
    ("Passages in the busiest hours, a second", "passages_s"),
    ("Cores that analyse", "analysis_cores"),
    ("Machines that analyse", "analysis_machines"),
    ("Memory of these, GiB", "memory_gib"),
    ("Cores that take events in", "service_cores"),
    ("Cores of the database", "database_cores"),
    ("Machines of the database (one is the stand-by)", "database_machines"),
    ("Fast disks of the database, TB", "database_tb"),
    ("Disks of evidence and pictures, TB", "object_tb"),
    ("Disks of recorded video, TB", "video_tb"),
    ("Network from the cameras, Gbit/s", "camera_gbit_s"),
    ("Network between machines, Gbit/s", "inner_gbit_s"),
)


def table(found: list[Sizing]) -> str:
    """The sizes side by side as Markdown."""
    heads = " | ".join(f"{one.cameras:,} cameras" for one in found)
    lines = [f"| | {heads} |", "|---|" + "---:|" * len(found)]
    lines += [f"| {name} | " + " | ".join(f"{getattr(one, key):,}" for one in found) + " |" for name, key in LINES]
    for part in found[0].cost:
        name = "Cost altogether, KZT" if part == "sum" else f"Cost of {part}, KZT"
        lines.append(f"| {name} | " + " | ".join(f"{one.cost[part]:,}" for one in found) + " |")
    return "\n".join(lines)


def document(path: Path | None = None) -> str:
    """`docs/sizing.md`: the table for three sizes, how it is computed, and the figures with where they come from."""
    given = figures(path)
    text = DEFAULTS.read_text(encoding="utf-8")
    return f"""# What a city needs

`qyran sizing --document` writes this page from `service/sizing_figures.toml`; `qyran sizing --cameras N` computes any
other size, `--figures FILE` from figures of one's own. Each figure says whether a bench measured it or somebody chose
or assumed it: replace the assumed ones by those of the pilot, and the prices by the city's offers.

{table([sizing(count, given) for count in SIZES])}

How it is computed: cores of analysis are the cameras by `cameras_per_core`, with `reserve` free on top; where there is
more than one machine there is one that may fail. A disk and a link are planned to be seven tenths full. The database
keeps `passage_days` of passages and a day of its write-ahead log; cores of the database and of taking in are twice what
the busiest hours were measured to need. Pictures and evidence count `copies` times. Recorded video lies with the
machines that record it.

## The database

PostgreSQL 15 or newer, one machine and a stand-by. What grows by the million (passages, ids of events, the log of
cameras) is partitioned by month: months are made two ahead by the service, and a month of passages is dropped whole
when all of it is over its term. `qyran bench passages` starts its own server with these settings, all of it durable:

```
shared_buffers = 1GB            # a quarter of the machine's memory on a machine of its own
max_wal_size = 8GB              # checkpoints come by time, not by volume
checkpoint_timeout = 15min
wal_compression = on
effective_cache_size = 4GB      # three quarters of the machine's memory
work_mem = 32MB
jit = off
random_page_cost = 1.1
```

Several processes may take passages: `qyran serve` takes everything, `qyran ingest` beside it, as often as it is started
on the machine with the spool, takes passages and reports of analysis only.

## Figures

```toml
{text.strip()}
```
"""
