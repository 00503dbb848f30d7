from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from qyran.errors import ConfigError
from service.web import vendor


def test_browser_files_are_copied_with_their_licence(tmp_path):
    for name, _ in vendor.FILES:
        (tmp_path / "node_modules" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "node_modules" / name).write_text(name, encoding="utf-8")
    vendor.copy(tmp_path / "node_modules", tmp_path / "vendor")
    assert {path.name for path in (tmp_path / "vendor").iterdir()} == {wanted for _, wanted in vendor.FILES}
    assert {"htmx.LICENSE.txt", "maplibre-gl.LICENSE.txt"} <= {wanted for _, wanted in vendor.FILES}


def test_a_missing_file_names_the_command_that_fetches_it(tmp_path):
    with pytest.raises(ConfigError, match="npm ci"):
        vendor.copy(tmp_path, tmp_path / "vendor")


def test_set_up_can_run_it_before_anything_is_installed():
    code = "import service.web.vendor, sys; sys.exit(bool({'jinja2', 'fastapi', 'sqlalchemy'} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(vendor.ROOT), check=False).returncode == 0


def test_the_lock_file_names_no_registry():
    assert "resolved" not in (vendor.ROOT / "package-lock.json").read_text(encoding="utf-8")
