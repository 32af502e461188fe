"""Runs a smoke test of a deployment: health, authentication and one Task run.

    POLYSYNC_TOKEN=… python -m scripts.smoke https://func-….azurewebsites.net/api --task no-op

The token is read from POLYSYNC_TOKEN, or an access key from POLYSYNC_KEY, so that no credential is
on the command line. The exit code is 0 if every check passed, 1 if one failed, and 2 if the command
line is invalid.
"""

from __future__ import annotations

import argparse
import base64
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote

import httpx

from polysync_core.domain.runs.status import TERMINAL_STATUSES, RunStatus

PAUSE_SECONDS = 2.0
ANSWER_SECONDS = 60.0
"""Long enough for a cold start."""
ANONYMOUS: Mapping[str, str] = {}
MCP_INITIALIZE = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "smoke", "version": "1"},
    },
}
"""The first message of an MCP client."""
MCP_HEADERS = {"Accept": "application/json, text/event-stream"}
MCP_PATH = "/runtime/webhooks/mcp"

type Clock = Callable[[], float]
type Sleep = Callable[[float], None]


class CheckFailed(Exception):
    """A check failed; the message has the actual result."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SmokeOptions:
    """The options of the command line and the environment."""

    url: str
    token: str | None
    key: str | None
    open: bool
    task: str | None
    timeout: float
    """The time limit in seconds for the start of the app, and for the run."""

    @property
    def credential(self) -> Mapping[str, str]:
        """Return the credential header; the token has precedence over the key."""
        if self.token is not None:
            return {"Authorization": f"Bearer {self.token}"}
        return ANONYMOUS if self.key is None else {"x-functions-key": self.key}


class Smoke:
    """The checks of one deployment, in order."""

    def __init__(
        self,
        options: SmokeOptions,
        http: httpx.Client,
        *,
        clock: Clock = time.monotonic,
        sleep: Sleep = time.sleep,
    ) -> None:
        self._options = options
        self._http = http
        self._clock = clock
        self._sleep = sleep
        self._last_seen = "nothing"
        self._keys_allowed = False

    def checks(self) -> Iterator[tuple[str, Callable[[], str]]]:
        """Yield the name of every check and the check, which returns its result."""
        options = self._options
        yield "health", self.health
        yield ("open" if options.open else "request without a token"), self.anonymous
        if not options.open:
            yield "forged principal", self.forged
            yield "unknown key", self.unlisted
            yield "MCP endpoint of the host", self.agents
        yield "engine endpoint of the host", self.webhooks
        if options.credential:
            yield ("key" if options.token is None else "token"), self.authorised
        if options.open or options.token is not None:
            yield "MCP server", self.greeting
        if options.task is not None:
            yield f"run of {options.task}", self.run

    def health(self) -> str:
        """Wait for the app; after a deployment this may take minutes."""
        return self._until(self._healthy)

    def anonymous(self) -> str:
        """Request runs without a credential."""
        answer = self._ask("GET", "/task-runs?limit=1", ANONYMOUS)
        _expect(answer, 200 if self._options.open else 401)
        # If the app itself answers, App Service has passed on a request without a token.
        self._keys_allowed = answer.headers.get("content-type") == "application/problem+json"
        return f"{answer.status_code}"

    def forged(self) -> str:
        """Request runs with a forged administrator principal."""
        claims = [{"typ": "roles", "val": "Polysync.Administrator"}, {"typ": "upn", "val": "smoke"}]
        principal = base64.b64encode(json.dumps({"claims": claims}).encode()).decode()
        answer = self._ask("GET", "/task-runs?limit=1", {"X-MS-CLIENT-PRINCIPAL": principal})
        _expect(answer, 401)
        return f"{answer.status_code}"

    def unlisted(self) -> str:
        """Request runs with an unknown key."""
        answer = self._ask("GET", "/task-runs?limit=1", {"x-functions-key": f"polysync_{'0' * 43}"})
        _expect(answer, 401)
        return f"{answer.status_code}"

    def agents(self) -> str:
        """Connect to the MCP server without a credential."""
        return self._closed("POST", MCP_PATH, MCP_HEADERS, MCP_INITIALIZE)

    def webhooks(self) -> str:
        """Call the durable engine's webhook without its key."""
        return self._closed("GET", "/runtime/webhooks/durabletask/instances", ANONYMOUS)

    def authorised(self) -> str:
        """Request runs with the token or key."""
        answer = self._ask("GET", "/task-runs?limit=1", self._options.credential)
        if answer.status_code == 403:
            raise CheckFailed("403: the token is accepted but its holder has no app role")
        _expect(answer, 200)
        return "200"

    def greeting(self) -> str:
        """Connect to the MCP server with the token."""
        url = httpx.URL(self._options.url).join(MCP_PATH)
        answer = self._send(
            "POST", str(url), {**MCP_HEADERS, **self._options.credential}, MCP_INITIALIZE
        )
        if answer.status_code == 401 and self._keys_allowed:
            return "401: with access keys, it also requires a key of the host"
        _expect(answer, 200)
        server = _greeted(answer)
        if server.get("name") != "Polysync":
            raise CheckFailed(f"{MCP_PATH} answers, but not as Polysync")
        return f"{server['name']} {server.get('version')}"

    def run(self) -> str:
        """Start a run of the task and wait for its outcome."""
        path = f"/tasks/{quote(self._options.task or '', safe='')}/run"
        answer = self._ask("POST", path, self._options.credential, body={})
        _expect(answer, 202)
        run_id = answer.json()["runId"]
        return self._until(lambda: self._succeeded(run_id))

    def _healthy(self) -> str | None:
        try:
            answer = self._ask("GET", "/health", ANONYMOUS)
        except CheckFailed as failure:
            return self._later(str(failure))
        if answer.status_code >= 500:
            return self._later(f"{answer.status_code}")
        _expect(answer, 200)
        if _json(answer).get("status") != "ok":
            raise CheckFailed("another server answers: does the URL end with /api?")
        return "200"

    def _succeeded(self, run_id: str) -> str | None:
        answer = self._ask("GET", f"/task-runs/{run_id}", self._options.credential)
        _expect(answer, 200)
        run = _json(answer)
        if run.get("status") not in TERMINAL_STATUSES:
            return self._later(f"run {run_id} is {run.get('status')}")
        if run["status"] != RunStatus.SUCCEEDED:
            raise CheckFailed(f"run {run_id} ended as {run['status']}: {run.get('reason')}")
        return f"{run_id} Succeeded"

    def _later(self, seen: str) -> None:
        self._last_seen = seen

    def _until(self, check: Callable[[], str | None]) -> str:
        until = self._clock() + self._options.timeout
        while (seen := check()) is None:
            if self._clock() >= until:
                raise CheckFailed(f"not within {self._options.timeout:.0f} s: {self._last_seen}")
            self._sleep(PAUSE_SECONDS)
        return seen

    def _closed(self, method: str, path: str, headers: Mapping[str, str], body: Any = None) -> str:
        """Check that an endpoint of the host rejects the request."""
        url = httpx.URL(self._options.url).join(path)
        answer = self._send(method, str(url), headers, body)
        if answer.is_success:
            raise CheckFailed(f"{path} answers {answer.status_code} without a key")
        return f"{answer.status_code}"

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: Any = None
    ) -> httpx.Response:
        return self._send(method, self._options.url + path, headers, body)

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: Any) -> httpx.Response:
        try:
            return self._http.request(method, url, headers=dict(headers), json=body)
        except httpx.HTTPError as error:
            raise CheckFailed(f"{type(error).__name__} from {httpx.URL(url).host}") from error


