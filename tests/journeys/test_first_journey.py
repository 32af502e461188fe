"""The way of a new user: from an empty store to a repaired run."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext

from tests.faults.local_system import TOKEN, DatabricksSimulator
from tests.host_kinds import HostKind
from tests.integration.devhost.host_process import ROOT, HostProcess
from tests.journeys.browser.visitor import Visitor


@pytest.fixture
def workspace(tmp_path: Path) -> Iterator[DatabricksSimulator]:
    started = DatabricksSimulator(tmp_path / "workspace")
    yield started
    started.close()


@pytest.fixture
def newcomer(
    workspace: DatabricksSimulator, tmp_path: Path, context: BrowserContext
) -> Iterator[Visitor]:
    """A person at the console of an empty store."""
    os.environ["DATABRICKS_TOKEN"] = TOKEN
    host = HostProcess(tmp_path / "data", app=ROOT, kind=HostKind.EMBEDDED).ready()
    visitor = Visitor(context, f"http://127.0.0.1:{host.port}")
    yield visitor
    visitor.require_no_offences()
    host.close()


def connect_a_platform(visitor: Visitor, workspace: DatabricksSimulator) -> None:
    visitor.open("vaults/new")
    visitor.fill("Name", "local")
    visitor.field("Provider").select_option("Environment")
    visitor.click("Review and save")
    visitor.click("Create")
    visitor.sees("Created.")
    visitor.open("platforms/new")
    visitor.fill("Name", "lakehouse")
    with visitor.page.expect_navigation():
        visitor.field("Type").select_option(label="Azure Databricks")
    visitor.page.get_by_role("tab", name="Connection").click()
    visitor.field("Signs in by").select_option(label="Personal access token")
    visitor.fill("Personal access token", "vault://local/DATABRICKS_TOKEN")
    visitor.fill("Workspace URL", workspace.url)
    visitor.field("Compute type").select_option("Serverless")
    visitor.fill("Default notebook path", "/bench")
    visitor.click("Review and save")
    visitor.click("Create")
    visitor.sees("Created.")


def test_a_new_user_gets_from_an_empty_store_to_a_repaired_run(
    newcomer: Visitor, workspace: DatabricksSimulator
) -> None:
    connect_a_platform(newcomer, workspace)
