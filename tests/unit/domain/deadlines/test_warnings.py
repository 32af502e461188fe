"""Tests of the warnings about deadlines that are missed every day, or never."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.validation.task_warnings import task_warnings

_BY_SEVEN = {"finishedBy": "07:00", "timeZone": "UTC"}
_DAILY = {"name": "daily", "cron": "0 5 * * *"}


@pytest.mark.parametrize(
    ("facts", "paths"),
    [
        ({"expect": _BY_SEVEN}, ["expect.finishedBy"]),
        ({"expect": _BY_SEVEN, "schedules": [_DAILY]}, []),
        ({"expect": _BY_SEVEN, "dependencies": [{"task": "u"}]}, []),
        ({"expect": {"durationWithin": 60}}, []),
        (
            {"expect": {"durationWithin": 60}, "executionTimeoutSeconds": 60},
            ["expect.durationWithin"],
        ),
        ({"expect": {"durationWithin": 59}, "executionTimeoutSeconds": 60}, []),
        ({"expect": {"durationWithin": "p95x2"}, "executionTimeoutSeconds": 60}, []),
    ],
)
def test_a_useless_deadline_is_warned_about(facts: dict[str, Any], paths: list[str]) -> None:
    task = read_definition(Kind.TASK, {"name": "t", "job": "j", **facts})
    assert isinstance(task, Task)
    assert [each.path for each in task_warnings(task, lambda *_: None)] == paths
