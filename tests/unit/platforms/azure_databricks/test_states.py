"""Tests that the states of Databricks decide the status and the cause of a run."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.azure_databricks.states import RunState
from polysync_core.platforms.connector import ProviderStatus
from tests.unit.platforms.azure_databricks.workspace import report

RUNNING, SUCCESS, FAILED, CANCELLED, UNKNOWN = (
    ProviderStatus.RUNNING,
    ProviderStatus.SUCCESS,
    ProviderStatus.FAILED,
    ProviderStatus.CANCELLED,
    ProviderStatus.UNKNOWN,
)


def state_of(life_cycle: str, result: str | None = None, **end: Any) -> RunState:
    run: dict[str, Any] = {"state": {"life_cycle_state": life_cycle}}
    if result is not None:
        run["state"]["result_state"] = result
    if end:
        run["status"] = {"state": life_cycle, "termination_details": end}
    found = RunState.of(run)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("life_cycle", "status"),
    [
        ("QUEUED", RUNNING),
        ("PENDING", RUNNING),
        ("BLOCKED", RUNNING),
        ("WAITING_FOR_RETRY", RUNNING),
        ("RUNNING", RUNNING),
        ("TERMINATING", RUNNING),
        ("SKIPPED", FAILED),
        ("INTERNAL_ERROR", FAILED),
        ("TERMINATED", UNKNOWN),
        ("running", RUNNING),
        ("HIBERNATING", UNKNOWN),
    ],
)
def test_the_life_cycle_decides_until_the_end(life_cycle: str, status: ProviderStatus) -> None:
    assert state_of(life_cycle).status is status


@pytest.mark.parametrize(
    ("result", "status", "cause"),
    [
        ("SUCCESS", SUCCESS, None),
        ("SUCCESS_WITH_FAILURES", SUCCESS, None),
        ("FAILED", FAILED, None),
        ("TIMEDOUT", FAILED, FailureCause.TIMEOUT),
        ("UPSTREAM_FAILED", FAILED, None),
        ("MAXIMUM_CONCURRENT_RUNS_REACHED", FAILED, FailureCause.CONTENTION_REJECTED),
        ("CANCELED", CANCELLED, None),
        ("Cancelled", CANCELLED, None),
        ("UPSTREAM_CANCELED", CANCELLED, None),
        ("EXCLUDED", CANCELLED, None),
        ("DISABLED", CANCELLED, None),
        ("SUSPENDED", UNKNOWN, None),
    ],
)
def test_the_result_decides_at_the_end(
    result: str, status: ProviderStatus, cause: FailureCause | None
) -> None:
    found = state_of("TERMINATED", result)

    assert (found.status, found.cause) == (status, cause)


@pytest.mark.parametrize(
    ("code", "status", "cause"),
    [
        ("SUCCESS", SUCCESS, None),
        ("SUCCESS_WITH_FAILURES", SUCCESS, None),
        ("USER_CANCELED", CANCELLED, None),
        ("CANCELED", CANCELLED, None),
        ("SKIPPED", CANCELLED, None),
        ("DISABLED", CANCELLED, None),
        ("RUN_EXECUTION_ERROR", FAILED, None),
        ("CLOUD_FAILURE", FAILED, FailureCause.PLATFORM_UNREACHABLE),
        ("CLUSTER_ERROR", FAILED, FailureCause.PLATFORM_UNREACHABLE),
        ("DRIVER_ERROR", FAILED, FailureCause.PLATFORM_UNREACHABLE),
        ("INTERNAL_ERROR", FAILED, FailureCause.PLATFORM_UNREACHABLE),
        ("STORAGE_ACCESS_ERROR", FAILED, FailureCause.PLATFORM_UNREACHABLE),
        ("REPOSITORY_CHECKOUT_FAILED", FAILED, FailureCause.PLATFORM_UNREACHABLE),
        ("BREAKING_CHANGE", FAILED, FailureCause.PLATFORM_UNREACHABLE),
        ("CLUSTER_TERMINATED_BY_USER", FAILED, FailureCause.PLATFORM_UNREACHABLE),
        ("CLUSTER_REQUEST_LIMIT_EXCEEDED", FAILED, FailureCause.CONTENTION_REJECTED),
        ("WORKSPACE_RUN_LIMIT_EXCEEDED", FAILED, FailureCause.CONTENTION_REJECTED),
        ("MAX_CONCURRENT_RUNS_EXCEEDED", FAILED, FailureCause.CONTENTION_REJECTED),
        ("MAX_JOB_QUEUE_SIZE_EXCEEDED", FAILED, FailureCause.CONTENTION_REJECTED),
        ("MAX_SPARK_CONTEXTS_EXCEEDED", FAILED, FailureCause.CONTENTION_REJECTED),
        ("RESOURCE_NOT_FOUND", FAILED, FailureCause.SUBMIT),
        ("INVALID_RUN_CONFIGURATION", FAILED, FailureCause.SUBMIT),
        ("INVALID_CLUSTER_REQUEST", FAILED, FailureCause.SUBMIT),
        ("FEATURE_DISABLED", FAILED, FailureCause.SUBMIT),
        ("LIBRARY_INSTALLATION_ERROR", FAILED, FailureCause.SUBMIT),
        ("UNAUTHORIZED_ERROR", FAILED, FailureCause.SUBMIT),
        ("BUDGET_POLICY_LIMIT_EXCEEDED", FAILED, FailureCause.SUBMIT),
    ],
)
def test_the_newer_states_alone_give_status_and_cause(
    code: str, status: ProviderStatus, cause: FailureCause | None
) -> None:
    found = state_of("TERMINATED", None, code=code)

    assert (found.status, found.cause) == (status, cause)
    assert state_of("TERMINATED", None, code=code.lower()).status is status


@pytest.mark.slow
def test_every_state_of_the_official_client_is_decoded() -> None:
    # Imported here, because the client takes seconds to load.
    from databricks.sdk.service import jobs

    for code in jobs.TerminationCodeCode:
        assert state_of("TERMINATED", None, code=code.value).status.is_final, code
    for result in jobs.RunResultState:
        assert state_of("TERMINATED", result.value).status.is_final, result
    for life_cycle in (*jobs.RunLifeCycleState, *jobs.RunLifecycleStateV2State):
        if life_cycle.value != "TERMINATED":
            assert state_of(life_cycle.value).status is not UNKNOWN, life_cycle


def test_a_failure_in_the_older_state_takes_its_cause_from_the_newer() -> None:
    found = state_of("TERMINATED", "FAILED", code="CLOUD_FAILURE", type="CLOUD_FAILURE")

    assert (found.status, found.cause) == (FAILED, FailureCause.PLATFORM_UNREACHABLE)


@pytest.mark.parametrize(
    ("kind", "status", "cause"),
    [
        ("CLIENT_ERROR", FAILED, None),
        ("CLOUD_FAILURE", FAILED, FailureCause.PLATFORM_UNREACHABLE),
        ("INTERNAL_ERROR", FAILED, FailureCause.PLATFORM_UNREACHABLE),
        ("SUCCESS", SUCCESS, None),
        ("MISCHIEF", UNKNOWN, None),
    ],
)
def test_an_unknown_code_is_decoded_by_its_type(
    kind: str, status: ProviderStatus, cause: FailureCause | None
) -> None:
    found = state_of("TERMINATED", None, code="WARP_CORE_BREACH", type=kind)

    assert (found.status, found.cause) == (status, cause)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2)
    ),
    max_leaves=5,
)


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "state": JSON
            | st.fixed_dictionaries({}, optional={"life_cycle_state": JSON, "result_state": JSON}),
            "status": JSON
            | st.fixed_dictionaries({}, optional={"state": JSON, "termination_details": JSON}),
        },
    )
)
def test_no_answer_raises_an_error_or_ends_a_run_by_accident(run: Any) -> None:
    found = RunState.of(run)

    assert found is None or not found.status.is_final


@pytest.mark.parametrize(
    "run", [{}, {"state": None}, {"state": "RUNNING"}, {"state": {}}, {"status": {"state": 7}}]
)
def test_an_answer_without_a_state_is_unexpected(run: dict[str, Any]) -> None:
    with pytest.raises(Unavailable):
        report(run)


@pytest.mark.parametrize(
    "run",
    [
        {
            "state": {"life_cycle_state": "SKIPPED", "state_message": "limit of runs reached"},
            "status": {
                "state": "TERMINATED",
                "termination_details": {
                    "code": "MAX_CONCURRENT_RUNS_EXCEEDED",
                    "type": "CLIENT_ERROR",
                },
            },
        },
        {
            "state": {
                "life_cycle_state": "SKIPPED",
                "result_state": "MAXIMUM_CONCURRENT_RUNS_REACHED",
            }
        },
        {"state": {"life_cycle_state": "SKIPPED"}},
        {"state": {"life_cycle_state": "skipped", "state_message": "A previous run is active"}},
        {
            "state": {"life_cycle_state": "TERMINATED", "result_state": "CANCELED"},
            "status": {
                "state": "TERMINATED",
                "termination_details": {"code": "MAX_CONCURRENT_RUNS_EXCEEDED"},
            },
        },
    ],
)
def test_a_run_that_databricks_did_not_start_is_rejected_by_contention(run: dict[str, Any]) -> None:
    found = report(run)

    assert (found.status, found.cause) == (FAILED, FailureCause.CONTENTION_REJECTED)


@pytest.mark.parametrize(
    ("old", "new", "status", "cause"),
    [
        (
            {"life_cycle_state": "TERMINATED", "result_state": "FAILED"},
            {"state": "TERMINATED", "termination_details": {"code": "USER_CANCELED"}},
            CANCELLED,
            None,
        ),
        (
            {"life_cycle_state": "TERMINATED", "result_state": "TIMEDOUT"},
            {"state": "TERMINATED", "termination_details": {"code": "CANCELED"}},
            FAILED,
            FailureCause.TIMEOUT,
        ),
        ({"life_cycle_state": "TERMINATED"}, {"state": "TERMINATING"}, RUNNING, None),
        ({"life_cycle_state": "RUNNING"}, {"state": "A_NEW_WORD"}, RUNNING, None),
        (
            {"life_cycle_state": "SKIPPED"},
            {"state": "TERMINATED", "termination_details": {"code": "SKIPPED"}},
            CANCELLED,
            None,
        ),
        (
            {"life_cycle_state": "INTERNAL_ERROR"},
            {"state": "TERMINATED", "termination_details": {"code": "FEATURE_DISABLED"}},
            FAILED,
            FailureCause.SUBMIT,
        ),
    ],
)
def test_the_newer_state_decides_where_both_are_present(
    old: dict[str, Any], new: dict[str, Any], status: ProviderStatus, cause: FailureCause | None
) -> None:
    found = report({"state": old, "status": new})

    assert (found.status, found.cause) == (status, cause)
