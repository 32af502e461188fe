"""Is a deployed Polysync whole? Health, closed doors, and a run from end to end.

    POLYSYNC_TOKEN=… python scripts/smoke.py https://func-….azurewebsites.net/api --task no-op

The token is read from POLYSYNC_TOKEN, or the key of a machine from POLYSYNC_KEY, so that neither
stands on a command line. The exit code is 0 only
if every check passed, 1 if one failed, and 2 if it could not be tried as asked.
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

PAUSE_SECONDS = 2.0
ANSWER_SECONDS = 60.0
"""A cold start is in it."""
ENDED = frozenset({"Succeeded", "Failed", "Cancelled", "Skipped"})
NOBODY: Mapping[str, str] = {}
HELLO = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "smoke", "version": "1"},
    },
}
"""How an MCP client begins."""
GREETING = {"Accept": "application/json, text/event-stream"}
AGENTS = "/runtime/webhooks/mcp"

type Clock = Callable[[], float]
type Sleep = Callable[[float], None]


class CheckFailed(Exception):
    """The message says what was found in place of what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the command line and the environment say."""

    url: str
    token: str | None
    key: str | None
    open: bool
    task: str | None
    patience: float
    """Seconds that the start of the app, and then the run, may take."""

    @property
    def credential(self) -> Mapping[str, str]:
        """What says who calls; the token where there is a key as well."""
        if self.token is not None:
            return {"Authorization": f"Bearer {self.token}"}
        return NOBODY if self.key is None else {"x-functions-key": self.key}


class Smoke:
    """The checks of one deployment, in the order in which they make sense."""

    def __init__(
        self,
        told: Told,
        http: httpx.Client,
        *,
        clock: Clock = time.monotonic,
        sleep: Sleep = time.sleep,
    ) -> None:
        self._told = told
        self._http = http
        self._clock = clock
        self._sleep = sleep
        self._last_seen = "nothing"
        self._keys_allowed = False

    def checks(self) -> Iterator[tuple[str, Callable[[], str]]]:
        """Yield the name of every check with the check, which answers with what it saw."""
        told = self._told
        yield "health", self.health
        yield ("open" if told.open else "no token, no answer"), self.anonymous
        if not told.open:
            yield "no principal but App Service's own", self.forged
            yield "no key but those listed", self.unlisted
            yield "agents' own door", self.agents
        yield "engine's own door", self.webhooks
        if told.credential:
            yield ("key" if told.token is None else "token"), self.authorised
        if told.open or told.token is not None:
            yield "agents", self.greeting
        if told.task is not None:
            yield f"run of {told.task}", self.run

    def health(self) -> str:
        """Wait for the app to answer; right after a deployment it may take minutes."""
        return self._until(self._healthy)

    def anonymous(self) -> str:
        """Ask for runs as nobody."""
        answer = self._ask("GET", "/task-runs?limit=1", NOBODY)
        _expect(answer, 200 if self._told.open else 401)
        # Where the answer is the app's own, App Service has let nobody through to it.
        self._keys_allowed = answer.headers.get("content-type") == "application/problem+json"
        return f"{answer.status_code}"

    def forged(self) -> str:
        """Ask for runs as an administrator whom nobody but the request itself vouches for."""
        claims = [{"typ": "roles", "val": "Polysync.Administrator"}, {"typ": "upn", "val": "smoke"}]
        principal = base64.b64encode(json.dumps({"claims": claims}).encode()).decode()
        answer = self._ask("GET", "/task-runs?limit=1", {"X-MS-CLIENT-PRINCIPAL": principal})
        _expect(answer, 401)
        return f"{answer.status_code}"

    def unlisted(self) -> str:
        """Ask for runs with a key that was never given out."""
        answer = self._ask("GET", "/task-runs?limit=1", {"x-functions-key": f"polysync_{'0' * 43}"})
        _expect(answer, 401)
        return f"{answer.status_code}"

    def agents(self) -> str:
        """Greet the MCP server as nobody."""
        return self._closed("POST", AGENTS, GREETING, HELLO)

    def webhooks(self) -> str:
        """Ask the durable engine's webhook without its key."""
        return self._closed("GET", "/runtime/webhooks/durabletask/instances", NOBODY)

    def authorised(self) -> str:
        """Ask for runs with the token or key."""
        answer = self._ask("GET", "/task-runs?limit=1", self._told.credential)
        if answer.status_code == 403:
            raise CheckFailed("403: the token is accepted but its holder has no app role")
        _expect(answer, 200)
        return "200"

    def greeting(self) -> str:
        """Greet the MCP server with the token."""
        url = httpx.URL(self._told.url).join(AGENTS)
        answer = self._send("POST", str(url), {**GREETING, **self._told.credential}, HELLO)
        if answer.status_code == 401 and self._keys_allowed:
            return "401: where machines may call with keys, it wants the host's own as well"
        _expect(answer, 200)
        server = _greeted(answer)
        if server.get("name") != "Polysync":
            raise CheckFailed(f"{AGENTS} answers, and not as Polysync")
        return f"{server['name']} {server.get('version')}"

    def run(self) -> str:
        """Start a run of the task and wait for its outcome."""
        path = f"/tasks/{quote(self._told.task or '', safe='')}/run"
        answer = self._ask("POST", path, self._told.credential, body={})
        _expect(answer, 202)
        run_id = answer.json()["runId"]
        return self._until(lambda: self._succeeded(run_id))

    def _healthy(self) -> str | None:
        try:
            answer = self._ask("GET", "/health", NOBODY)
        except CheckFailed as failure:
            return self._later(str(failure))
        if answer.status_code >= 500:
            return self._later(f"{answer.status_code}")
        _expect(answer, 200)
        if _json(answer).get("status") != "ok":
            raise CheckFailed("the answer is not that of Polysync: is it the address with /api?")
        return "200"

    def _succeeded(self, run_id: str) -> str | None:
        answer = self._ask("GET", f"/task-runs/{run_id}", self._told.credential)
        _expect(answer, 200)
        run = _json(answer)
        if run.get("status") not in ENDED:
            return self._later(f"run {run_id} is {run.get('status')}")
        if run["status"] != "Succeeded":
            raise CheckFailed(f"run {run_id} ended as {run['status']}: {run.get('reason')}")
        return f"{run_id} Succeeded"

    def _later(self, seen: str) -> None:
        self._last_seen = seen

    def _until(self, look: Callable[[], str | None]) -> str:
        until = self._clock() + self._told.patience
        while (seen := look()) is None:
            if self._clock() >= until:
                raise CheckFailed(f"not within {self._told.patience:.0f} s: {self._last_seen}")
            self._sleep(PAUSE_SECONDS)
        return seen

    def _closed(self, method: str, path: str, headers: Mapping[str, str], body: Any = None) -> str:
        """See that a door of the host beside the API does not open."""
        url = httpx.URL(self._told.url).join(path)
        answer = self._send(method, str(url), headers, body)
        if answer.is_success:
            raise CheckFailed(f"{path} answers {answer.status_code} without a key")
        return f"{answer.status_code}"

    def _ask(
        self, method: str, path: str, headers: Mapping[str, str], body: Any = None
    ) -> httpx.Response:
        return self._send(method, self._told.url + path, headers, body)

    def _send(self, method: str, url: str, headers: Mapping[str, str], body: Any) -> httpx.Response:
        try:
            return self._http.request(method, url, headers=dict(headers), json=body)
        except httpx.HTTPError as error:
            raise CheckFailed(f"{type(error).__name__} from {httpx.URL(url).host}") from error


