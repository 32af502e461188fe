"""Decodes the states of dbt Cloud runs into Polysync statuses, and finds failed steps."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.domain.json_types import JsonObject, JsonValue, text_in
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, Wait
from polysync_core.platforms.dbt_cloud.client import DbtClient, id_of
from polysync_core.platforms.paging import objects_in
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.times import moment_in

_QUEUED, _STARTING, FAILED_STEP = 1, 2, 20
_STATES: Mapping[int, tuple[str, ProviderStatus]] = {
    1: ("Queued", ProviderStatus.STARTING),
    2: ("Starting", ProviderStatus.STARTING),
    3: ("Running", ProviderStatus.RUNNING),
    10: ("Success", ProviderStatus.SUCCESS),
    20: ("Error", ProviderStatus.FAILED),
    30: ("Cancelled", ProviderStatus.CANCELLED),
}
"""The word and the provider status by the number that dbt Cloud sends."""
STATES = {f"{number} ({word})": status for number, (word, status) in _STATES.items()}
_WAITS = {_QUEUED: Wait.PLATFORM_QUEUE, _STARTING: Wait.COMPUTE}
_NO_REASON = "A step failed: open the run's page, or read the failure details."
_MOST_RUNS = 3


def report_of(service: DbtClient, run: JsonObject) -> Report:
    """Return the state of a run."""
    number = run.get("status")
    if not isinstance(number, int) or isinstance(number, bool):
        raise UnexpectedAnswer
    id_of(run)
    word, status = _STATES.get(number, (str(number), ProviderStatus.UNKNOWN))
    message = shortened_line(run.get("status_message"))
    if status is ProviderStatus.FAILED:
        message = _failed_steps(run) or message or _NO_REASON
    return Report(
        status=status,
        provider_state=word,
        message=message or _blocker(run.get("blocked_by"), number),
        wait=_WAITS.get(number),
        monitor_url=service.run_page(run),
        started_at=moment_in(run, "started_at"),
        finished_at=moment_in(run, "finished_at") if status.is_final else None,
    )


def failed_steps(run: JsonObject) -> list[JsonObject]:
    """Return the failed steps of a run that was read with its steps."""
    steps = objects_in(run, "run_steps") if "run_steps" in run else []
    return [step for step in steps if step.get("status") == FAILED_STEP]


def _failed_steps(run: JsonObject) -> str | None:
    names = [text_in(step, "name") for step in failed_steps(run)]
    return shortened_line(f"Failed steps: {', '.join(names)}.") if names else None


def _blocker(runs: JsonValue, number: int) -> str | None:
    """Return the reason of a queued run: dbt Cloud names the runs that it waits for."""
    if number != _QUEUED or not isinstance(runs, list) or not runs:
        return None
    shown = ", ".join(str(each) for each in runs[:_MOST_RUNS] if isinstance(each, int))
    return f"The run waits for the end of the runs {shown} in dbt Cloud."
