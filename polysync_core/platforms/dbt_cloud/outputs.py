"""Reads outputs (node statuses and counts) from a successful run's `run_results.json`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject, JsonValue, text_in
from polysync_core.platforms.calls import AnswerTooLarge
from polysync_core.platforms.connector import ProviderStatus, Report, RunNotFound
from polysync_core.platforms.dbt_cloud.client import DbtClient, checked_id
from polysync_core.platforms.dbt_cloud.refusals import refused_for_run
from polysync_core.platforms.dbt_cloud.settings import OUTPUTS_FROM_RUN_RESULTS
from polysync_core.platforms.paging import objects_in

_ARTIFACT = "run_results.json"


def with_run_results(service: DbtClient, job: Job, run_id: str, report: Report) -> Report:
    """Add the counts to the report of a successful run, if the Job wants them."""
    wanted = job.settings.get(OUTPUTS_FROM_RUN_RESULTS) is True
    if report.status is not ProviderStatus.SUCCESS or not wanted:
        return report
    path = ("runs", checked_id(run_id), "artifacts", _ARTIFACT)
    call = replace(service.call("GET", *path, refused=refused_for_run), ending="", repeatable=True)
    try:
        return replace(report, outputs=service.client.execute(call, _counts))
    except RunNotFound:
        reason = f"the last step of the run wrote no {_ARTIFACT}"
    except (AnswerTooLarge, PlatformRefused) as error:
        reason = str(error)
    return replace(report, outputs_missing=f"The counts are missing: {reason}.")


def _counts(artifact: JsonObject) -> Mapping[str, JsonValue]:
    results = objects_in(artifact, "results")
    states = {text_in(each, "unique_id"): text_in(each, "status") for each in results}
    outputs: JsonObject = {"total": len(results), "nodes": {**states}}
    outputs |= Counter(text_in(each, "status") for each in results)
    return {name: value for name, value in outputs.items() if name}
