"""Posting to webhooks."""

from __future__ import annotations

import pytest
import requests

from polysync_core.domain.errors import Invalid
from polysync_core.outbound.hosts import AddressScope
from polysync_core.platforms.webhook_client import EventNotAccepted, WebhookClient
from tests.fakes.http import Reply, ScriptedTransport, Step, VirtualTime

URL = "https://hooks.example.com/a?b=c"


def client(*steps: Step) -> tuple[WebhookClient, ScriptedTransport]:
    transport, time = ScriptedTransport(steps), VirtualTime()
    opened = WebhookClient(
        transport_to=lambda _: transport, monotonic=lambda: time.seconds, clock=time.now
    )
    return opened, transport


@pytest.mark.parametrize("status", [200, 202, 204])
def test_an_event_is_posted_as_it_is(status: int) -> None:
    opened, transport = client(Reply(status, b"" if status == 204 else b"ok"))
    opened.post(URL, {"X-Polysync-Event": "run.failed"}, b'{"a":1}')
    (request,) = transport.requests
    assert (request.method, request.url, request.body) == ("POST", URL, b'{"a":1}')
    assert request.headers["X-Polysync-Event"] == "run.failed"
    assert request.headers["Content-Type"] == "application/json"
    assert request.headers["Content-Length"] == "7"


@pytest.mark.parametrize("status", [301, 307, 400, 401, 404, 410, 429, 500])
def test_any_other_status_is_a_failure_and_no_redirect_is_followed(status: int) -> None:
    reply = Reply(status, b"secret words", {"Location": "https://evil.example", "Retry-After": "7"})
    opened, transport = client(reply)
    with pytest.raises(EventNotAccepted) as failure:
        opened.post(URL, {}, b"{}")
    assert len(transport.requests) == 1
    assert (failure.value.status, failure.value.retry_after) == (status, 7)
    assert str(failure.value) == f"hooks.example.com answered with status {status}"


@pytest.mark.parametrize(
    ("step", "words"),
    [
        pytest.param(requests.exceptions.ConnectTimeout(), "cannot be reached", id="no connection"),
        pytest.param(requests.exceptions.ReadTimeout(), "did not answer", id="no answer in time"),
        pytest.param(requests.exceptions.SSLError(), "identity", id="a wrong certificate"),
        pytest.param(Reply(200, b"x" * 70_000), "more than is accepted", id="an endless answer"),
    ],
)
def test_no_usable_answer_is_a_failure(step: Step, words: str) -> None:
    opened, _ = client(step)
    with pytest.raises(EventNotAccepted, match=words):
        opened.post(URL, {}, b"{}")


def test_an_address_that_is_not_allowed_any_more_is_not_posted_to() -> None:
    opened, transport = client(Reply())
    with pytest.raises(Invalid):
        opened.post("http://127.0.0.1:1/", {}, b"{}")
    assert transport.requests == []


def test_the_transport_is_the_one_for_public_addresses() -> None:
    asked: list[AddressScope] = []
    transport = ScriptedTransport([Reply()])
    opened = WebhookClient(transport_to=lambda reach: asked.append(reach) or transport)
    opened.post(URL, {}, b"{}")
    assert asked == [AddressScope.PUBLIC]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(b"no_team", ": no_team", id="an error of Slack"),
        pytest.param(b"no_such_error", "", id="another text"),
        pytest.param(b'{"error":{"code":"DomainNotLinked"}}', ": DomainNotLinked", id="of Azure"),
        pytest.param(b'{"error":{"code":"Domain not linked"}}', "", id="a sentence"),
        pytest.param(b'{"error":{"code":["DomainNotLinked"]}}', "", id="no text"),
        pytest.param(b'{"error":{"code":"SignatureOfUrl"}}', "", id="a part of the URL"),
    ],
)
def test_only_the_error_code_of_an_answer_is_quoted(content: bytes, words: str) -> None:
    opened, _ = client(Reply(404, content))
    with pytest.raises(EventNotAccepted) as failure:
        opened.post("https://hooks.example.com/?sig=SignatureOfUrl", {}, b"{}")
    assert str(failure.value) == f"hooks.example.com answered with status 404{words}"
