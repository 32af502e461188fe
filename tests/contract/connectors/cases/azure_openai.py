"""The cases of Azure OpenAI: chat completions, embeddings and batches."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from polysync_core.domain.definitions.jobs import Job, JobType, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.platforms.azure_openai.batch import BATCH_PARAMETERS
from polysync_core.platforms.azure_openai.chat_completion import ChatCompletion
from polysync_core.platforms.azure_openai.embedding import Embedding
from polysync_core.platforms.connector import SubmitRequest
from tests.contract.connectors.cases.azure_functions import SUBSCRIPTION
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

ROWS = Parameter(name="rows")
DEPLOYMENTS: Mapping[str, dict[str, Any]] = {
    "chat": {"model": "gpt-4o", "answer": "Sales rose by 4 %."},
    "chat-cut": {"model": "gpt-4o", "finish_reason": "length"},
    "chat-long": {"model": "gpt-4o", "answer": "x" * LONG_OUTPUT_LENGTH},
    "chat-reasons": {"model": "o4-mini"},
    "chat-old": {"model": "gpt-35-turbo"},
    "chat-filtered": {"model": "gpt-4o", "finish_reason": "content_filter"},
    "vectors": {"model": "text-embedding-3-large"},
    "vectors-long": {"model": "text-embedding-3-large", "dimensions": 9000},
    "nightly": {"model": "gpt-4o", "sku": "GlobalBatch"},
    "speech": {"model": "whisper", "capabilities": {"audio": "true"}},
}
FILES: Mapping[str, dict[str, Any]] = {
    "file-good": {},
    "file-bad": {
        "outcome": "failed",
        "errors": [{"code": "invalid_json_line", "message": "no JSON", "line": 7}],
    },
    "file-endless": {"outcome": None},
    "file-partly": {"failed": 1},
    "file-useless": {"failed": 2},
    "file-late": {"outcome": "expired", "total": 9},
    "file-long": {"output": "f" * LONG_OUTPUT_LENGTH},
}
_NO_RUNS = ("chat/0a1b", "", "../chat", "a b")
_CHAT = {"maxTokens": 100, "temperature": 0.5, "userPrompt": "Describe {parameters}."}
_TEXT = {"input": "Describe {parameters}."}


def chats(simulators: Simulators) -> JobTypeCase:
    """Return the case of OpenAIChatCompletion."""
    return model_calls(
        simulators,
        JobType.OPENAI_CHAT_COMPLETION,
        {
            Behaviour.SUCCEEDS: "chat",
            Behaviour.FAILS: "chat-cut",
            Behaviour.RETURNS_OUTPUTS: "chat",
            Behaviour.RETURNS_LONG_OUTPUT: "chat-long",
            Behaviour.MISSING: "gone",
        },
        settings=_CHAT,
        submit="chat/completions",
        parameters=ChatCompletion.parameters,
        outputs={
            "response": "Sales rose by 4 %.",
            "prompt_tokens": 2,
            "completion_tokens": 5,
            "total_tokens": 7,
            "finish_reason": "stop",
        },
        refused=(
            ({"settings": {"maxTokens": "5"}}, "settings.maxTokens"),
            ({"settings": {"temperature": 3}}, "settings.temperature"),
            ({"settings": {"options": {"stream": True}}}, "settings.options.stream"),
            ({"settings": {"userPrompt": "{parameters.gone}"}}, "settings.userPrompt"),
            ({"settings": {"incompleteResponse": "Maybe"}}, "settings.incompleteResponse"),
        ),
    )


def embeddings(simulators: Simulators) -> JobTypeCase:
    """Return the case of OpenAIEmbedding."""
    return model_calls(
        simulators,
        JobType.OPENAI_EMBEDDING,
        {
            Behaviour.SUCCEEDS: "vectors",
            Behaviour.RETURNS_OUTPUTS: "vectors",
            Behaviour.RETURNS_LONG_OUTPUT: "vectors-long",
            Behaviour.MISSING: "gone",
        },
        settings=_TEXT,
        submit="embeddings",
        parameters=Embedding.parameters,
        outputs={
            "embedding": [0.5, 0.25, 0.166667, 0.125],
            "prompt_tokens": 2,
            "total_tokens": 2,
        },
        refused=(
            ({"settings": {"dimensions": 0}}, "settings.dimensions"),
            ({"settings": {"encoding": "Text"}}, "settings.encoding"),
            ({"settings": {"input": "a { b"}}, "settings.input"),
        ),
    )


def batches(simulators: Simulators) -> JobTypeCase:
    """Return the case of OpenAIBatch."""
    simulator = a_simulator(simulators)
    files = {
        Behaviour.SUCCEEDS: "file-good",
        Behaviour.FAILS: "file-bad",
        Behaviour.HANGS: "file-endless",
        Behaviour.RETURNS_OUTPUTS: "file-partly",
        Behaviour.RETURNS_LONG_OUTPUT: "file-long",
    }
    jobs = {behaviour: a_batch(file) for behaviour, file in files.items()}
    return JobTypeCase(
        simulator=simulator,
        platform=a_platform(simulator),
        jobs={**jobs, Behaviour.MISSING: a_batch("file-gone", external_id="gone")},
        endpoints={
            Step.SUBMIT: "POST batches",
            Step.READ: "GET batches/*",
            Step.DETAILS: "GET batches/*",
            Step.CANCEL: "batches/*/cancel",
            Step.FIND: "deployments",
            Step.DESCRIBE: "deployments/*",
            Step.TEST: "models",
        },
        started_runs=partial(started_runs, simulator),
        failure=("line 7", "no JSON"),
        unknown_state={"status": "dreaming"},
        unknown_runs=("batch_0", "", "../batches", "a b", "1&x=2"),
        refused=(
            ({"external_id": "a/b"}, "externalId"),
            ({"external_id": ".."}, "externalId"),
            ({"settings": {"endpoint": "/chat"}}, "settings.endpoint"),
            ({"settings": {"completionWindow": "soon"}}, "settings.completionWindow"),
            ({"settings": {"metadata": {"a": 1}}}, "settings.metadata.a"),
            ({"settings": {"resubmit": "Pray"}}, "settings.resubmit"),
        ),
        parameters=BATCH_PARAMETERS,
        outputs={
            "output_file_id": "file-output",
            "error_file_id": "file-errors",
            "request_counts_total": 2,
            "request_counts_completed": 1,
            "request_counts_failed": 1,
        },
        accepts_undeclared="the Job sends {parameters}, which are all values of the run",
        foreign_addresses=_FOREIGN,
    )


_FOREIGN = (ForeignAddress(Step.FIND, {"nextLink": f"https://{FOREIGN_HOST}/deployments"}),)


def model_calls(
    simulators: Simulators,
    job_type: JobType,
    deployments: Mapping[Behaviour, str],
    *,
    settings: Mapping[str, Any],
    submit: str,
    parameters: Sequence[Parameter],
    outputs: Mapping[str, Any],
    refused: Sequence[tuple[Mapping[str, Any], str]],
    make_platform: Callable[[SimulatorProcess], Platform] | None = None,
) -> JobTypeCase:
    """Return the case of a job type whose model answers at once."""
    simulator = a_simulator(simulators)
    return JobTypeCase(
        simulator=simulator,
        platform=(make_platform or a_platform)(simulator),
        jobs={
            behaviour: a_job(job_type, name, **settings) for behaviour, name in deployments.items()
        },
        endpoints={
            Step.SUBMIT: submit,
            Step.FIND: "deployments",
            Step.DESCRIBE: "deployments/*",
            Step.TEST: "models" if make_platform is None else "deployments",
        },
        started_runs=partial(started_runs, simulator),
        unknown_state={},
        unknown_runs=_NO_RUNS,
        refused=(
            ({"external_id": "a/b"}, "externalId"),
            ({"external_id": ".."}, "externalId"),
            ({"external_id": "ch\u0430t"}, "externalId"),
            ({"settings": {"timeout": 5}}, "settings.timeout"),
            ({"settings": {"resubmit": "Pray"}}, "settings.resubmit"),
            *refused,
        ),
        parameters=parameters,
        outputs=outputs,
        accepts_undeclared="the Job sends {parameters}, which are all values of the run",
        foreign_addresses=_FOREIGN,
    )


def a_simulator(simulators: Simulators) -> SimulatorProcess:
    simulator = simulators.simulator("simulators.azure_ai", "--page-size", "3")
    for kind, scripts in (("deployments", DEPLOYMENTS), ("files", FILES)):
        for name, script in scripts.items():
            simulator.control("PUT", f"{kind}/{name}", script)
    return simulator


def started_runs(simulator: SimulatorProcess, request: SubmitRequest) -> Sequence[str]:
    lines = simulator.submissions()
    return [line["run_id"] for line in lines if line["token"] == request.token]


def a_platform(simulator: SimulatorProcess, **attributes: Any) -> Platform:
    return Platform.model_validate(
        {
            "name": "models",
            "type": "AzureOpenAI",
            "auth": {"method": "ManagedIdentity"},
            "attributes": {
                "accountUrl": "https://sales-ai.openai.azure.com",
                "subscriptionId": SUBSCRIPTION,
                "resourceGroupName": "rg-ai",
                "accountName": "sales-ai",
                "endpoint": simulator.url,
                **attributes,
            },
        }
    )


def a_job(job_type: JobType, deployment: str, **settings: Any) -> Job:
    return Job(
        name="summary",
        platform="models",
        job_type=job_type,
        external_id=deployment,
        parameters=(ROWS,),
        settings=settings,
    )


def a_batch(file: str, *, external_id: str = "nightly", **settings: Any) -> Job:
    return a_job(
        JobType.OPENAI_BATCH,
        external_id,
        inputFileId=file,
        metadata={"values": "{parameters}"},
        **settings,
    )


CASES: dict[str, MakeCase] = {
    JobType.OPENAI_CHAT_COMPLETION: chats,
    JobType.OPENAI_EMBEDDING: embeddings,
    JobType.OPENAI_BATCH: batches,
}
