"""The cases of Foundry projects: agents, evaluations and calls of models."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.platforms.azure_ai_foundry_project.agent_run import AGENT_PARAMETERS
from polysync_core.platforms.azure_ai_foundry_project.evaluation_run import EVALUATION_PARAMETERS
from polysync_core.platforms.azure_openai.chat_completion import ChatCompletion
from polysync_core.platforms.azure_openai.embedding import Embedding
from simulators.azure_ai.evaluations import REPORT_URL
from tests.contract.connectors.cases.azure_functions import SUBSCRIPTION
from tests.contract.connectors.cases.azure_openai import (
    ROWS,
    a_simulator,
    model_calls,
    started_runs,
)
from tests.contract.connectors.job_type_case import (
    FOREIGN_HOST,
    LONG_OUTPUT_LENGTH,
    Behaviour,
    ForeignAddress,
    JobTypeCase,
    MakeCase,
    Simulators,
    Step,
)
from tests.fakes.simulators import SimulatorProcess

_ERROR = {"code": "server_error", "message": "there are no sales today"}
WORK: Mapping[Behaviour, dict[str, Any]] = {
    Behaviour.SUCCEEDS: {},
    Behaviour.FAILS: {"outcome": "failed", "error": _ERROR},
    Behaviour.HANGS: {"outcome": None},
    Behaviour.RETURNS_OUTPUTS: {
        "response": "Sales rose by 4 %.",
        "criterion": "coherence",
        "thread_id": "thread_fixed",
        "evalrun_id": "evalrun_fixed",
    },
    Behaviour.RETURNS_LONG_OUTPUT: {
        "response": "x" * LONG_OUTPUT_LENGTH,
        "criterion": "x" * LONG_OUTPUT_LENGTH,
    },
}
_SENDS_ALL = "the Job sends {parameters}, which are all values of the run"


def agents(simulators: Simulators) -> JobTypeCase:
    """Return the case of FoundryAgentRun."""
    simulator = a_simulator(simulators)
    for behaviour, work in WORK.items():
        simulator.control("PUT", f"agents/{_id('asst', behaviour)}", work)
    thread = _call(simulator, "threads", {})["id"]
    settings = {"userMessage": "Describe {parameters}."}
    return JobTypeCase(
        simulator=simulator,
        platform=a_platform(simulator),
        jobs={
            each: a_job(
                JobType.FOUNDRY_AGENT_RUN,
                _id("asst", each),
                **settings,
                **({"options": {"temperature": 0.5}} if each is Behaviour.SUCCEEDS else {}),
            )
            for each in [*WORK, Behaviour.MISSING]
        },
        endpoints={
            Step.SUBMIT: "POST threads/runs",
            Step.READ: "GET threads/*/runs/*",
            Step.DETAILS: "GET threads/*/runs/*",
            Step.CANCEL: "threads/*/runs/*/cancel",
            Step.FIND: "assistants",
            Step.DESCRIBE: "assistants/*",
            Step.TEST: "deployments",
        },
        started_runs=partial(started_runs, simulator),
        failure=("", "no sales today"),
        unknown_state={"status": "dreaming"},
        unknown_runs=(
            f"{thread}/run_0",
            "thread_0/run_0",
            "run_0",
            "",
            "../runs",
            "thread_0/../run_0",
        ),
        refused=(
            ({"external_id": "helper"}, "externalId"),
            ({"external_id": "asst_1/../x"}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"settings": {"userMessage": "{parameters.gone}"}}, "settings.userMessage"),
            ({"settings": {"options": {"metadata": {}}}}, "settings.options.metadata"),
        ),
        parameters=AGENT_PARAMETERS,
        outputs={
            "response": "Sales rose by 4 %.",
            "thread_id": "thread_fixed",
            "prompt_tokens": 8,
            "completion_tokens": 2,
            "total_tokens": 10,
        },
        accepts_undeclared=_SENDS_ALL,
        foreign_addresses="the agents have no addresses",
    )


def evaluations(simulators: Simulators) -> JobTypeCase:
    """Return the case of FoundryEvaluationRun."""
    simulator = a_simulator(simulators)
    for behaviour, work in WORK.items():
        simulator.control("PUT", f"evaluations/{_id('eval', behaviour)}", work)
    source = {
        "type": "jsonl",
        "source": {"type": "file_content", "content": [{"item": "{parameters}"}]},
    }
    return JobTypeCase(
        simulator=simulator,
        platform=a_platform(simulator),
        jobs={
            each: a_job(JobType.FOUNDRY_EVALUATION_RUN, _id("eval", each), dataSource=source)
            for each in [*WORK, Behaviour.MISSING]
        },
        endpoints={
            Step.SUBMIT: "POST evals/*/runs",
            Step.READ: "GET evals/*/runs/*",
            Step.DETAILS: "GET evals/*/runs/*",
            Step.CANCEL: "POST evals/*/runs/*",
            Step.FIND: "evals",
            Step.DESCRIBE: "evals/*",
            Step.TEST: "deployments",
        },
        started_runs=partial(started_runs, simulator),
        failure=("", "no sales today"),
        unknown_state={"status": "dreaming"},
        unknown_runs=("evalrun_0", "", "../runs", "a b", "1&x=2"),
        refused=(
            ({"external_id": "evaluation"}, "externalId"),
            ({"external_id": "eval_1/runs"}, "externalId"),
            ({"settings": {"evaluators": "fluency"}}, "settings.evaluators"),
            ({"settings": {"dataSource": {"id": "{parameters.gone}"}}}, "settings.dataSource.id"),
        ),
        parameters=EVALUATION_PARAMETERS,
        outputs={
            "evaluation_id": "eval_returns_outputs",
            "evaluation_run_id": "evalrun_fixed",
            "status": "completed",
            "result_counts_total": 3,
            "result_counts_passed": 2,
            "result_counts_failed": 1,
            "result_counts_errored": 0,
            "criteria": [{"testing_criteria": "coherence", "passed": 2, "failed": 1}],
            "report_url": f"{REPORT_URL}evalrun_fixed",
        },
        accepts_undeclared=_SENDS_ALL,
        foreign_addresses=(
            ForeignAddress(Step.READ, {"report_url": f"https://{FOREIGN_HOST}/report"}),
        ),
    )


def chats(simulators: Simulators) -> JobTypeCase:
    """Return the case of FoundryModelInference with a chat."""
    return model_calls(
        simulators,
        JobType.FOUNDRY_MODEL_INFERENCE,
        {
            Behaviour.SUCCEEDS: "chat",
            Behaviour.FAILS: "chat-cut",
            Behaviour.RETURNS_OUTPUTS: "chat",
            Behaviour.RETURNS_LONG_OUTPUT: "chat-long",
            Behaviour.MISSING: "gone",
        },
        settings={"userPrompt": "Describe {parameters}."},
        submit="chat/completions",
        parameters=ChatCompletion.parameters,
        outputs={
            "response": "Sales rose by 4 %.",
            "prompt_tokens": 2,
            "completion_tokens": 5,
            "total_tokens": 7,
            "finish_reason": "stop",
        },
        refused=(({"settings": {"operation": "Draw"}}, "settings.operation"),),
        make_platform=a_platform,
    )


def embeddings(simulators: Simulators) -> JobTypeCase:
    """Return the case of FoundryModelInference with an embedding."""
    return model_calls(
        simulators,
        JobType.FOUNDRY_MODEL_INFERENCE,
        {
            Behaviour.SUCCEEDS: "vectors",
            Behaviour.RETURNS_OUTPUTS: "vectors",
            Behaviour.RETURNS_LONG_OUTPUT: "vectors-long",
            Behaviour.MISSING: "gone",
        },
        settings={"operation": "Embedding", "input": "Describe {parameters}."},
        submit="embeddings",
        parameters=Embedding.parameters,
        outputs={
            "embedding": [0.5, 0.25, 0.166667, 0.125],
            "prompt_tokens": 2,
            "total_tokens": 2,
        },
        refused=(({"settings": {"dimensions": 0}}, "settings.dimensions"),),
        make_platform=a_platform,
    )


def a_platform(simulator: SimulatorProcess, **attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "models",
            "type": "AzureAIFoundryProject",
            "auth": {"method": "ManagedIdentity"},
            "attributes": {
                "accountUrl": "https://sales-ai.services.ai.azure.com",
                "projectName": "forecasts",
                "subscriptionId": SUBSCRIPTION,
                "resourceGroupName": "rg-ai",
                "accountName": "sales-ai",
                "endpoint": simulator.url,
                **attributes,
            },
        }
    )


def a_job(job_type: JobType, external_id: str, **settings: Any) -> Job:
    return Job(
        name="review",
        platform="models",
        job_type=job_type,
        external_id=external_id,
        parameters=(ROWS,),
        settings=settings,
    )


def _call(simulator: SimulatorProcess, path: str, body: object) -> Any:
    return simulator.call(
        "POST",
        f"api/projects/forecasts/{path}?api-version=v1",
        body,
        Authorization="Bearer anything",
    )


def _id(prefix: str, behaviour: Behaviour) -> str:
    return f"{prefix}_{behaviour.name.lower()}"


CASES: dict[str, MakeCase] = {
    JobType.FOUNDRY_AGENT_RUN: agents,
    JobType.FOUNDRY_EVALUATION_RUN: evaluations,
    JobType.FOUNDRY_MODEL_INFERENCE: chats,
    f"{JobType.FOUNDRY_MODEL_INFERENCE} of an embedding": embeddings,
}
