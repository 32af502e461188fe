"""OpenAI's own client accepts the answers of the simulator."""

from __future__ import annotations

import base64
import struct
import time

import pytest
from openai import (
    APIStatusError,
    AuthenticationError,
    AzureOpenAI,
    BadRequestError,
    NotFoundError,
    OpenAI,
)

from simulators.azure_ai.models import FORBIDDEN
from tests.fakes.simulators import SimulatorProcess

DATED = "2024-10-21"


@pytest.fixture(scope="module", params=["v1", DATED])
def client(simulator: SimulatorProcess, request: pytest.FixtureRequest) -> OpenAI:
    """The client of the API `v1`, and the client of Azure's dated versions."""
    if request.param == DATED:
        return AzureOpenAI(
            azure_endpoint=simulator.url, api_key="key", api_version=DATED, max_retries=0
        )
    return OpenAI(base_url=f"{simulator.url}/openai/v1", api_key="key", max_retries=0)


def prompt(text: str = "Describe the sales.") -> list[dict[str, str]]:
    return [{"role": "system", "content": "Be short."}, {"role": "user", "content": text}]


def endpoint_of(client: OpenAI) -> str:
    return "/chat/completions" if isinstance(client, AzureOpenAI) else "/v1/chat/completions"


def test_a_chat_completion_is_read(client: OpenAI) -> None:
    done = client.chat.completions.create(
        model="chat", messages=prompt(), max_completion_tokens=9, temperature=0.5
    )

    assert done.choices[0].message.content == "Sales rose by 4 %."
    assert done.choices[0].finish_reason == "stop"
    assert done.usage is not None
    assert done.usage.total_tokens == done.usage.prompt_tokens + 5


def test_a_model_that_reasons_knows_the_newer_limit_only(client: OpenAI) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.chat.completions.create(model="chat-reasons", messages=prompt(), max_tokens=9)
    assert (caught.value.code, caught.value.param) == ("unsupported_parameter", "max_tokens")

    client.chat.completions.create(model="chat-reasons", messages=prompt(), max_completion_tokens=9)
    client.chat.completions.create(model="chat-old", messages=prompt(), max_tokens=9)
    with pytest.raises(BadRequestError):
        client.chat.completions.create(model="chat-old", messages=prompt(), max_completion_tokens=9)


def test_a_filtered_prompt_has_its_code(client: OpenAI) -> None:
    with pytest.raises(BadRequestError) as caught:
        client.chat.completions.create(model="chat", messages=prompt(FORBIDDEN))
    assert caught.value.code == "content_filter"


def test_an_embedding_is_read_as_numbers_and_as_base64(client: OpenAI) -> None:
    vector = client.embeddings.create(
        model="vectors", input="sales", dimensions=3, encoding_format="float"
    )
    packed = client.embeddings.create(
        model="vectors", input="sales", dimensions=3, encoding_format="base64"
    )

    assert vector.data[0].embedding == [0.5, 0.25, 0.166667]
    text = packed.data[0].embedding
    assert isinstance(text, str)
    assert struct.unpack("<3f", base64.b64decode(text)) == pytest.approx(vector.data[0].embedding)


def test_a_missing_deployment_and_a_refused_key_have_their_errors(
    client: OpenAI, simulator: SimulatorProcess
) -> None:
    with pytest.raises(NotFoundError) as missing:
        client.chat.completions.create(model="gone", messages=prompt())
    assert missing.value.code == "DeploymentNotFound"

    stranger = OpenAI(base_url=f"{simulator.url}/openai/v1", api_key="refused", max_retries=0)
    with pytest.raises(AuthenticationError):
        stranger.models.list()
    assert [each.id for each in client.models.list()] == ["gpt-4o", "text-embedding-3-large"]


def test_a_batch_runs_to_its_end(client: OpenAI) -> None:
    batch = client.batches.create(
        input_file_id="file-partly",
        endpoint=endpoint_of(client),
        completion_window="24h",
        metadata={"team": "sales"},
    )
    assert batch.status in {"in_progress", "completed"}
    time.sleep(0.1)

    ended = client.batches.retrieve(batch.id)
    assert (ended.status, ended.metadata) == ("completed", {"team": "sales"})
    assert ended.request_counts is not None
    assert (ended.request_counts.total, ended.request_counts.failed) == (2, 1)
    assert (ended.output_file_id, ended.error_file_id) == ("file-output", "file-errors")
    assert batch.id in [each.id for each in client.batches.list(limit=2)]
    with pytest.raises(BadRequestError):
        client.batches.cancel(batch.id)


def test_a_batch_is_stopped_and_a_broken_file_names_its_line(client: OpenAI) -> None:
    endpoint = endpoint_of(client)

    def start(file: str) -> str:
        return client.batches.create(
            input_file_id=file, endpoint=endpoint, completion_window="24h"
        ).id

    endless, broken = start("file-endless"), start("file-bad")
    assert client.batches.cancel(endless).status == "cancelling"
    time.sleep(0.1)

    assert client.batches.retrieve(endless).status == "cancelled"
    failed = client.batches.retrieve(broken)
    assert failed.status == "failed"
    assert failed.errors is not None
    assert [each.line for each in failed.errors.data or []] == [7]
    with pytest.raises(APIStatusError):
        start("file-gone")
