"""Microsoft's clients of Foundry accept the answers of the simulator."""

from __future__ import annotations

import time
from typing import Any

import pytest
from azure.ai.agents import AgentsClient
from azure.ai.agents.models import AgentThreadCreationOptions, ThreadMessageOptions
from azure.ai.inference import ChatCompletionsClient, EmbeddingsClient
from azure.ai.inference.models import SystemMessage, UserMessage
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import ModelDeployment
from azure.core.credentials import AzureKeyCredential
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError
from openai import OpenAI

from simulators.azure_ai.evaluations import REPORT_URL
from tests.contract.data_factory.conftest import NoCredential, PlainBearer
from tests.fakes.simulators import SimulatorProcess

SOURCE: Any = {
    "type": "jsonl",
    "source": {"type": "file_content", "content": [{"item": {"query": "sales"}}]},
}


@pytest.fixture(scope="module")
def project(simulator: SimulatorProcess) -> str:
    return f"{simulator.url}/api/projects/forecasts"


@pytest.fixture(scope="module")
def agents(project: str) -> AgentsClient:
    return AgentsClient(project, NoCredential(), authentication_policy=PlainBearer())


def test_an_agent_runs_in_a_new_thread(agents: AgentsClient) -> None:
    run = agents.create_thread_and_run(
        agent_id="asst_returns_outputs",
        thread=AgentThreadCreationOptions(
            messages=[ThreadMessageOptions(role="user", content="Describe the sales.")]
        ),
        metadata={"team": "sales"},
    )
    time.sleep(0.1)

    ended = agents.runs.get(run.thread_id, run.id)
    assert (ended.status, ended.metadata) == ("completed", {"team": "sales"})
    assert ended.usage is not None
    assert ended.usage.total_tokens == 10
    (message,) = agents.messages.list(run.thread_id, run_id=run.id)
    assert (message.role, message.run_id) == ("assistant", run.id)
    assert [each.text.value for each in message.text_messages] == ["Sales rose by 4 %."]
    assert run.id in [each.id for each in agents.runs.list(run.thread_id)]
    assert run.thread_id in [each.id for each in agents.threads.list()]
    with pytest.raises(HttpResponseError, match="ended"):
        agents.runs.cancel(run.thread_id, run.id)


def test_an_agent_continues_a_thread_and_is_stopped(agents: AgentsClient) -> None:
    thread = agents.threads.create()
    run = agents.runs.create(
        thread.id,
        agent_id="asst_hangs",
        additional_messages=[ThreadMessageOptions(role="user", content="Again.")],
    )
    assert agents.runs.cancel(thread.id, run.id).status == "cancelling"
    time.sleep(0.1)

    assert agents.runs.get(thread.id, run.id).status == "cancelled"
    texts = [each.text_messages[0].text.value for each in agents.messages.list(thread.id)]
    assert texts == ["Again."]


def test_a_failed_run_has_an_error(agents: AgentsClient) -> None:
    thread = agents.threads.create()
    run = agents.runs.create(thread.id, agent_id="asst_fails")
    time.sleep(0.1)

    failed = agents.runs.get(thread.id, run.id)
    assert failed.last_error is not None
    assert (failed.status, failed.last_error.code) == ("failed", "server_error")


def test_agents_are_listed_page_by_page(agents: AgentsClient) -> None:
    listed = [each.id for each in agents.list_agents(limit=2)]
    assert {"asst_succeeds", "asst_hangs"} <= set(listed)
    assert agents.get_agent("asst_succeeds").name == "asst_succeeds"
    with pytest.raises(ResourceNotFoundError):
        agents.get_agent("asst_missing")


def test_a_project_lists_its_deployments(project: str) -> None:
    client = AIProjectClient(project, NoCredential(), authentication_policy=PlainBearer())

    found = {each.name: each for each in client.deployments.list()}

    chat = found["chat"]
    assert isinstance(chat, ModelDeployment)
    assert (chat.model_name, chat.model_publisher) == ("gpt-4o", "OpenAI")
    assert chat.capabilities == {"chat_completion": "true"}
    assert client.deployments.get("nightly").name == "nightly"


def test_an_evaluation_runs_to_its_results(project: str) -> None:
    client = OpenAI(base_url=f"{project}/openai/v1", api_key="token", max_retries=0)
    run = client.evals.runs.create("eval_returns_outputs", data_source=SOURCE, name="nightly")
    time.sleep(0.1)

    ended = client.evals.runs.retrieve(run.id, eval_id="eval_returns_outputs")
    assert (ended.status, ended.report_url) == ("completed", f"{REPORT_URL}{run.id}")
    assert (ended.result_counts.passed, ended.result_counts.total) == (2, 3)
    assert [each.testing_criteria for each in ended.per_testing_criteria_results] == ["coherence"]
    listed = client.evals.runs.list("eval_returns_outputs", order="desc")
    assert run.id in [each.id for each in listed]
    assert {"eval_succeeds", "eval_hangs"} <= {each.id for each in client.evals.list(limit=2)}
    assert client.evals.retrieve("eval_hangs").name == "eval_hangs"


def test_an_evaluation_fails_or_is_stopped(project: str) -> None:
    client = OpenAI(base_url=f"{project}/openai/v1", api_key="token", max_retries=0)
    failing = client.evals.runs.create("eval_fails", data_source=SOURCE)
    endless = client.evals.runs.create("eval_hangs", data_source=SOURCE)
    client.evals.runs.cancel(endless.id, eval_id="eval_hangs")
    time.sleep(0.1)

    assert client.evals.runs.retrieve(endless.id, eval_id="eval_hangs").status == "canceled"
    failed = client.evals.runs.retrieve(failing.id, eval_id="eval_fails")
    assert (failed.status, failed.error.code) == ("failed", "server_error")


def test_a_chat_and_an_embedding_are_read_by_the_inference_client(
    simulator: SimulatorProcess,
) -> None:
    def endpoint(deployment: str) -> str:
        return f"{simulator.url}/openai/deployments/{deployment}"

    key = AzureKeyCredential("key")
    chat = ChatCompletionsClient(endpoint("chat"), key, api_version="2024-10-21")
    done = chat.complete(messages=[SystemMessage("Be short."), UserMessage("Describe the sales.")])
    assert done.choices[0].message.content == "Sales rose by 4 %."
    assert done.usage.completion_tokens == 5

    vectors = EmbeddingsClient(endpoint("vectors"), key, api_version="2024-10-21")
    found = vectors.embed(input=["sales"], dimensions=3)
    assert found.data[0].embedding == [0.5, 0.25, 0.166667]
