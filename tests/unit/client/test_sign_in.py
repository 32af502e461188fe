"""Tests of the sign-in of the Python client."""

from __future__ import annotations

import asyncio
import traceback
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from polysync import AsyncPolysync, Polysync, PolysyncError

URL = "https://polysync.example/api"
HEALTH = {"status": "ok", "version": "1"}


class Credential:
    """A credential as those of azure-identity."""

    def __init__(self) -> None:
        self.scopes: list[str] = []

    def get_token(self, *scopes: str) -> Any:
        self.scopes += scopes
        return SimpleNamespace(token=f"t-{len(self.scopes)}")


class AsyncCredential(Credential):
    async def get_token(self, *scopes: str) -> Any:
        return super().get_token(*scopes)


async def _async_token() -> str:
    return "async"


def headers_of(**sign_in: Any) -> list[httpx.Headers]:
    """Return the headers of two requests of the blocking client."""
    seen: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200, json=HEALTH)

    with Polysync(URL, transport=httpx.MockTransport(answer), **sign_in) as client:
        client.request("GET", "health")
        client.request("GET", "health")
    return seen


def async_headers_of(**sign_in: Any) -> httpx.Headers:
    seen: list[httpx.Headers] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers)
        return httpx.Response(200, json=HEALTH)

    async def call() -> None:
        transport = httpx.MockTransport(answer)
        async with AsyncPolysync(URL, transport=transport, **sign_in) as client:
            await client.request("GET", "health")

    asyncio.run(call())
    return seen[0]


def test_a_key_and_a_token_are_headers() -> None:
    assert headers_of(key="k")[0]["x-functions-key"] == "k"
    assert headers_of(token="t")[0]["authorization"] == "Bearer t"


def test_a_credential_gives_the_token_of_each_request() -> None:
    credential = Credential()
    first, second = headers_of(credential=credential, scope="app/.default")
    assert (first["authorization"], second["authorization"]) == ("Bearer t-1", "Bearer t-2")
    assert credential.scopes == ["app/.default"] * 2


@pytest.mark.parametrize(
    ("sign_in", "token"),
    [
        ({"token": "text"}, "text"),
        ({"token": lambda: "called"}, "called"),
        ({"token": _async_token}, "async"),
        ({"credential": Credential(), "scope": "s"}, "t-1"),
        ({"credential": AsyncCredential(), "scope": "s"}, "t-1"),
    ],
)
def test_the_asynchronous_client_takes_every_source(sign_in: dict[str, Any], token: str) -> None:
    assert async_headers_of(**sign_in)["authorization"] == f"Bearer {token}"


def test_an_asynchronous_source_needs_the_asynchronous_client() -> None:
    sources: list[dict[str, Any]] = [
        {"token": _async_token},
        {"credential": AsyncCredential(), "scope": "s"},
    ]
    for source in sources:
        with pytest.raises(PolysyncError, match="needs AsyncPolysync"):
            headers_of(**source)


def test_the_environment_signs_in_unless_an_argument_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYSYNC_KEY", "from-environment")
    assert headers_of()[0]["x-functions-key"] == "from-environment"
    assert "x-functions-key" not in headers_of(token="t")[0]


def test_the_address_comes_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POLYSYNC_URL", "https://other.example")
    assert Polysync().url == "https://other.example/api"
    monkeypatch.delenv("POLYSYNC_URL")
    assert Polysync().url == "http://127.0.0.1:7071/api"


@pytest.mark.parametrize(
    "sign_in",
    [
        {"key": "secret"},
        {"token": "secret"},
        {"token": lambda: "secret"},
        {"credential": Credential(), "scope": "s"},
    ],
)
def test_no_secret_is_sent_unencrypted(sign_in: dict[str, Any]) -> None:
    with pytest.raises(PolysyncError, match="would be sent unencrypted"):
        Polysync("http://polysync.example/api", **sign_in)


@pytest.mark.parametrize("source", [{"token": lambda: "se\ncret"}, {"key": "se\ncret"}])
def test_an_error_never_shows_a_secret(
    source: dict[str, Any],
) -> None:
    with pytest.raises(PolysyncError) as caught:
        headers_of(**source)
    assert "cret" not in "".join(traceback.format_exception(caught.value)[-1:])


def test_contradicting_arguments_are_refused() -> None:
    with pytest.raises(PolysyncError, match="needs the argument scope"):
        Polysync(URL, credential=Credential())
    with pytest.raises(PolysyncError, match="either a token or a credential"):
        Polysync(URL, credential=Credential(), scope="s", token="t")
