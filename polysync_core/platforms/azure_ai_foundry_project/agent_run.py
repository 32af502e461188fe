"""Submits, polls and cancels runs of the job type FoundryAgentRun."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.jobs import (
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
from polysync_core.platforms.azure_ai_foundry_project.agent_states import (
    failure_of,
    report_of,
    response_in,
)
from polysync_core.platforms.azure_ai_foundry_project.refusals import (
    RUN_REFUSALS,
    missing_artefact,
)
from polysync_core.platforms.azure_openai.chat_completion import token_counts, usage_in
from polysync_core.platforms.azure_openai.client import OpenAIApi, stop_unless_ended, text_in
from polysync_core.platforms.azure_openai.lost_start import TOKEN, earlier_start, until_older
from polysync_core.platforms.azure_openai.prompt_parameters import (
    PromptValues,
    missing_value,
    template_problems,
)
from polysync_core.platforms.azure_openai.settings import (
    Prompt,
    options_of,
    options_problems,
    setting_of,
)
from polysync_core.platforms.calls import UnexpectedAnswer
from polysync_core.platforms.connector import (
    Artefact,
    ArtefactSchema,
    ExternalRun,
    ProviderStatus,
    Report,
    RunNotFound,
    SubmitRequest,
    Submitted,
)

_AGENT = re.compile(r"asst_[A-Za-z0-9_-]{1,120}")
_ID = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,127}")
_OWN_FIELDS = frozenset({"assistant_id", "thread", "additional_messages", "metadata", "stream"})
_USAGE = ("prompt_tokens", "completion_tokens", "total_tokens")
_OWN = ("user_message", "thread_id")
_REFUSED = missing_artefact(
    "the project has no such agent or thread: it was deleted; import the agents again"
)


class AgentSettings(SubmitSettings):
    """`settings` of a Job of the type FoundryAgentRun."""

    user_message: Prompt | None = None
    """The message to the agent, with placeholders such as `{parameters.NAME}`; the parameter
    `user_message` replaces it."""
    options: dict[str, JsonValue] | None = None
    """More fields of the run, such as `additional_instructions` or `max_completion_tokens`."""


AGENT_PARAMETERS = (
    Parameter(name="user_message", description="Replaces settings.userMessage."),
    Parameter(
        name="thread_id",
        direction=Direction.INPUT_OUTPUT,
        description="Continues this thread; without it, each run begins a thread.",
    ),
    Parameter(name="response", direction=Direction.OUTPUT),
    *token_counts(*_USAGE),
)


def check_agent_job(job: Job) -> list[Problem]:
    """Return the problems of a Job that runs an agent."""
    problems: list[Problem] = []
    if _AGENT.fullmatch(job.external_id) is None:
        problems.append(
            Problem("externalId", "an agent with threads and runs has an id such as asst_1a2B3c")
        )
    problems += settings_problems(AgentSettings, job.settings)
    return problems or [
        *template_problems(job, _templates(job)),
        *options_problems(job, _OWN_FIELDS),
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class AgentRunConnector:
    """Runs the agents of a project; implements `JobConnector`."""

    api: OpenAIApi
    page: str | None
    """The address of the account's page in the portal."""
    now: Clock

    def submit(self, request: SubmitRequest) -> Submitted:
        """Run the agent, unless an earlier submit of this attempt did."""
        problems = check_agent_job(request.job)
        if problems:
            raise Invalid(problems)
        values = PromptValues(request)
        values.refuse_unused(_OWN, _templates(request.job))
        message = values.text("user_message", setting_of(request.job, "userMessage"))
        if not message:
            raise missing_value("user_message", "userMessage")
        thread = _checked_thread(values.own("thread_id"))
        run_id = self._earlier(request, thread) if request.is_resend else None
        return Submitted(
            external_run_id=run_id or self._start(request, thread, message),
            monitor_url=self.page,
        )

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run; a successful run includes the response."""
        return self._get(external_run_id, lambda run: self._report(external_run_id, run))

    def failure_details(self, job: Job, external_run_id: str) -> FailureDetails:
        """Return the last error of a run."""

        def details(run: JsonObject) -> FailureDetails:
            error = failure_of(run)
            return FailureDetails(parts=(FailureDetail(error=error),) if error else ())

        return self._get(external_run_id, details)

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Ask the service to stop a run."""
        path = (*_path_of(external_run_id), "cancel")
        stop = replace(self.api.post_call(*path, body={}, refused=RUN_REFUSALS), repeatable=True)
        stop_unless_ended(
            lambda: self.api.client.execute(stop, _run_id_of),
            lambda: self._get(external_run_id, report_of).status.is_final,
        )

    def describe(self, external_id: str) -> ArtefactSchema:
        """Return the parameters of an agent."""
        return self.api.get("assistants", external_id, read=_schema_of, refused=_REFUSED)

    def runs(self, job: Job) -> Iterator[ExternalRun]:
        """Yield nothing: the service lists the runs of one thread only."""
        return iter(())

    def find(self, search: str | None) -> Iterator[Artefact]:
        """Yield the agents of the project."""
        wanted = (search or "").casefold()
        for agent in self.api.listed("assistants"):
            found = text_in(agent, "id")
            name = text_in(agent, "name") or found
            if found and wanted in name.casefold():
                is_known = _AGENT.fullmatch(found) is not None
                yield Artefact(
                    external_id=found,
                    job_type=JobType.FOUNDRY_AGENT_RUN,
                    name=name,
                    description=text_in(agent, "description") or None,
                    schema=_schema_of(agent) if is_known else None,
                    problem=None if is_known else "the agent has no id such as asst_1a2B3c",
                )

    def _start(self, request: SubmitRequest, thread: str | None, message: str) -> str:
        metadata: JsonObject = {TOKEN: request.token}
        said: list[JsonValue] = [{"role": "user", "content": message}]
        body: JsonObject = {
            **options_of(request.job),
            "assistant_id": request.job.external_id,
            "metadata": metadata,
        }
        # One call adds the message and starts the run, so that neither exists without the other.
        if thread is None:
            path = ("threads", "runs")
            body["thread"] = {"messages": said, "metadata": metadata}
        else:
            path = ("threads", thread, "runs")
            body["additional_messages"] = said
        call = self.api.post_call(*path, body=body, refused=_REFUSED)
        return self.api.client.execute(call, _run_id_of)

    def _earlier(self, request: SubmitRequest, thread: str | None) -> str | None:
        """Return the run that an earlier submit of the attempt started."""
        path = ("threads",) if thread is None else ("threads", thread, "runs")
        newest = {"order": "desc"}
        entries = self.api.listed(*path, query=newest, refused=_REFUSED)
        found = earlier_start(until_older(entries, request.begun_at), request, self.now())
        if found is None or thread is not None:
            return None if found is None else _run_id_of(found)
        run = next(self.api.listed("threads", text_in(found, "id"), "runs", query=newest), None)
        return None if run is None else _run_id_of(run)

    def _get[T](self, run_id: str, read: Callable[[JsonObject], T]) -> T:
        return read(self.api.get(*_path_of(run_id), read=_whole, refused=RUN_REFUSALS))

    def _report(self, run_id: str, run: JsonObject) -> Report:
        report = report_of(run)
        if report.status is not ProviderStatus.SUCCESS:
            return report
        thread, run_name = _parts(run_id)
        outputs: JsonObject = {"thread_id": thread, **usage_in(run, *_USAGE)}
        query: Mapping[str, str | int] = {"run_id": run_name, "order": "desc", "limit": 20}
        response: str | None = None
        missing = "The agent wrote no message with a text."
        try:
            response = self.api.get(
                "threads", thread, "messages", query=query, read=response_in, refused=RUN_REFUSALS
            )
        except PlatformRefused as error:
            if error.cause is FailureCause.SECRET:
                raise
            missing = f"The response of the agent is missing: {error}."
        except RunNotFound:
            missing = "The thread of the run was deleted, so the response is missing."
        if response is None:
            return replace(report, outputs=outputs, outputs_missing=missing)
        return replace(report, outputs={"response": response, **outputs})


