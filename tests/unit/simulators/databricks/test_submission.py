"""Accepted and refused bodies of a submit."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.databricks.compute import ClusterCatalogue
from simulators.databricks.errors import ApiError
from simulators.databricks.submission import Submission, read_submission


def a_task(**values: Any) -> dict[str, Any]:
    return {"task_key": "a", "notebook_task": {"notebook_path": "/n"}, **values}


def read(body: object) -> Submission:
    return read_submission(body, ClusterCatalogue())


def test_the_task_form_is_read() -> None:
    submission = read({"tasks": [a_task(timeout_seconds=5)], "run_name": "r"})

    assert (submission.run_name, submission.single_task) == ("r", False)
    assert submission.tasks[0].timeout_seconds == 5


def test_the_single_task_form_has_its_time_out_on_the_run() -> None:
    submission = read({"notebook_task": {"notebook_path": "/n"}, "timeout_seconds": 5})

    assert submission.single_task
    assert (submission.timeout_seconds, submission.tasks[0].timeout_seconds) == (5, 0)


def test_a_token_may_have_64_characters_and_an_empty_one_is_none() -> None:
    assert read({"tasks": [a_task()], "idempotency_token": "x" * 64}).token == "x" * 64
    assert read({"tasks": [a_task()], "idempotency_token": ""}).token is None


@pytest.mark.parametrize(
    "body",
    [
        pytest.param([], id="no object"),
        pytest.param({}, id="no task"),
        pytest.param({"tasks": []}, id="an empty list of tasks"),
        pytest.param({"tasks": [a_task()] * 101}, id="more than 100 tasks"),
        pytest.param({"tasks": [a_task(), a_task()]}, id="one key twice"),
        pytest.param({"tasks": [a_task(task_key="a b")]}, id="a key with a space"),
        pytest.param({"tasks": [a_task(depends_on=[{"task_key": "b"}])]}, id="unknown upstream"),
        pytest.param({"tasks": [a_task(depends_on=[{"task_key": "a"}])]}, id="a cycle"),
        pytest.param({"tasks": [a_task(depends_on="a")]}, id="upstream that is no list"),
        pytest.param({"tasks": [a_task(run_if="SOMETIMES")]}, id="an unknown run_if"),
        pytest.param({"tasks": [a_task(timeout_seconds=-1)]}, id="a negative time-out"),
        pytest.param({"tasks": [a_task(timeout_seconds="5")]}, id="a time-out in words"),
        pytest.param({"tasks": [a_task(spark_jar_task={})]}, id="two kinds of task"),
        pytest.param({"tasks": [{"task_key": "a", "odd_task": {}}]}, id="an unknown kind of task"),
        pytest.param({"notebook_task": {"notebook_path": "n"}}, id="a relative path"),
        pytest.param({"notebook_task": {"notebook_path": 1}}, id="a path that is a number"),
        pytest.param(
            {"notebook_task": {"notebook_path": "/n", "base_parameters": {"a": 1}}},
            id="a parameter that is no string",
        ),
        pytest.param(
            {"notebook_task": {"notebook_path": "/n", "base_parameters": {"a": "x" * 2**20}}},
            id="parameters above 1 MB",
        ),
        pytest.param({"tasks": [a_task(job_cluster_key="c")]}, id="a shared job cluster"),
        pytest.param(
            {"tasks": [a_task(existing_cluster_id="c", new_cluster={})]}, id="two kinds of compute"
        ),
        pytest.param({"tasks": [a_task(new_cluster="big")]}, id="a cluster in words"),
        pytest.param({"tasks": [a_task()], "run_name": "ä" * 2049}, id="a name of 4098 bytes"),
    ],
)
def test_a_submit_is_refused_for_invalid_compute(body: object) -> None:
    with pytest.raises(ApiError) as refusal:
        read(body)

    assert refusal.value.status == 400
    assert refusal.value.code in {"INVALID_PARAMETER_VALUE", "MALFORMED_REQUEST"}
