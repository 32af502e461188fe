"""Index rows of runs of Tasks, and of Jobs without a Task."""

from __future__ import annotations

from polysync_core.storage.runs.entries import list_entries
from tests.fakes.builders import a_run


def test_a_run_of_a_task_is_in_one_list_for_each_filter() -> None:
    rows = [operation.row for operation in list_entries(a_run(task="daily"))]
    assert [row.key.split("~")[0] for row in rows] == [*"rtpoi"]
    assert all(row.values["task"] == "daily" for row in rows)


def test_a_run_of_a_job_is_only_in_the_list_of_its_job_and_names_no_task() -> None:
    run = a_run(task=None)
    (row,) = (operation.row for operation in list_entries(run))
    assert row.key.startswith(f"j~{run.job.name}~")
    assert row.values["job"] == run.job.name
    assert "task" not in row.values
