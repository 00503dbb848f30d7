"""What is installed is guarded as it says: units, manifests, images, the compose file."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from service.settings import Settings

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
MANIFESTS = [document for path in sorted((DEPLOY / "kubernetes").glob("*.yaml"))
             for document in yaml.safe_load_all(path.read_text(encoding="utf-8"))]  # fmt: skip
LIVING = [one for one in MANIFESTS if one["kind"] in {"Deployment", "StatefulSet", "Job"}]
KNOWN = {f"QYRAN_{name.upper()}" for name in Settings.model_fields}
WITH_VARIABLES = [*UNITS, DEPLOY / "debian" / "qyran.env", ROOT / "compose.yaml", ROOT / "Dockerfile",
                  *sorted((DEPLOY / "kubernetes").glob("*.yaml"))]  # fmt: skip
HARDENED = ("ProtectSystem=strict", "ProtectHome=true", "PrivateTmp=true", "NoNewPrivileges=true",
            "CapabilityBoundingSet=", "RestrictNamespaces=true", "SystemCallFilter=@system-service", "User=qyran",
            "UMask=0077")  # fmt: skip


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_units_run_as_nobody_special_on_a_system_they_cannot_change(unit):
    lines = unit.read_text(encoding="utf-8").splitlines()
    assert [one for one in HARDENED if one not in lines] == []


@pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
def test_systemd_takes_the_units(unit, tmp_path):
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not installed (Debian: systemd)")
    for path in (DEPLOY / "systemd").iterdir():  # the program itself need not be installed to look at its unit
        text = path.read_text(encoding="utf-8").replace("/opt/qyran/bin/qyran", "/bin/true")
        (tmp_path / path.name).write_text(text, encoding="utf-8")
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", tmp_path / unit.name],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "Unknown" not in done.stderr
    assert not [line for line in done.stderr.splitlines() if "qyran" in line and "Failed" in line]


@pytest.mark.parametrize("path", WITH_VARIABLES, ids=lambda path: path.name)
def test_every_variable_with_our_prefix_is_a_setting(path):
    assert set(re.findall(r"\bQYRAN_[A-Z_]+\b", path.read_text(encoding="utf-8"))) <= KNOWN


def test_manifests_name_the_essentials_and_have_one_namespace():
    for one in MANIFESTS:
        assert {"apiVersion", "kind", "metadata"} <= set(one)
        assert one["kind"] == "Namespace" or one["metadata"]["namespace"] == "qyran"
    kinds = {one["kind"] for one in MANIFESTS}
    assert kinds >= {"Namespace", "ConfigMap", "PersistentVolumeClaim", "NetworkPolicy", "Job", "Deployment", "Service",
                     "PodDisruptionBudget", "Ingress", "StatefulSet"}  # fmt: skip
    assert "Secret" not in kinds


@pytest.mark.parametrize("one", LIVING, ids=lambda one: one["metadata"]["name"])
def test_pods_are_restricted_and_ask_for_what_they_need(one):
    pod = one["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    volumes = {volume["name"] for volume in pod["volumes"]}
    for container in [*pod["containers"], *pod.get("initContainers", ())]:
        held = container["securityContext"]
        assert (held["allowPrivilegeEscalation"], held["readOnlyRootFilesystem"]) == (False, True)
        assert held["capabilities"] == {"drop": ["ALL"]}
        assert "memory" in container["resources"]["limits"]
        assert {mount["name"] for mount in container["volumeMounts"]} <= volumes
    labels = one["spec"]["template"]["metadata"]["labels"]
    wanted = one["spec"].get("selector", {}).get("matchLabels", {})
    assert wanted.items() <= labels.items()


def test_probes_ask_doors_that_there_are():
    paths = {probe["httpGet"]["path"] for one in LIVING for container in one["spec"]["template"]["spec"]["containers"]
             for name, probe in container.items() if name.endswith("Probe")}  # fmt: skip
    assert paths == {"/health/live", "/health/ready"}


def test_every_pod_is_under_a_network_policy_that_lets_it_out_and_all_others_are_shut():
    policies = [one["spec"] for one in MANIFESTS if one["kind"] == "NetworkPolicy"]
    assert {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]} in policies
    for one in LIVING:
        labels = one["spec"]["template"]["metadata"]["labels"]
        assert any(
            policy["podSelector"].get("matchLabels") and policy["podSelector"]["matchLabels"].items() <= labels.items()
            for policy in policies
        )


def test_the_compose_file_guards_our_containers_and_keeps_secrets_in_files():
    compose = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    for name in ("service", "worker"):
        one = compose["services"][name]
        assert (one["read_only"], one["cap_drop"]) == (True, ["ALL"])
        assert all(
            value.startswith("file:")
            for key, value in one["environment"].items()
            if key.endswith(("PASSWORD", "TOKEN"))
        )
    assert all(one.get("healthcheck") for name, one in compose["services"].items() if name != "service")
    assert set(compose["secrets"]) >= {"database_password", "metrics_token"}


def test_the_image_asks_the_same_door_and_runs_as_nobody_special():
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "/health/ready" in text
    assert text.count("USER 10001:10001") == 2


@pytest.mark.parametrize("name", ["preinst", "postinst", "prerm", "postrm", "build", "qyran.sh"])
def test_scripts_of_the_package_can_be_read_by_their_shell(name):
    shell = "bash" if name == "build" else "sh"
    assert subprocess.run([shell, "-n", DEPLOY / "debian" / name], check=False).returncode == 0


def test_the_command_of_the_package_takes_the_settings_of_its_file_and_lets_the_environment_go_before_them(tmp_path):
    (tmp_path / "env").write_text("# a remark\nQYRAN_CITY_ID=almaty\nQYRAN_LOG=json\nLISTEN_PORT=1; rm -rf /\n")
    program = tmp_path / "qyran"
    program.write_text('#!/bin/sh\necho "$QYRAN_CITY_ID $QYRAN_LOG $QYRAN_HOME $LISTEN_PORT $1"\n')
    program.chmod(0o755)
    script = (DEPLOY / "debian" / "qyran.sh").read_text().replace("/etc/qyran/qyran.env", str(tmp_path / "env"))
    done = subprocess.run(
        ["sh", "-c", script.replace("/opt/qyran/bin/qyran", str(program)), "qyran", "doctor"],
        env={"PATH": "/usr/bin:/bin", "QYRAN_LOG": "text"}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "almaty text /var/lib/qyran  doctor\n"