def report(smoke: Smoke) -> int:
    """Run the checks until one fails, print each, and return the exit code."""
    for name, check in smoke.checks():
        try:
            print(f"ok    {name}: {check()}", flush=True)
        except CheckFailed as failure:
            print(f"FAIL  {name}: {failure}", flush=True)
            return 1
    return 0


def parse(arguments: Sequence[str], variables: dict[str, str]) -> SmokeOptions:
    """Return the options; an error ends the process with exit code 2."""
    parser = argparse.ArgumentParser(prog="smoke.py", description=__doc__.split("\n\n")[0])
    add = parser.add_argument
    add("url", help="address of the API, with /api at its end")
    add("--task", help="a task without effects, which is run")
    add("--open", action="store_true", help="expect no authentication; only for a local app")
    add("--timeout", type=float, default=300.0, help="seconds for the start, and for the run")
    parsed = parser.parse_args(arguments)
    token, key = (variables.get(name) or None for name in ("POLYSYNC_TOKEN", "POLYSYNC_KEY"))
    url = _address(parsed.url, parser)
    if parsed.open and not _is_loopback(url.host):
        parser.error("--open is only for this machine: a deployed app must require a token")
    if parsed.task and not (token or key or parsed.open):
        parser.error(
            "--task requires an operator's token in POLYSYNC_TOKEN, or key in POLYSYNC_KEY"
        )
    return SmokeOptions(
        url=str(url).rstrip("/"),
        token=token,
        key=key,
        open=parsed.open,
        task=parsed.task,
        timeout=parsed.timeout,
    )


def _address(text: str, parser: argparse.ArgumentParser) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        parser.error(f"{text!r} is not a URL")
    if url.scheme != "https" and not (url.scheme == "http" and _is_loopback(url.host)):
        parser.error("the URL must begin with https:// (http:// only on this machine)")
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _expect(answer: httpx.Response, status: int) -> None:
    if answer.status_code != status:
        raise CheckFailed(f"{answer.status_code} where {status} was expected")


def _greeted(answer: httpx.Response) -> dict[str, Any]:
    """Return the server info of an MCP answer: JSON, or the first event of a stream."""
    text = answer.text
    if answer.headers.get("content-type", "").startswith("text/event-stream"):
        lines = (line for line in text.splitlines() if line.startswith("data:"))
        text = next(lines, "").removeprefix("data:")
    try:
        return json.loads(text)["result"]["serverInfo"]
    except (ValueError, KeyError, TypeError):
        return {}


def _json(answer: httpx.Response) -> dict[str, Any]:
    try:
        content = answer.json()
    except ValueError:
        content = None
    return content if isinstance(content, dict) else {}


def main() -> int:
    """Check the deployment at the given URL."""
    options = parse(sys.argv[1:], dict(os.environ))
    local = _is_loopback(httpx.URL(options.url).host)
    with httpx.Client(timeout=ANSWER_SECONDS, trust_env=not local) as http:
        return report(Smoke(options, http))


if __name__ == "__main__":
    sys.exit(main())
