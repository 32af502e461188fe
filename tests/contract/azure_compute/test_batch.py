"""The Batch client of Azure accepts the simulated account."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from azure.batch import BatchClient, models
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError

from polysync_core.platforms.connector import ProviderStatus
from tests.contract.azure_compute.conftest import Connect, MakeRequest, NoCredential, PlainBearer
from tests.contract.azure_compute.test_kubernetes import until
from tests.contract.connectors.cases.azure_batch import a_job, a_task, platform_of, put
from tests.fakes.simulators import SimulatorProcess


@pytest.fixture
def official(simulator: SimulatorProcess) -> Iterator[BatchClient]:
    client = BatchClient(
        endpoint=simulator.url,
        credential=NoCredential(),
        authentication_policy=PlainBearer(),
        retry_total=0,
    )
    with client:
        yield client


def test_the_client_creates_follows_and_lists_jobs(official: BatchClient) -> None:
    for name in ("one", "two", "three"):
        pool = models.BatchPoolInfo(pool_id="small")
        official.create_job(models.BatchJobCreateOptions(id=name, pool_info=pool))
    tasks = [
        models.BatchTaskCreateOptions(id="good", command_line="succeed"),
        models.BatchTaskCreateOptions(id="bad", command_line="fail"),
    ]
    official.create_tasks("one", tasks)

    counts = until(
        lambda: official.get_job_task_counts("one").task_counts,
        lambda found: found.completed == 2,
    )

    assert (counts.succeeded, counts.failed) == (1, 1)
    (failed,) = official.list_tasks("one", filter="executionInfo/result eq 'failure'")
    execution: Any = failed.execution_info
    assert (failed.id, execution.exit_code) == ("bad", 1)
    assert execution.failure_info.code == "FailureExitCode"
    # Two on a page, so this takes several.
    assert {"one", "two", "three"} <= {str(each.id) for each in official.list_jobs()}


def test_the_client_terminates_a_job_and_receives_errors(official: BatchClient) -> None:
    pool = models.BatchPoolInfo(pool_id="small")
    options = models.BatchJobCreateOptions(id="endless", pool_info=pool)
    official.create_job(options)

    reason: Any = {"terminateReason": "enough"}
    official.begin_terminate_job("endless", reason, polling_interval=0).result(30)

    ended: Any = official.get_job("endless")
    assert ended.state == models.BatchJobState.COMPLETED
    assert ended.execution_info.termination_reason == "enough"
    with pytest.raises(HttpResponseError) as caught:
        official.create_job(options)
    assert caught.value.status_code == 409
    with pytest.raises(ResourceNotFoundError):
        official.get_job("gone")


def test_the_client_reads_the_job_and_the_tasks_of_a_run(
    official: BatchClient, simulator: SimulatorProcess, connect: Connect, submission: MakeRequest
) -> None:
    tasks = [a_task(f"t{at}", "succeed", rows="1", part=str(at)) for at in range(3)]
    put(simulator, "template", *tasks, priority=7, usesTaskDependencies=True)
    job = a_job("template")
    connector = connect(platform_of(simulator), job)

    submitted = connector.submit(submission(job, "b1", rows="9"))
    report = until(
        lambda: connector.read(job, submitted.external_run_id),
        lambda report: report.status.is_final,
    )

    assert report.status is ProviderStatus.SUCCESS
    copy: Any = official.get_job(submitted.external_run_id)
    assert (copy.display_name, copy.priority) == ("run b1", 7)
    assert copy.all_tasks_complete_mode == models.BatchAllTasksCompleteMode.TERMINATE_JOB
    assert {each.name: each.value for each in copy.metadata} == {
        "polysync.source": "template",
        "polysync.attempt": "b1",
    }
    sent = {
        str(task.id): {each.name: each.value for each in task.environment_settings or []}
        for task in official.list_tasks(submitted.external_run_id)
    }
    assert sent == {f"t{at}": {"rows": "9", "part": str(at)} for at in range(3)}
