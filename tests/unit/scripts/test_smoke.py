"""The smoke test: the deployments that pass and those that fail."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from scripts.smoke import Smoke, SmokeOptions, parse, report

URL = "https://app.azurewebsites.net/api"
TOKEN = "a-token"
KEY = f"polysync_{'k' * 43}"


class Deployment:
    """A correct deployment, which a test can change."""

    def __init__(self) -> None:
        self.answers: dict[tuple[str, str], list[httpx.Response]] = {}
        self.tokens: list[tuple[str, str | None]] = []
        self.accepts_forged_principal = False
        self.now = 0.0

    def answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path.removeprefix("/api")
        token = request.headers.get("authorization")
        self.tokens.append((path, token))
        scripted = self.answers.get((request.method, path))
        if scripted:
            return scripted.pop(0) if len(scripted) > 1 else scripted[0]
        if path == "/health":
            return httpx.Response(200, json={"status": "ok"})
        forged = self.accepts_forged_principal and "x-ms-client-principal" in request.headers
        key = request.headers.get("x-functions-key")
        if not (token == f"Bearer {TOKEN}" or key == KEY or forged):
            return httpx.Response(401)
        if path == "/runtime/webhooks/mcp":
            return httpx.Response(200, json={"result": {"serverInfo": {"name": "Polysync"}}})
        if path == "/tasks/no-op/run":
            return httpx.Response(202, json={"runId": "r1"})
        if path == "/task-runs/r1":
            return httpx.Response(200, json={"status": "Succeeded"})
        return httpx.Response(200, json={"items": []})

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def check(self, **changes: Any) -> int:
        usual: dict[str, Any] = {"open": False, "task": "no-op", "timeout": 10.0}
        usual |= {"token": TOKEN, "key": None}
        with httpx.Client(transport=httpx.MockTransport(self.answer)) as http:
            smoke = Smoke(
                SmokeOptions(url=URL, **(usual | changes)),
                http,
                clock=lambda: self.now,
                sleep=self.sleep,
            )
            return report(smoke)


@pytest.fixture
def deployment() -> Deployment:
    return Deployment()


def test_a_correct_deployment_passes(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deployment.check() == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line[:4] for line in lines] == ["ok  "] * 9
    assert TOKEN not in "".join(lines)


def test_the_smoke_test_passes_with_an_access_key(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert deployment.check(token=None, key=KEY) == 0
    said = capsys.readouterr().out
    assert "ok    key: 200" in said
    assert KEY not in said


EVENT = 'event: message\ndata: {"result": {"serverInfo": {"name": "Polysync", "version": "1"}}}\n\n'


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(
            httpx.Response(200, text=EVENT, headers={"content-type": "text/event-stream"}),
            "ok    MCP server: Polysync 1",
            id="by an event",
        ),
        pytest.param(httpx.Response(401), "FAIL  MCP server: 401", id="the token does not open"),
        pytest.param(httpx.Response(200, json={}), "not as Polysync", id="another server"),
        pytest.param(httpx.Response(200, text=""), "not as Polysync", id="nothing"),
        pytest.param(
            httpx.Response(200, text="", headers={"content-type": "text/event-stream"}),
            "not as Polysync",
            id="no event",
        ),
    ],
)
def test_an_mcp_client_connects_with_the_token(
    deployment: Deployment,
    capsys: pytest.CaptureFixture[str],
    answer: httpx.Response,
    said: str,
) -> None:
    deployment.answers["POST", "/runtime/webhooks/mcp"] = [httpx.Response(401), answer]
    deployment.check(task=None)
    assert said in capsys.readouterr().out


def test_with_access_keys_an_mcp_client_needs_the_hosts_key_too(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = {"content-type": "application/problem+json"}
    unknown = [httpx.Response(401, headers=problem)] * 3
    deployment.answers["GET", "/task-runs"] = [*unknown, httpx.Response(200, json={"items": []})]
    deployment.answers["POST", "/runtime/webhooks/mcp"] = [httpx.Response(401)]

    assert deployment.check(task=None) == 0
    assert "MCP server: 401: with access keys" in capsys.readouterr().out


def test_an_accepted_forged_principal_is_a_failure(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    deployment.accepts_forged_principal = True
    assert deployment.check() == 1
    assert "FAIL  forged principal: 200" in capsys.readouterr().out


def test_the_token_is_sent_only_where_it_is_needed(deployment: Deployment) -> None:
    deployment.check()
    without = [path for path, token in deployment.tokens if token is None]
    endpoints = ["/runtime/webhooks/mcp", "/runtime/webhooks/durabletask/instances"]
    assert without == ["/health", "/task-runs", "/task-runs", "/task-runs", *endpoints]


def test_closed_endpoints_are_checked_even_without_a_token(deployment: Deployment) -> None:
    assert deployment.check(token=None, task=None) == 0


def test_a_slow_start_is_awaited(deployment: Deployment) -> None:
    starting = [httpx.Response(503), httpx.Response(503)]
    deployment.answers["GET", "/health"] = [*starting, httpx.Response(200, json={"status": "ok"})]
    assert deployment.check() == 0


@pytest.mark.parametrize(
    ("request_", "answers", "reason"),
    [
        pytest.param(
            ("GET", "/health"), [httpx.Response(503)], "not within 10 s: 503", id="never healthy"
        ),
        pytest.param(
            ("GET", "/health"),
            [httpx.Response(200, text="<html>")],
            "does the URL end with /api?",
            id="something else answers",
        ),
        pytest.param(
            ("GET", "/health"),
            [httpx.Response(401)],
            "401 where 200 was expected",
            id="the health path is behind the sign-in",
        ),
        pytest.param(
            ("GET", "/task-runs"),
            [httpx.Response(200, json={})],
            "200 where 401 was expected",
            id="no sign-in required",
        ),
        pytest.param(
            ("GET", "/runtime/webhooks/durabletask/instances"),
            [httpx.Response(200, json=[])],
            "answers 200 without a key",
            id="the engine answers without its key",
        ),
        pytest.param(
            ("POST", "/runtime/webhooks/mcp"),
            [httpx.Response(200, json={})],
            "/runtime/webhooks/mcp answers 200 without a key",
            id="agents are let in without a key",
        ),
        pytest.param(
            ("GET", "/task-runs"),
            [httpx.Response(401), httpx.Response(401), httpx.Response(200, json={})],
            "unknown key: 200 where 401 was expected",
            id="any key opens",
        ),
        pytest.param(
            ("GET", "/task-runs"),
            [*[httpx.Response(401)] * 3, httpx.Response(403)],
            "its holder has no app role",
            id="a token without a role",
        ),
        pytest.param(
            ("POST", "/tasks/no-op/run"),
            [httpx.Response(404)],
            "404 where 202 was expected",
            id="no such task",
        ),
        pytest.param(
            ("GET", "/task-runs/r1"),
            [httpx.Response(200, json={"status": "Failed", "reason": "Secret"})],
            "run r1 ended as Failed: Secret",
            id="the run fails",
        ),
        pytest.param(
            ("GET", "/task-runs/r1"),
            [httpx.Response(200, json={"status": "Queued"})],
            "not within 10 s: run r1 is Queued",
            id="the run is not carried out",
        ),
    ],
)
def test_an_unexpected_result_is_a_failure(
    deployment: Deployment,
    capsys: pytest.CaptureFixture[str],
    request_: tuple[str, str],
    answers: list[httpx.Response],
    reason: str,
) -> None:
    deployment.answers[request_] = answers
    assert deployment.check() == 1
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith("FAIL")
    assert reason in last


def test_an_app_that_does_not_answer_gives_no_traceback(
    deployment: Deployment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refuse(_request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    monkeypatch.setattr(deployment, "answer", refuse)
    assert deployment.check() == 1
    assert "ConnectError from app.azurewebsites.net" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        pytest.param(["http://example.com/api"], "https://", id="a token in the clear"),
        pytest.param(["https://example.com/api", "--open"], "this machine", id="open to the world"),
        pytest.param([URL, "--task", "no-op"], "POLYSYNC_TOKEN", id="a run without a token"),
        pytest.param(["ftp://example.com"], "https://", id="another scheme"),
    ],
)
def test_invalid_options_are_rejected(
    capsys: pytest.CaptureFixture[str], arguments: list[str], reason: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        parse(arguments, {})
    assert ended.value.code == 2
    assert reason in capsys.readouterr().err


def test_a_local_app_may_be_open() -> None:
    options = parse(["http://127.0.0.1:7071/api/", "--open", "--task", "nap"], {})
    assert (options.url, options.open, options.task) == ("http://127.0.0.1:7071/api", True, "nap")
