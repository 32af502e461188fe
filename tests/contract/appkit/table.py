"""The types of the conformance table: rows, requests and differences."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

type Observed = dict[str, Any]
"""An answer in comparable form; see `observation.observe`."""

QUICK = "quick"
"""A notebook that ends at once."""
LONG = "long"
"""A notebook that runs until it is cancelled."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """The configuration of a row's job, the same for both servers."""

    task_type: str | None = "notebook"
    schema: str | None = None
    wait_timeout: int | None = None
    """Milliseconds."""
    variable: str = "{id}"
    """The value of the job's environment variable."""
    notebook: str = QUICK
    name: str | None = None
    """The name of the job, if the row needs a certain one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request.

    Its path and headers may contain `{job}`, `{run}`, `{task_run}`, `{other_run}` and `{event}`:
    `run` is the newest run of the row, `other_run` a run of another job, and `event` the newest
    event.
    """

    method: str = "GET"
    path: str
    """The encoded path below `/api/jobs`."""
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    faults: tuple[Mapping[str, Any], ...] = ()
    """The faults of the simulator during the request."""
    after: str | None = None
    """Wait until all runs of the row have this state: `RUNNING` or `TERMINATED`."""
    last_event_only: bool = False
    """For streams with a random number of events."""
    keeps_token: bool = False
    """Compare the idempotency token too."""


class Has:
    """Equals every value that contains at least this part."""

    def __init__(self, part: Any) -> None:
        self.part = part

    def __eq__(self, other: object) -> bool:
        return _holds(other, self.part)

    def __hash__(self) -> int:
        return hash(repr(self))

    def __repr__(self) -> str:
        return f"Has({self.part!r})"


def _holds(whole: Any, part: Any) -> bool:
    match part:
        case dict():
            return isinstance(whole, dict) and all(
                name in whole and _holds(whole[name], value) for name, value in part.items()
            )
        case list():
            return (
                isinstance(whole, list)
                and len(whole) == len(part)
                and all(map(_holds, whole, part))
            )
        case _:
            return whole == part


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """An intended difference.

    `parts` has the original's and Polysync's answer, by the index of the request in its row and
    the part of the answer. All other parts must be equal.
    """

    title: str
    reason: str
    """Sentences for the page of the differences."""
    parts: Mapping[int, Mapping[str, tuple[Any, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Requests with equal answers of both servers, except for an intended difference."""

    name: str
    requests: tuple[Request, ...]
    setup: Setup = Setup()
    differs: Difference | None = None
    short_timeout: bool = False
    """Send the requests to the servers with a short time-out."""

    def parts(self, index: int) -> Mapping[str, tuple[Any, Any]]:
        """Return the differences in the answer to one of the requests."""
        return self.differs.parts.get(index, {}) if self.differs else {}


JSON = {"Content-Type": "application/json"}


def run(params: object = ..., *, query: str = "", **more: Any) -> Request:
    """Return a request that starts a run, with `params` if given."""
    body = b"{}" if params is ... else json.dumps({"params": params}).encode()
    return raw_run(body, query=query, **more)


def raw_run(
    body: bytes | None, *, query: str = "", headers: Mapping[str, str] = JSON, **more: Any
) -> Request:
    """Return a request that starts a run with exactly this body."""
    return Request(method="POST", path=f"/{{job}}/run{query}", body=body, headers=headers, **more)


def stream(params: object = ..., **more: Any) -> Request:
    """Return a request that starts and streams a run."""
    return run(params, query="?stream=true", **more)


def read(path: str = "/runs/{run}", **more: Any) -> Request:
    """Return a request that reads from the row's job."""
    return Request(path=f"/{{job}}{path}", **more)


def cancel(run_id: str = "{run}", **more: Any) -> Request:
    """Return a request that cancels a run of the row's job."""
    return Request(method="DELETE", path=f"/{{job}}/runs/{run_id}", **more)


def row(name: str, *requests: Request, **more: Any) -> Row:
    """Return a row with a name and requests."""
    return Row(name=name, requests=requests, **more)
