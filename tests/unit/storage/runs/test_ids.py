"""Tests that a run id's prefix costs one range read of keys."""

from __future__ import annotations

from typing import Any

from polysync_core.domain.runs.identity import RunId
from polysync_core.storage.runs.table import TableRuns
from tests.fakes.builders import a_run
from tests.fakes.tables import TableService

IDS = [RunId(f"r{each * 25}") for each in "abcxyz"]


def test_ids_are_found_by_one_call_within_the_limit() -> None:
    service = TableService()
    runs = TableRuns(service.storage())
    for run_id in [*IDS, RunId("rabb" + "c" * 22)]:
        runs.insert(a_run(run_id=run_id, graph_run_id=run_id))
    calls: list[str] = []

    def count(call: Any, do: Any) -> Any:
        calls.append(str(call))
        return do()

    service.intercept = count
    assert runs.ids_from("rab", limit=6) == ["rabb" + "c" * 22]
    assert runs.ids_from("ra", limit=6) == [IDS[0], "rabb" + "c" * 22]
    assert runs.ids_from("r", limit=2) == [IDS[0], "rabb" + "c" * 22]
    assert runs.ids_from("rq", limit=2) == []
    assert len(calls) == 4


def test_a_store_without_runs_has_no_ids() -> None:
    assert TableRuns(TableService().storage()).ids_from("rabc", limit=6) == []
