"""Outgoing requests export method, host and result, and no secret."""

from __future__ import annotations

import pytest
from requests import PreparedRequest

from polysync_core.outbound.http_exchange import HttpExchange, TimeLeft
from polysync_core.outbound.http_request import HttpRequest
from polysync_core.outbound.transport import AddressRefused
from polysync_core.telemetry import names, tracing
from tests.fakes.builders import a_run
from tests.fakes.http import Reply, ScriptedTransport, Step
from tests.fakes.telemetry import Listener

CANARY = "canary-8c1f"
URL = f"https://adb-1.example.net:8443/{CANARY}/path?sig={CANARY}"
CALLER = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def send(*steps: Step, url: str = URL) -> PreparedRequest:
    """Send a request with secrets in all its parts, and return the sent request."""
    headers = {"Authorization": f"Bearer {CANARY}"}
    request = HttpRequest(method="POST", url=url, headers=headers, body=CANARY.encode())
    left = TimeLeft(connect=1, read=1, deadline=100)
    transport = ScriptedTransport(steps)
    HttpExchange(transport).send(request, left, lambda: 0)
    return transport.requests[0]


@pytest.mark.parametrize(
    ("step", "results"),
    [
        pytest.param(Reply(200), {names.STATUS_CODE: 200}, id="an answer"),
        pytest.param(
            Reply(404, CANARY.encode(), {"Location": CANARY}),
            {names.STATUS_CODE: 404, names.ERROR: "404"},
            id="a refusal",
        ),
        pytest.param(
            Reply(503), {names.STATUS_CODE: 503, names.ERROR: "503"}, id="a busy platform"
        ),
        pytest.param(
            ConnectionResetError(CANARY), {names.ERROR: "no_answer"}, id="a lost connection"
        ),
        pytest.param(AddressRefused(), {names.ERROR: "address_refused"}, id="a forbidden address"),
    ],
)
def test_a_call_exports_only_method_host_and_result(
    exported: Listener, step: Step, results: dict[str, object]
) -> None:
    send(step)
    span = exported.span("POST adb-1.example.net")
    assert span.attributes == {
        names.METHOD: "POST",
        names.SCHEME: "https",
        names.HOST: "adb-1.example.net",
        names.PORT: 8443,
        **results,
    }
    assert span.is_ok == (names.ERROR not in results)
    assert CANARY not in span.text
    (point,) = exported.metrics()[names.CALL_DURATION.name]
    assert point.attributes == {
        names.METHOD: "POST",
        names.HOST: "adb-1.example.net",
        **results,
    }
    assert point.count == 1


def test_an_internal_error_does_not_export_its_message(exported: Listener) -> None:
    def fault(_: PreparedRequest) -> Reply:
        raise ZeroDivisionError(CANARY)

    with pytest.raises(ZeroDivisionError):
        send(fault)
    assert CANARY not in exported.span("POST adb-1.example.net").text


def test_a_call_for_an_attempt_has_its_platform_as_an_attribute(exported: Listener) -> None:
    with tracing.on_behalf_of(a_run(), 1, step="submit"):
        send(Reply(200))
    (point,) = exported.metrics()[names.CALL_DURATION.name]
    assert point.attributes[names.PLATFORM] == "lakehouse"
    assert set(point.attributes) <= set(names.CALL_DURATION.attributes)


def test_the_called_service_receives_the_trace_context(exported: Listener) -> None:
    with tracing.continued(CALLER):
        request = send(Reply(200))
    (span,) = exported.spans()
    assert request.headers["traceparent"] == f"00-{CALLER[3:35]}-{span.id}-01"


def test_a_call_outside_a_trace_gets_no_header() -> None:
    assert "traceparent" not in send(Reply(200)).headers


@pytest.mark.parametrize(
    ("url", "port"),
    [("https://a.example", 443), ("http://127.0.0.1/x", 80), ("http://127.0.0.1:8787/", 8787)],
)
def test_the_port_of_a_url_without_a_port_is_the_default_of_its_scheme(
    exported: Listener, url: str, port: int
) -> None:
    send(Reply(200), url=url)
    assert exported.spans()[0].attributes[names.PORT] == port
