"""Finds the pipeline run that an earlier submit with a lost response started.

The services have no idempotency key, but they list a pipeline's runs with their parameters. A Job
may name a parameter that receives the attempt's token, which then identifies the attempt's run. The
list lags, so at first a missing run proves nothing.
https://learn.microsoft.com/rest/api/datafactory/pipelines/create-run
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from polysync_core.domain.errors import Uncertain
from polysync_core.domain.json_types import JsonObject, object_in
from polysync_core.platforms.azure_data_pipelines.client import PipelineClient
from polysync_core.platforms.azure_data_pipelines.settings import (
    ATTEMPT_TOKEN_PARAMETER,
    LostAnswerRule,
)
from polysync_core.platforms.azure_data_pipelines.states import CLOCK_SKEW, external, runs_of
from polysync_core.platforms.connector import OutcomeUnknown, SubmitRequest
from polysync_core.platforms.times import moment_in

LIST_LAG = timedelta(minutes=4)
"""The maximum delay until a new run appears in the list."""

_NEVER = datetime.max.replace(tzinfo=UTC)
_log = logging.getLogger(__name__)


def earlier_run(service: PipelineClient, request: SubmitRequest) -> str | None:
    """Return the run that an earlier submit of this attempt started.

    None means that the pipeline must be started again. Raises `Uncertain` while the list may lag,
    and `OutcomeUnknown` if the run cannot be identified or a person must decide.
    """
    rule = LostAnswerRule.of(request.job)
    if rule.token_parameter is None and rule.asks:
        raise OutcomeUnknown(
            "The pipeline may have been started, and its run cannot be identified. Check the"
            " runs of the pipeline. To avoid this, name a parameter for the attempt's token in"
            f" settings.{ATTEMPT_TOKEN_PARAMETER}, or set resubmit: WhenIdempotent if the pipeline"
            " may run twice."
        )
    runs = list(runs_of(service, request.job.external_id, request.begun_at - CLOCK_SKEW))
    own_runs = [run for run in runs if _has_token(run, rule.token_parameter, request.token)]
    if own_runs:
        return _first_run(service, own_runs)
    if service.now() < request.begun_at + LIST_LAG:
        raise Uncertain("The pipeline may have been started; its run may not be in the list yet.")
    if rule.may_run_twice:
        return None
    if any(_may_belong_to_attempt(run, rule.token_parameter, request) for run in runs):
        raise OutcomeUnknown(
            "The pipeline has runs since the attempt began that may belong to the attempt. Check"
            f" them, and let settings.{ATTEMPT_TOKEN_PARAMETER} name a parameter that the pipeline"
            " declares."
        )
    if rule.asks:
        raise OutcomeUnknown(
            "The start of the pipeline got no answer, and the list has no run of the attempt."
            " Check the pipeline, then rerun if needed."
        )
    return None


def _first_run(service: PipelineClient, runs: list[JsonObject]) -> str | None:
    """Return the first run of the attempt; later runs are duplicates."""
    runs = sorted(runs, key=lambda run: moment_in(run, "runStart") or _NEVER)
    found = [each for run in runs if (each := external(service, run)) is not None]
    if not found:
        raise Uncertain("The run of this attempt is in the list, but its entry cannot be read.")
    if len(found) > 1:
        _log.warning(
            "An attempt has several runs on its platform.",
            extra={
                "action": "duplicate_detected",
                "external_run_ids": [each.external_run_id for each in found],
            },
        )
    return found[0].external_run_id


def _has_token(run: JsonObject, parameter: str | None, token: str) -> bool:
    return parameter is not None and object_in(run, "parameters").get(parameter) == token


def _may_belong_to_attempt(run: JsonObject, parameter: str | None, request: SubmitRequest) -> bool:
    """Return whether a run without the token may belong to the attempt."""
    if parameter is not None and parameter in object_in(run, "parameters"):
        return False
    started = moment_in(run, "runStart")
    return started is None or started >= request.begun_at - CLOCK_SKEW
