"""What the program is made of and what is known against it: a CycloneDX list of parts, the audit of the lock files.

``python -m service.supply_chain sbom FILE`` writes the list of Python packages, browser files and shipped networks with
their hashes. ``python -m service.supply_chain audit`` asks the services that know of vulnerabilities, pip-audit and
`npm audit`, and holds what they say against the answers in `docs/audit.toml`.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

from qyran.errors import ConfigError, QyranError

ROOT: Final = Path(__file__).parents[1]
LOCKS: Final = ("requirements.lock", "requirements-dev.lock")
ANSWERS: Final = ROOT / "docs" / "audit.toml"
SPEC: Final = "1.6"
NETWORKS: Final = ("*.onnx",)
ASK_S: Final = 600
CLEAN, FOUND, UNASKED = 0, 1, 3
"""Exit statuses: nothing without an answer, something without one, a service that could not be asked."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A vulnerability that is known of a version that is locked."""

    id: str
    package: str
    version: str


@dataclass(frozen=True, slots=True)
class Asked:
    """What a service said: findings, and the packages it could say nothing of."""

    findings: tuple[Finding, ...]
    unknown: tuple[str, ...]


def sbom() -> dict[str, Any]:
    """The list of parts of this checkout.

    Raises:
        ConfigError: the tool that reads the lock file is not installed, or failed.
    """
    made = _run(
        [
            sys.executable, "-m", "cyclonedx_py", "requirements", "--pyproject", "pyproject.toml", "--mc-type",
            "application", "--output-reproducible", "--sv", SPEC, "--of", "JSON", "requirements.lock",
        ]
    )  # fmt: skip
    document: dict[str, Any] = json.loads(made)
    for component in document["components"]:
        component.pop("description", None)  # the line of the lock file, hashes and all
    document["components"] += [*_browser_files(), *_networks()]
    return document


def read_pip_audit(said: str) -> Asked:
    """What pip-audit wrote as JSON."""
    findings, unknown = [], []
    for one in json.loads(said)["dependencies"]:
        if "skip_reason" in one:
            unknown.append(str(one["name"]))
        findings += [Finding(str(v["id"]), str(one["name"]), str(one["version"])) for v in one.get("vulns", ())]
    return Asked(tuple(findings), tuple(unknown))


def read_npm_audit(said: str) -> Asked:
    """What `npm audit --json` wrote; an error of the service leaves everything unknown."""
    told = json.loads(said)
    if "vulnerabilities" not in told:
        return Asked((), ("all browser files",))
    found = [
        Finding(str(via.get("url", via.get("source"))).rpartition("/")[2], name, str(one.get("range", "")))
        for name, one in told["vulnerabilities"].items()
        for via in one.get("via", ())
        if isinstance(via, dict)
    ]
    return Asked(tuple(found), ())


def unanswered(findings: tuple[Finding, ...], today: date, answers: Path = ANSWERS) -> tuple[Finding, ...]:
    """Findings without an answer that still holds."""
    said = tomllib.loads(answers.read_text(encoding="utf-8")).get("answer", ())
    holding = {(one["id"], one["package"]) for one in said if one["until"] >= today}
    return tuple(one for one in findings if (one.id, one.package) not in holding)


def audit() -> int:
    """Ask, compare, say."""
    asked = [read_pip_audit(_pip_audit(lock)) for lock in LOCKS] + [read_npm_audit(_npm_audit())]
    left = unanswered(tuple(one for each in asked for one in each.findings), datetime.now(UTC).date())
    for one in left:
        sys.stdout.write(f"{one.id}: {one.package} {one.version} has no answer in {ANSWERS.name}\n")
    unknown = [name for each in asked for name in each.unknown]
    if unknown:
        sys.stdout.write(f"the service could say nothing of {len(unknown)} packages; see docs/audit.md\n")
    if not left and not unknown:
        sys.stdout.write("nothing is known against any locked version that has no answer\n")
    return FOUND if left else UNASKED if unknown else CLEAN


def main(arguments: list[str] | None = None) -> int:
    """`python -m service.supply_chain`."""
    parser = argparse.ArgumentParser(prog="python -m service.supply_chain", description=__doc__)
    actions = parser.add_subparsers(dest="action", required=True)
    written = actions.add_parser("sbom", help="write the list of parts (CycloneDX JSON)")
    written.add_argument("file", type=Path)
    actions.add_parser("audit", help="ask what is known against the locked versions")
    given = parser.parse_args(arguments)
    try:
        if given.action == "sbom":
            given.file.write_text(json.dumps(sbom(), indent=1, sort_keys=True) + "\n", encoding="utf-8")
            return CLEAN
        return audit()
    except QyranError as error:
        sys.stderr.write(f"{error}\n")
        return 2


def _browser_files() -> list[dict[str, Any]]:
    locked = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    return [
        {
            "type": "library",
            "bom-ref": f"npm:{path}@{one['version']}",
            "name": path.rpartition("node_modules/")[2],
            "version": one["version"],
            "purl": f"pkg:npm/{path.rpartition('node_modules/')[2].replace('@', '%40', 1)}@{one['version']}",
            "scope": "excluded" if one.get("dev") else "required",
        }
        for path, one in sorted(locked["packages"].items())
        if path
    ]


def _networks() -> list[dict[str, Any]]:
    found = sorted(path for pattern in NETWORKS for path in (ROOT / "models").rglob(pattern))
    return [
        {
            "type": "machine-learning-model",
            "bom-ref": f"model:{path.relative_to(ROOT)}",
            "name": path.stem,
            "licenses": [{"license": {"id": "AGPL-3.0-only"}}],
            "hashes": [{"alg": "SHA-256", "content": hashlib.sha256(path.read_bytes()).hexdigest()}],
        }
        for path in found
    ]


def _pip_audit(lock: str) -> str:
    return _run(
        [
            sys.executable, "-m", "pip_audit", "-r", lock, "--disable-pip", "--no-deps", "--format", "json",
            "--progress-spinner", "off",
        ],
        may_fail=True,
    )  # fmt: skip


def _npm_audit() -> str:
    return _run(["npm", "audit", "--json"], may_fail=True)


def _run(command: list[str], *, may_fail: bool = False) -> str:
    """What a command writes.

    Raises:
        ConfigError: it is not there, or wrote nothing that can be used.
    """
    try:
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=ASK_S, check=False)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired) as error:
        raise ConfigError(f"{command[0]} could not be run: {error.__class__.__name__}.") from None
    if not done.stdout.lstrip().startswith("{") or (done.returncode and not may_fail):
        raise ConfigError(f"{' '.join(command[:3])} failed: {done.stderr.strip().splitlines()[-1:]}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
