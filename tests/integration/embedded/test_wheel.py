"""The built wheel, installed into a folder, starts outside the repository and runs a job."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from zipfile import ZipFile

import httpx
import pytest
import yaml

from tests.integration.devhost.host_process import ROOT, TIMEOUT, eventually, free_ports

pytestmark = [pytest.mark.devhost, pytest.mark.slow]

BUILT_FROM = ("polysync", "polysync_core", "orchestrations", "polysync_embedded", "simulators")
FILES = ("pyproject.toml", "setup.py", "LICENSE")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel from a copy of the sources, and install it."""
    folder = tmp_path_factory.mktemp("wheel")
    source, target = folder / "source", folder / "installed"
    skipped = shutil.ignore_patterns("__pycache__")
    for name in (*BUILT_FROM, "docs", "examples"):
        shutil.copytree(ROOT / name, source / name, ignore=skipped)
    for name in FILES:
        shutil.copy(ROOT / name, source / name)
    options = ["--quiet", "--no-index", "--no-deps", "--disable-pip-version-check"]
    _pip("wheel", *options, "--no-build-isolation", "--wheel-dir", str(folder), str(source))
    (wheel,) = folder.glob("*.whl")
    _pip("install", *options, "--target", str(target), str(wheel))
    return target


@pytest.fixture(scope="module")
def environment(installed: Path) -> dict[str, str]:
    """The environment of a user who has the package and its requirements."""
    return {**os.environ, "PYTHONPATH": str(installed), "DATABRICKS_TOKEN": "any"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a user, outside the repository."""
    return tmp_path_factory.mktemp("user")


@pytest.fixture(scope="module")
def host(folder: Path, installed: Path, environment: dict[str, str]) -> Iterator[httpx.Client]:
    """`polysync dev` in that folder, which all tests share."""
    port = free_ports(1)
    process = subprocess.Popen(
        [sys.executable, str(installed / "bin/polysync"), "dev", "--port", str(port)],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == f"ready http://127.0.0.1:{port}/console/\n"
        with httpx.Client(base_url=f"http://127.0.0.1:{port}/api", timeout=TIMEOUT) as http:
            yield http
    finally:
        process.terminate()
        assert process.wait(timeout=TIMEOUT) == 0
        process.stdout.close()


def test_the_installed_product_runs_a_job(
    host: httpx.Client, folder: Path, installed: Path, environment: dict[str, str]
) -> None:
    examples = installed / "simulators" / "examples"
    simulator = subprocess.Popen(
        [sys.executable, "-m", "simulators.databricks", "--port", "0", "--data", str(folder)],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert simulator.stdout is not None
    try:
        document = yaml.safe_load((examples / "bench/definitions.yaml").read_text())
        address = simulator.stdout.readline().removeprefix("ready ").strip()
        document["platforms"][0]["attributes"]["workspaceUrl"] = address
        host.put("/definitions", json=document).raise_for_status()
        accepted = host.post("/tasks/nap/run", json={"parameters": {"seconds": "0.1"}}).json()
        run = f"/task-runs/{accepted['runId']}"
        eventually(lambda: host.get(run).json()["finishedAt"])
        assert host.get(run).json()["status"] == "Succeeded"
    finally:
        simulator.terminate()
        simulator.wait(timeout=TIMEOUT)
        simulator.stdout.close()
    assert (folder / ".polysync" / "polysync.db").is_file()


def test_the_installed_product_serves_its_documentation(host: httpx.Client) -> None:
    assert host.get("/openapi.json").status_code == 200
    found = host.get("/documentation", params={"query": "daylight saving"})
    assert "schedules" in found.raise_for_status().text


def test_the_installed_product_serves_the_console_with_its_files(host: httpx.Client) -> None:
    root = str(host.base_url).partition("/api")[0]
    page = httpx.get(f"{root}/console/help").raise_for_status()
    files = re.findall(r'"(/console/static/[^"]+)"', page.text)
    assert len(files) >= 4
    for file in files:
        assert httpx.get(f"{root}{file}").raise_for_status().content


def test_the_installed_product_creates_a_valid_project(
    folder: Path, installed: Path, environment: dict[str, str]
) -> None:
    program = [sys.executable, str(installed / "bin/polysync")]
    for words in (["init", "project"], ["validate", "project"]):
        subprocess.run([*program, *words], cwd=folder, env=environment, check=True)
    assert (folder / "project" / ".github" / "workflows" / "definitions.yml").is_file()


def test_the_wheel_has_only_the_packages_of_the_product(installed: Path) -> None:
    (wheel,) = installed.parent.glob("*.whl")
    with ZipFile(wheel) as archive:
        tops = {name.partition("/")[0] for name in archive.namelist()}
    assert {name for name in tops if not name.endswith(".dist-info")} == set(BUILT_FROM)


def _pip(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "pip", *arguments], check=True, cwd=ROOT)
