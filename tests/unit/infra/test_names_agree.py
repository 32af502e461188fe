"""Names of queues, tables and the task hub agree and are valid for their services."""

from __future__ import annotations

import json
import re
from collections import Counter

import pytest

from polysync_core import settings
from polysync_core.settings import DELIVERIES, RUN_REQUESTS, Settings
from tests.unit.infra.templates import ROOT, deployed_settings, template

TABLES = re.compile(r"storage\.table\(\"(\w+)\"\)|^_TABLE = \"(\w+)\"", re.MULTILINE)
PLAIN = {"POLYSYNC_STORAGE": "UseDevelopmentStorage=true"}


def _tables() -> dict[str, list[str]]:
    """Return the tables of each storage module."""
    found: dict[str, list[str]] = {}
    for file in sorted((ROOT / "polysync_core" / "storage").rglob("*.py")):
        names = ["".join(each) for each in TABLES.findall(file.read_text())]
        if names:
            found[file.name] = names
    return found


def test_a_table_belongs_to_one_module_and_has_a_valid_name() -> None:
    """https://learn.microsoft.com/rest/api/storageservices/understanding-the-table-service-data-model"""
    names = [name for names in _tables().values() for name in names]
    assert "Runs" in names
    assert [name for name, count in Counter(map(str.lower, names)).items() if count > 1] == []
    # A name may get a month as its suffix.
    assert [name for name in names if not re.fullmatch(r"[A-Za-z][A-Za-z0-9]{2,56}", name)] == []


def test_every_table_is_opened_by_a_name_of_its_module() -> None:
    opened = re.compile(r"storage\.table\((?!\"|_TABLE|f\"\{_TABLE\})")
    strange = [
        file.name
        for file in (ROOT / "polysync_core").rglob("*.py")
        if opened.search(file.read_text())
    ]
    assert strange == []


def test_every_queue_that_the_app_reads_is_in_its_settings() -> None:
    functions = json.loads((ROOT / "tests" / "integration" / "functions.json").read_text())
    triggers = {b["queueName"] for has in functions.values() for b in has if "queueName" in b}
    assert triggers == settings._OWN_QUEUES
    assert {DELIVERIES, RUN_REQUESTS} <= triggers


@pytest.mark.slow
def test_no_queue_receives_events_before_a_setting_names_it() -> None:
    default = template("main.bicep").part("parameters")["runEventsQueue"]["default"]
    assert default == ""
    assert Settings.read(PLAIN | {"POLYSYNC_RUN_EVENTS_QUEUE": default}).run_events_queue is None
    sample = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    assert Settings.read(PLAIN | sample).run_events_queue == "run-events"


@pytest.mark.slow
def test_only_a_setting_names_the_task_hub() -> None:
    host = json.loads((ROOT / "host.json").read_text())["extensions"]["durableTask"]
    assert host["hubName"] == "%TASKHUB_NAME%"
    assert deployed_settings()["TASKHUB_NAME"] == "taskHubName"
    given = template("main.bicep").code()
    # The Durable Task Scheduler, the role assignment and the setting use the same name.
    assert given.count("taskHubName: taskHubName") == 3
    sample = json.loads((ROOT / "local.settings.sample.json").read_text())["Values"]
    assert re.fullmatch(r"[A-Za-z][A-Za-z0-9]{2,44}", sample["TASKHUB_NAME"])
