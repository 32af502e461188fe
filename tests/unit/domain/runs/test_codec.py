"""Stored runs and the defaults of the release that reads them."""

from __future__ import annotations

import json
from dataclasses import fields
from typing import Any

from pydantic import BaseModel

from polysync_core.domain.definitions.tasks import Retry
from polysync_core.domain.runs.codec import decode_run, encode_run
from polysync_core.domain.runs.run import TaskRun, begin_attempt, new_run
from tests.fakes.builders import NOON, a_job, a_run


def test_a_changed_default_leaves_accepted_runs_alone() -> None:
    stored = json.loads(encode_run(a_run(retry=Retry(enabled=True))))
    assert stored["retry"] == {
        "enabled": True,
        "maxRetryAttempts": 1,
        "maxInfrastructureAttempts": None,
        "backoff": "Fixed",
        "initialDelaySeconds": 30,
        "maxDelaySeconds": 600,
        "jitter": False,
    }


def test_every_field_of_a_run_and_of_its_job_is_stored() -> None:
    run = begin_attempt(new_run(a_run(), actor="test"), at=NOON, actor="test")
    stored = json.loads(encode_run(run))
    assert set(stored) == {field.name for field in fields(TaskRun)}
    assert set(stored["attempts"][0]) == {field.name for field in fields(run.attempts[0])}
    for part, model in (("job", run.job), ("retry", run.retry)):
        assert set(stored[part]) == _aliases(model)


def test_a_run_is_read_as_it_was_stored() -> None:
    job = a_job(parameters=[{"name": "day", "default": "x"}], tags={"team": "sales"})
    run = begin_attempt(new_run(a_run(job=job), actor="test"), at=NOON, actor="test")
    assert decode_run(encode_run(run)) == run


def test_fields_of_a_newer_release_are_ignored() -> None:
    job = a_job(parameters=[{"name": "day"}], settings={"kept": {"a": 1}}, tags={"team": "sales"})
    run = begin_attempt(new_run(a_run(job=job), actor="test"), at=NOON, actor="test")
    stored = json.loads(encode_run(run))
    newer = stored, stored["job"], stored["job"]["parameters"][0], stored["retry"]
    for part in (*newer, stored["attempts"][0], stored["history"][0]):
        part["fieldOfANewerRelease"] = {"any": ["value"]}
    assert decode_run(json.dumps(stored)) == run


def test_a_run_of_a_job_is_stored_with_a_null_task() -> None:
    run = new_run(a_run(task=None), actor="test")
    assert json.loads(encode_run(run))["task"] is None
    assert decode_run(encode_run(run)) == run
    assert (run.title, run.roots) == (run.job.name, ())


def _aliases(model: BaseModel) -> set[Any]:
    known = type(model).model_fields.items()
    return {field.serialization_alias or field.alias or name for name, field in known}
