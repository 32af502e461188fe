"""Finding the run that an unanswered start may have begun.

The services take no key against double starts, but they list a pipeline's runs with their
parameters. A Job may name a parameter that carries the token of the attempt: then its run can be
told from every other. The list may be late, so that a run that is not there proves nothing at
first. https://learn.microsoft.com/rest/api/datafactory/pipelines/create-run
"""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from polysync_core.domain.errors import Uncertain
from polysync_core.domain.json_types import JsonObject
from polysync_core.platforms.azure.answers import object_in
from polysync_core.platforms.azure_pipelines.client import PipelineClient
from polysync_core.platforms.azure_pipelines.settings import (
    ATTEMPT_TOKEN_PARAMETER,
    LostAnswerRule,
    WhenAnswerLost,
)
from polysync_core.platforms.azure_pipelines.states import SKEW, external, runs_of
from polysync_core.platforms.connector import OutcomeUnknown, SubmitRequest
from polysync_core.platforms.times import moment_in

LIST_LAG = timedelta(minutes=4)
"""How long after the attempt began a run may be missing from the list."""

_NEVER = datetime.max.replace(tzinfo=UTC)
_log = logging.getLogger(__name__)


def earlier_run(service: PipelineClient, request: SubmitRequest) -> str | None:
    """Return the run that an earlier submit of this attempt has started.

    None says that the pipeline is to be started again. Raises `Uncertain` while the list may be
    late, and `OutcomeUnknown` where nothing can be found out or people are to decide.
    """
    rule = LostAnswerRule.of(request.job)
    if rule.token_parameter is None and rule.policy is WhenAnswerLost.ASK:
        raise OutcomeUnknown(
            "The pipeline may have been started, and nothing tells its run from others: name a"
            f" parameter for the attempt's token in settings.{ATTEMPT_TOKEN_PARAMETER}."
        )
    runs = list(runs_of(service, request.job.external_id, request.begun_at - SKEW))
    ours = [run for run in runs if _carries(run, rule.token_parameter, request.token)]
    if ours:
        return _adopted(service, ours)
    if service.now() < request.begun_at + LIST_LAG:
        raise Uncertain("The pipeline may have been started; its run may not be listed yet.")
    if any(_may_be_ours(run, rule.token_parameter, request) for run in runs):
        raise OutcomeUnknown(
            "The pipeline has run since this attempt began, and nothing tells whether that was"
            f" for it: settings.{ATTEMPT_TOKEN_PARAMETER} must name a parameter that it declares."
        )
    if rule.policy is WhenAnswerLost.ASK:
        raise OutcomeUnknown("The start of the pipeline got no answer, and no run of it is listed.")
    return None


def _adopted(service: PipelineClient, runs: list[JsonObject]) -> str | None:
    """Return the first of the attempt's runs; a copy of it was started after it."""
    runs = sorted(runs, key=lambda run: moment_in(run, "runStart") or _NEVER)
    found = [each for run in runs if (each := external(service, run)) is not None]
    if not found:
        raise Uncertain("The run of this attempt is listed in a form that cannot be read.")
    if len(found) > 1:
        _log.warning(
            "An attempt has several runs on its platform.",
            extra={
                "action": "duplicate_detected",
                "external_run_ids": [each.external_run_id for each in found],
            },
        )
    return found[0].external_run_id


def _carries(run: JsonObject, parameter: str | None, token: str) -> bool:
    return parameter is not None and object_in(run, "parameters").get(parameter) == token


def _may_be_ours(run: JsonObject, parameter: str | None, request: SubmitRequest) -> bool:
    """Tell whether a run may be the attempt's though it does not carry the token."""
    if parameter is not None and parameter in object_in(run, "parameters"):
        return False
    started = moment_in(run, "runStart")
    return started is None or started >= request.begun_at - SKEW
