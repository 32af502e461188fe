"""The errors of a failed job and of its child jobs."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.runs.failures.details import FailureDetail
from polysync_core.platforms.azure_ai_foundry.failure_details import failed_jobs


def parts(error: Any) -> tuple[FailureDetail, ...]:
    return failed_jobs({"name": "j", "properties": {"status": "Failed", "error": error}}).parts


def test_the_error_of_a_pipeline_is_followed_by_those_of_its_child_jobs() -> None:
    child = {
        "code": "UserError",
        "target": "train",
        "message": "ValueError: no sales",
        "innerError": {"code": "UserScriptException", "innerError": {"code": "NoData"}},
        "debugInfo": {"stackTrace": "Traceback"},
    }
    error = {"code": "UserError", "message": "Failed nodes: /train.", "details": [child]}
    assert parts(error) == (
        FailureDetail(error="Failed nodes: /train. (UserError)"),
        FailureDetail(
            part="train",
            error="ValueError: no sales (UserError / UserScriptException / NoData)",
            trace="Traceback",
        ),
    )


def test_details_are_followed_to_a_limited_depth() -> None:
    error: dict[str, Any] = {"message": "deepest"}
    for _ in range(100):
        error = {"message": "m", "details": [error]}
    assert len(parts(error)) == 5


@pytest.mark.parametrize(
    "error", [None, "text", {}, {"message": 5}, {"details": "x"}, {"details": [None, "x", {}]}]
)
def test_an_error_without_text_has_no_part(error: Any) -> None:
    assert parts(error) == ()
