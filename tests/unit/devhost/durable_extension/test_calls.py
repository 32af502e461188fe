"""The calls of the program of the Durable extension."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any

import httpx
import pytest

from devhost.app.functions import Function
from devhost.app.messages import TypedData
from devhost.app.worker import Failure, FunctionApp, Outcome
from devhost.durable_extension.calls import CallServer


class ScriptedApp(FunctionApp):
    """An app with one function of each kind, which answers with the same outcome."""

    def __init__(self, outcome: Outcome) -> None:
        super().__init__()
        self.functions = tuple(
            Function(id=kind, name=kind, trigger={"type": kind, "name": "given"})
            for kind in ("activityTrigger", "queueTrigger")
        )
        self.outcome = outcome
        self.called: list[tuple[str, Any, dict[str, Any]]] = []

    async def invoke(
        self,
        function: Function,
        trigger: TypedData,
        *,
        metadata: Mapping[str, TypedData] | None = None,
        invocation_id: str | None = None,
    ) -> Outcome:
        values = {name: each.value for name, each in (metadata or {}).items()}
        self.called.append((function.name, trigger.value, values))
        return self.outcome


def answer(app: ScriptedApp, call: object) -> dict[str, Any]:
    """Return the answer of a server to one call."""

    async def ask() -> dict[str, Any]:
        server = CallServer(app)
        address = await server.start()
        try:
            async with httpx.AsyncClient(base_url=address) as client:
                content = call if isinstance(call, bytes) else json.dumps(call).encode()
                found = await client.post("/invoke", content=content)
                assert found.status_code == 200
                return found.json()
        finally:
            await server.close()

    return asyncio.run(ask())


def test_the_app_may_be_called_only_when_its_client_is_known() -> None:
    async def ask() -> list[int]:
        server = CallServer(ScriptedApp(Outcome()))
        address = await server.start()
        try:
            async with httpx.AsyncClient(base_url=address) as client:
                before = await client.get("/ready")
                server.accept_calls()
                return [before.status_code, (await client.get("/ready")).status_code]
        finally:
            await server.close()

    assert asyncio.run(ask()) == [503, 200]


@pytest.mark.parametrize(
    ("returned", "value"),
    [
        pytest.param(TypedData(json='{"a": 1}'), '{"a": 1}', id="JSON"),
        pytest.param(TypedData(string="AAA="), "AAA=", id="base64"),
        pytest.param(TypedData(), None, id="an empty value"),
        pytest.param(None, None, id="nothing"),
    ],
)
def test_the_returned_value_is_the_answer(returned: TypedData | None, value: str | None) -> None:
    app = ScriptedApp(Outcome(value=returned))

    assert answer(app, {"function": "activityTrigger", "value": "21"}) == {"value": value}
    assert app.called == [("activityTrigger", "21", {})]


def test_a_message_has_its_metadata() -> None:
    app = ScriptedApp(Outcome())
    metadata = {"Id": "m-1", "DequeueCount": 2, "PopReceipt": "r", "ExpirationTime": None}

    answer(app, {"function": "queueTrigger", "value": "text", "metadata": metadata})

    assert app.called == [
        ("queueTrigger", "text", {"Id": "m-1", "DequeueCount": "2", "PopReceipt": "r"})
    ]


@pytest.mark.parametrize("name", ["activityTrigger", "queueTrigger"])
def test_a_failure_is_answered_and_logged(name: str, caplog: pytest.LogCaptureFixture) -> None:
    failure = Failure(type="ValueError", message="refused", trace="Traceback")

    found = answer(ScriptedApp(Outcome(failure=failure)), {"function": name, "value": None})

    assert found == {"type": "ValueError", "message": "refused", "trace": "Traceback"}
    assert "function failed" in caplog.text


@pytest.mark.parametrize(
    ("call", "type_", "message"),
    [
        pytest.param({"function": "absent"}, "LookupError", "'absent'", id="an unknown function"),
        pytest.param({"value": "x"}, "ValueError", "function", id="a call without a function"),
        pytest.param(b"{", "ValueError", "JSON", id="a call that is not JSON"),
    ],
)
def test_a_call_that_cannot_be_executed_is_a_failure(
    call: object, type_: str, message: str
) -> None:
    app = ScriptedApp(Outcome())

    found = answer(app, call)

    assert (found["type"], app.called) == (type_, [])
    assert message in found["message"]
