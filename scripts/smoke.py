"""Is a deployed Polysync whole? Health, closed doors, and a run from end to end.

    POLYSYNC_TOKEN=… python scripts/smoke.py https://func-….azurewebsites.net/api --task no-op

The token is read from POLYSYNC_TOKEN, so that it stands on no command line. The exit code is 0 only
if every check passed, 1 if one failed, and 2 if it could not be tried as asked.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import quote

import httpx

PAUSE_SECONDS = 2.0
ANSWER_SECONDS = 60.0
"""A cold start is in it."""
ENDED = frozenset({"Succeeded", "Failed", "Cancelled", "Skipped"})

type Clock = Callable[[], float]
type Sleep = Callable[[float], None]


class CheckFailed(Exception):
    """The message says what was found in place of what was expected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What the command line and the environment say."""

    url: str
    token: str | None
    open: bool
    task: str | None
    patience: float
    """Seconds that the start of the app, and then the run, may take."""


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

    def checks(self) -> Iterator[tuple[str, Callable[[], str]]]:
        """Yield the name of every check with the check, which answers with what it saw."""
        told = self._told
        yield "health", self.health
        yield ("open" if told.open else "no token, no answer"), self.anonymous
        yield "engine's own door", self.webhooks
        if told.token is not None:
            yield "token", self.authorised
        if told.task is not None:
            yield f"run of {told.task}", self.run

    def health(self) -> str:
        """Wait for the app to answer; right after a deployment it may take minutes."""
        return self._until(self._healthy)

    def anonymous(self) -> str:
        """Ask for runs as nobody."""
        answer = self._ask("GET", "/task-runs?limit=1", token=None)
        _expect(answer, 200 if self._told.open else 401)
        return f"{answer.status_code}"

    def webhooks(self) -> str:
        """Ask the durable engine's webhook without its key."""
        root = httpx.URL(self._told.url).join("/runtime/webhooks/durabletask/instances")
        answer = self._send("GET", str(root), token=None)
        if answer.is_success:
            raise CheckFailed(f"{root.path} answers {answer.status_code} without a key")
        return f"{answer.status_code}"

    def authorised(self) -> str:
        """Ask for runs with the token."""
        answer = self._ask("GET", "/task-runs?limit=1", token=self._told.token)
        if answer.status_code == 403:
            raise CheckFailed("403: the token is accepted but its holder has no app role")
        _expect(answer, 200)
        return "200"

    def run(self) -> str:
        """Start a run of the task and wait for its outcome."""
        path = f"/tasks/{quote(self._told.task or '', safe='')}/run"
        answer = self._ask("POST", path, token=self._told.token, body={})
        _expect(answer, 202)
        run_id = answer.json()["runId"]
        return self._until(lambda: self._succeeded(run_id))

    def _healthy(self) -> str | None:
        try:
            answer = self._ask("GET", "/health", token=None)
        except CheckFailed as failure:
            return self._later(str(failure))
        if answer.status_code >= 500:
            return self._later(f"{answer.status_code}")
        _expect(answer, 200)
        if _json(answer).get("status") != "ok":
            raise CheckFailed("the answer is not that of Polysync: is it the address with /api?")
        return "200"

    def _succeeded(self, run_id: str) -> str | None:
        answer = self._ask("GET", f"/task-runs/{run_id}", token=self._told.token)
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

    def _ask(
        self, method: str, path: str, *, token: str | None, body: Any = None
    ) -> httpx.Response:
        return self._send(method, self._told.url + path, token=token, body=body)

    def _send(
        self, method: str, url: str, *, token: str | None, body: Any = None
    ) -> httpx.Response:
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        try:
            return self._http.request(method, url, headers=headers, json=body)
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
    token = variables.get("POLYSYNC_TOKEN") or None
    url = _address(told.url, parser)
    if told.open and not _is_loopback(url.host):
        parser.error("--open is for this machine: what is deployed must ask for a token")
    if told.task and not (token or told.open):
        parser.error("--task needs the token of an operator in POLYSYNC_TOKEN")
    return Told(
        url=str(url).rstrip("/"),
        token=token,
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