def report(smoke: Smoke) -> int:
    """Carry out the checks up to the first that fails, print each, and return the exit code."""
    for name, check in smoke.checks():
        try:
            print(f"ok    {name}: {check()}", flush=True)
        except CheckFailed as failure:
            print(f"FAIL  {name}: {failure}", flush=True)
            return 1
    return 0


def parse(arguments: Sequence[str], variables: dict[str, str]) -> Told:
    """Return what is told; mistakes and `--help` end the process with exit code 2 and 0."""
    parser = argparse.ArgumentParser(prog="smoke.py", description=__doc__.split("\n\n")[0])
    add = parser.add_argument
    add("url", help="address of the API, with /api at its end")
    add("--task", help="a task that does nothing, to be run from end to end")
    add("--open", action="store_true", help="expect no authentication; on one machine only")
    add("--patience", type=float, default=300.0, help="seconds for the start, and for the run")
    told = parser.parse_args(arguments)
    token, key = (variables.get(name) or None for name in ("POLYSYNC_TOKEN", "POLYSYNC_KEY"))
    url = _address(told.url, parser)
    if told.open and not _is_loopback(url.host):
        parser.error("--open is for this machine: what is deployed must ask for a token")
    if told.task and not (token or key or told.open):
        parser.error("--task needs an operator's token in POLYSYNC_TOKEN, or key in POLYSYNC_KEY")
    return Told(
        url=str(url).rstrip("/"),
        token=token,
        key=key,
        open=told.open,
        task=told.task,
        patience=told.patience,
    )


def _address(text: str, parser: argparse.ArgumentParser) -> httpx.URL:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        parser.error(f"{text!r} is no address")
    if url.scheme != "https" and not (url.scheme == "http" and _is_loopback(url.host)):
        parser.error("the address must begin with https:// (http:// on this machine only)")
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
    """Return what an MCP server says of itself, as JSON or in the first event of a stream."""
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
    """Check the deployment that the command line names."""
    told = parse(sys.argv[1:], dict(os.environ))
    local = _is_loopback(httpx.URL(told.url).host)
    with httpx.Client(timeout=ANSWER_SECONDS, trust_env=not local) as http:
        return report(Smoke(told, http))


if __name__ == "__main__":
    sys.exit(main())