def _templates(job: Job) -> tuple[tuple[str, JsonValue], ...]:
    return (("settings.userMessage", setting_of(job, "userMessage")),)


def _schema_of(agent: JsonObject) -> ArtefactSchema:
    if not text_in(agent, "id"):
        raise UnexpectedAnswer
    # The templates of a Job may read further parameters.
    return ArtefactSchema(parameters=AGENT_PARAMETERS, typed=True, complete=False)


def _whole(answer: JsonObject) -> JsonObject:
    if not text_in(answer, "status"):
        raise UnexpectedAnswer
    return answer


def _run_id_of(run: JsonObject) -> str:
    thread, run_id = text_in(run, "thread_id"), text_in(run, "id")
    if _ID.fullmatch(thread) is None or _ID.fullmatch(run_id) is None:
        raise UnexpectedAnswer
    return f"{thread}/{run_id}"


def _parts(external_run_id: str) -> tuple[str, str]:
    thread, _, run_id = external_run_id.partition("/")
    if _ID.fullmatch(thread) is None or _ID.fullmatch(run_id) is None:
        raise RunNotFound("the id of an agent's run has the form thread_1a2b/run_3c4d")
    return thread, run_id


def _path_of(external_run_id: str) -> tuple[str, ...]:
    thread, run_id = _parts(external_run_id)
    return ("threads", thread, "runs", run_id)


def _checked_thread(thread: str | None) -> str | None:
    if thread and _ID.fullmatch(thread) is None:
        raise PlatformRefused(
            "parameters.thread_id: a thread has an id such as thread_1a2b",
            cause=FailureCause.PARAMETERS,
        )
    return thread or None
