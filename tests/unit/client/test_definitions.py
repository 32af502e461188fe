"""Tests that definitions in Python and in YAML are equal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from polysync import definitions
from polysync.definitions import (
    Calendar,
    ConcurrencyProfile,
    Cron,
    Job,
    Platform,
    RateLimitProfile,
    Task,
    Vault,
    Webhook,
)
from polysync_core.cli.api.errors import BadDocument
from polysync_core.cli.documents import read_documents
from polysync_core.domain.definitions.document import canonical, read_document

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "examples").rglob("definitions*.yaml"))
CLASSES: dict[str, Any] = {
    "vaults": Vault,
    "platforms": Platform,
    "calendars": Calendar,
    "jobs": Job,
    "tasks": Task,
    "webhooks": Webhook,
}
PIPELINE = """
from polysync.definitions import *
from polysync.definitions import Cron, Job, Task
print("loading")
load = Job(name="load", platform="p", job_type="DatabricksNotebook", external_id="/etl/load",
           parameters=[{"name": "rows", "data_type": "Int"}])
daily = Task(name="daily", job=load, schedules=[Cron("0 6 * * *", tz="Europe/Berlin")])
report = Task(name="report", job=load, priority=7)
report.after(daily, outputs={"rows": "rows"}, condition="OnSuccess")
"""
YAML = """
jobs:
  - {name: load, platform: p, jobType: DatabricksNotebook, externalId: /etl/load,
     parameters: [{name: rows, dataType: Int}]}
tasks:
  - name: daily
    job: load
    schedules: [{name: schedule, cron: "0 6 * * *", timeZone: Europe/Berlin}]
  - name: report
    job: load
    priority: 7
    dependencies: [{task: daily, condition: OnSuccess, mappings: [{output: rows, input: rows}]}]
"""


def equal(one: Any, other: Any) -> bool:
    """Return whether two documents have the same definitions."""
    found = []
    for document in (one, other):
        read = read_document(document)
        assert read.problems == (), read.problems
        found.append(sorted(map(canonical, read.items)))
    return found[0] == found[1]


def class_of(kind: str, entry: dict[str, Any]) -> Any:
    if kind != "contentionProfiles":
        return CLASSES[kind]
    return ConcurrencyProfile if entry["type"] == "Concurrency" else RateLimitProfile


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: str(path.relative_to(ROOT)))
def test_the_examples_are_equal_in_both_forms(path: Path) -> None:
    document = yaml.safe_load(path.read_text())
    objects = [
        class_of(kind, entry).model_validate(entry)
        for kind, entries in document.items()
        for entry in entries
    ]
    assert equal(definitions.document(*objects), document)


def test_every_kind_is_equal_in_both_forms() -> None:
    secret = "vault://v/s"
    document: dict[str, list[dict[str, Any]]] = {
        "calendars": [{"name": "c", "ranges": [{"from": "2026-01-01", "to": "2026-01-02"}]}],
        "contentionProfiles": [
            {"name": "one", "type": "Concurrency", "settings": {"maxConcurrentTasks": 2}},
            {"name": "two", "type": "RateLimit", "settings": {"limit": 1, "windowSeconds": 9}},
        ],
        "vaults": [{"name": "v", "provider": "Environment"}],
        "webhooks": [{"name": "w", "url": "https://example.com/x", "secret": secret}],
    }
    objects = [
        class_of(kind, entry).model_validate(entry)
        for kind, entries in document.items()
        for entry in entries
    ]
    assert equal(definitions.document(*objects), document)


def test_a_program_gives_the_same_document_as_yaml(tmp_path: Path) -> None:
    file = tmp_path / "pipeline.py"
    file.write_text(PIPELINE)
    assert equal(dict(read_documents([str(file)]).content), yaml.safe_load(YAML))


def test_a_failure_shows_the_line_of_the_program(tmp_path: Path) -> None:
    file = tmp_path / "pipeline.py"
    file.write_text("from polysync.definitions import Task\nTask(name='t', job='j', prio=1)\n")
    with pytest.raises(BadDocument, match="the file failed") as caught:
        read_documents([str(file)])
    said = "\n".join(caught.value.details)
    assert f'"{file}", line 2' in said
    assert "prio" in said


def test_a_program_gets_no_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYSYNC_KEY", "secret")
    file = tmp_path / "pipeline.py"
    file.write_text(
        "import os\nfrom polysync.definitions import Task\n"
        "assert 'POLYSYNC_KEY' not in os.environ\nTask(name='t', job='j')\n"
    )
    assert read_documents([str(file)]).content == {"tasks": [{"name": "t", "job": "j"}]}


def test_a_schedule_is_a_cron_expression_with_a_zone() -> None:
    schedule = Cron("0 6 * * *", tz="UTC", name="daily", misfire="Skip")
    assert (schedule.cron, schedule.time_zone, schedule.misfire) == ("0 6 * * *", "UTC", "Skip")


def test_the_example_of_the_page_is_a_program(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "howto" / "definitions-in-python.md").read_text("utf-8")
    file = tmp_path / "pipeline.py"
    file.write_text(page.partition("```python\n")[2].partition("```")[0])
    tasks = read_documents([str(file)]).content["tasks"]
    assert isinstance(tasks, list)
    assert len(tasks) == 4
