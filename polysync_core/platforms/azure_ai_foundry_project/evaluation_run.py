"""Submits, polls and cancels runs of the job type FoundryEvaluationRun."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import StringConstraints

from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.jobs import (
    DataType,
    Direction,
    Job,
    JobType,
    Parameter,
    SubmitSettings,
)
from polysync_core.domain.errors import Invalid, PlatformRefused, Problem
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetail, FailureDetails
from polysync_core.outbound.attributes import settings_problems
from polysync_core.platforms.azure_ai_foundry_project.evaluation_states import (
    COUNTS,
    failure_of,
    report_of,
)
from polysync_core.platforms.azure_ai_foundry_project.refusals import (
    RUN_REFUSALS,
    missing_artefact,
)
from polysync_core.platforms.azure_openai.client import (
    OpenAIApi,
    external_runs,
    stop_unless_ended,
    text_in,
)
from polysync_core.platforms.azure_openai.lost_start import TOKEN, earlier_start, until_older
from polysync_core.platforms.azure_openai.prompt_parameters import (
    PromptValues,
    missing_value,
    template_problems,
)
from polysync_core.platforms.azure_openai.settings import setting_of
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import (
    Artefact,
    ArtefactSchema,
    ExternalRun,
    Report,
    RunNotFound,
    SubmitRequest,
    Submitted,
)

_EVALUATION = re.compile(r"eval_[A-Za-z0-9_-]{1,120}")
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,127}")
_OWN = ("dataset_id",)
_REFUSED = missing_artefact(
    "the project has no evaluation with this id: it was deleted; import the evaluations again"
)


class EvaluationSettings(SubmitSettings):
    """`settings` of a Job of the type FoundryEvaluationRun."""

    dataset_id: Annotated[str, StringConstraints(min_length=1, max_length=1024)] | None = None
    """The id of the data set, or of an uploaded file; the parameter `dataset_id` replaces it."""
    data_source: dict[str, JsonValue] | None = None
    """The whole data source of the run, with placeholders such as `{parameters.NAME}`, for data
    that is no data set."""


EVALUATION_PARAMETERS = (
    Parameter(name="dataset_id", description="Replaces settings.datasetId."),
    *(
        Parameter(name=name, direction=Direction.OUTPUT)
        for name in ("evaluation_id", "evaluation_run_id", "status")
    ),
    *(
        Parameter(name=f"result_counts_{name}", data_type=DataType.INT, direction=Direction.OUTPUT)
        for name in COUNTS
    ),
    Parameter(name="criteria", data_type=DataType.JSON_ARRAY, direction=Direction.OUTPUT),
    Parameter(name="report_url", direction=Direction.OUTPUT),
)


def check_evaluation_job(job: Job) -> list[Problem]:
    """Return the problems of a Job that runs an evaluation."""
    problems: list[Problem] = []
    if _EVALUATION.fullmatch(job.external_id) is None:
        problems.append(Problem("externalId", "an evaluation has an id such as eval_1a2b3c"))
    problems += settings_problems(EvaluationSettings, job.settings)
    return problems or [*template_problems(job, _templates(job))]


@dataclass(frozen=True, slots=True, kw_only=True)
class EvaluationRunConnector:
    """Runs the evaluations of a project; implements `JobConnector`."""

    api: OpenAIApi
    page: str | None
    """The address of the account's page in the portal."""
    portal_suffixes: Sequence[str]
    """The endings of the hosts that may have the report of a run."""
    now: Clock

    def submit(self, request: SubmitRequest) -> Submitted:
        """Run the evaluation, unless an earlier submit of this attempt did."""
        problems = check_evaluation_job(request.job)
        if problems:
            raise Invalid(problems)
        body: JsonObject = {
            "name": request.run_name,
            "data_source": _data_source(request),
            "metadata": {TOKEN: request.token},
        }
        path = _runs_of(request.job)
        earlier: JsonObject | None = None
        if request.is_resend:
            runs = until_older(self._listed(request.job), request.begun_at)
            earlier = earlier_start(runs, request, self.now())
        call = self.api.post_call(*path, body=body, refused=_REFUSED)
        run_id = _run_id_of(earlier) if earlier else self.api.client.execute(call, _run_id_of)
        return Submitted(external_run_id=run_id, monitor_url=self.page)

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run, with its results."""
        return self._get(job, external_run_id, self._report)

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the error of a run."""

        def details(run: JsonObject) -> FailureDetails:
            error = failure_of(run)
            return FailureDetails(parts=(FailureDetail(error=error),) if error else ())

        return self._get(job, external_run_id, details)

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Ask the service to stop a run."""
        # The project stops a run at its own path; the OpenAI service has a path for it.
        path = (*_runs_of(job), _checked(external_run_id))
        stop = replace(self.api.post_call(*path, body={}, refused=RUN_REFUSALS), repeatable=True)
        stop_unless_ended(
            lambda: self.api.client.execute(stop, _run_id_of),
            lambda: self.read(job, external_run_id).status.is_final,
        )

    def describe(self, external_id: str) -> ArtefactSchema:
        """Return the parameters of an evaluation."""
        return self.api.get("evals", external_id, read=_schema_of, refused=_REFUSED)

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield all runs of the evaluation, by any caller."""
        return external_runs(self._listed(job), _run_id_of, self._report)

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the evaluations of the project."""
        wanted = (search or "").casefold()
        for evaluation in self.api.listed("evals"):
            found = text_in(evaluation, "id")
            name = text_in(evaluation, "name") or found
            if found and wanted in name.casefold():
                yield Artefact(
                    external_id=found,
                    job_type=JobType.FOUNDRY_EVALUATION_RUN,
                    name=name,
                    schema=_schema_of(evaluation),
                )

    def _report(self, run: JsonObject) -> Report:
        return report_of(run, self.portal_suffixes)

    def _listed(self, job: Job) -> Iterator[JsonObject]:
        return self.api.listed(*_runs_of(job), query={"order": "desc"}, refused=_REFUSED)

    def _get[T](self, job: Job, run_id: str, read: Callable[[JsonObject], T]) -> T:
        return self.api.get(*_runs_of(job), _checked(run_id), read=read, refused=RUN_REFUSALS)


def _data_source(request: SubmitRequest) -> JsonObject:
    """Return the data source of a run; raise `PlatformRefused` without data."""
    job, values = request.job, PromptValues(request)
    values.refuse_unused(_OWN, _templates(job))
    given = values.own("dataset_id")
    source = job.settings.get("dataSource")
    if given is None and isinstance(source, dict):
        filled = values.filled(source)
        return filled if isinstance(filled, dict) else {}
    dataset = given or values.filled_text(setting_of(job, "datasetId") or "")
    if not dataset:
        raise missing_value("dataset_id", "datasetId")
    if len(dataset) > 1024 or not dataset.isprintable():
        raise PlatformRefused(
            "parameters.dataset_id: the id of a data set is a printable text",
            cause=FailureCause.PARAMETERS,
        )
    return {"type": "jsonl", "source": {"type": "file_id", "id": dataset}}


def _templates(job: Job) -> tuple[tuple[str, JsonValue], ...]:
    return (
        ("settings.datasetId", setting_of(job, "datasetId")),
        ("settings.dataSource", job.settings.get("dataSource")),
    )


def _schema_of(evaluation: JsonObject) -> ArtefactSchema:
    if not text_in(evaluation, "id"):
        raise UnexpectedAnswer
    # The templates of a Job may read further parameters.
    return ArtefactSchema(parameters=EVALUATION_PARAMETERS, typed=True, complete=False)


def _runs_of(job: Job) -> tuple[str, ...]:
    return ("evals", job.external_id, "runs")


def _run_id_of(run: JsonObject) -> str:
    found = text_in(run, "id")
    if _ID.fullmatch(found) is None:
        raise UnexpectedAnswer
    return found


def _checked(run_id: str) -> str:
    if _ID.fullmatch(run_id) is None:
        raise RunNotFound("the id of an evaluation run consists of letters, digits, '-' and '_'")
    return run_id
