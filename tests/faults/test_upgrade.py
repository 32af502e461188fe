"""Upgrades and rolls back on the real Durable extension, with runs in every phase."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.azurite import running_azurite
from tests.faults.local_system import LocalSystem, local_system
from tests.faults.phases import define_phases, start_phases
from tests.host_kinds import HostKind, require
from tests.integration.devhost.host_process import ROOT

pytestmark = [pytest.mark.devhost, pytest.mark.soak]

FORMER_VERSION = "5400b7ae3d7882bcd3519e7b430f958b5c2957a7"
"""The commit of the former version. A release names the commit of the release before it."""
ALL_END_SECONDS = 150.0
"""The Durable extension hides the messages of an ended instance for one minute (`host.json`)."""


def test_runs_of_the_former_version_end_under_the_new_one_and_back(tmp_path: Path) -> None:
    require(HostKind.FUNCTIONS)
    former = _code_of(FORMER_VERSION, tmp_path / "former")
    kind = HostKind.FUNCTIONS
    with (
        running_azurite(tmp_path) as base,
        local_system(tmp_path, base, kind=kind, shared_storage=True, code=former) as system,
    ):
        define_phases(system)
        phases = start_phases(system, "upgrade")
        _deploy(system, tmp_path / "new", ROOT)
        phases.check_ends(system, within=ALL_END_SECONDS)

        phases = start_phases(system, "roll-back")
        _deploy(system, tmp_path / "former-again", former)
        phases.check_ends(system, within=ALL_END_SECONDS)


def _deploy(system: LocalSystem, data: Path, code: Path) -> None:
    """Start an instance with other code beside the present one, then end the present one."""
    former, system.host = system.host, system.start(data, code)
    assert former.end() == 0


def _code_of(commit: str, folder: Path) -> Path:
    """Return a folder with the product of a commit; the host program is the present one."""
    folder.mkdir()
    archive = subprocess.run(["git", "archive", commit], cwd=ROOT, check=False, capture_output=True)
    if archive.returncode:
        pytest.skip("This copy of the repository has no history.")
    subprocess.run(["tar", "-x", "-C", str(folder)], input=archive.stdout, check=True)
    shutil.rmtree(folder / "devhost")
    shutil.copytree(ROOT / "devhost", folder / "devhost")
    return folder
