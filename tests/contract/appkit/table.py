"""What a row of the conformance table is made of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

type Observed = dict[str, Any]
"""An answer as it is compared: see `observing.observe`."""

QUICK = "quick"
"""A notebook that ends at once."""
LONG = "long"
"""A notebook that goes on until it is stopped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """How the job of a row is configured, on both sides alike."""

    task_type: str | None = "notebook"
    schema: str | None = None
    wait_timeout: int | None = None
    """Milliseconds."""
    variable: str = "{id}"
    """What the environment variable of the job says."""
    notebook: str = QUICK
    key: str = ""
    """Where it matters what the key is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One request.

    In its path and headers `{key}`, `{run}`, `{task_run}`, `{other_run}` and `{event}` are filled
    in: `run` is the newest run of the row, `other_run` one of another job, and `event` the newest
    event.
    """

    method: str = "GET"
    path: str
    """Below `/api/jobs`, as it goes over the wire."""
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    faults: tuple[Mapping[str, Any], ...] = ()
    """What goes wrong at Databricks meanwhile."""
    after: str | None = None
    """The state of all runs of the row that is waited for before: `RUNNING`, `TERMINATED`."""
    last_event_only: bool = False
    """For streams whose number of events is up to chance."""
    keeps_token: bool = False
    """Whether an idempotency token counts; it is left out of the comparison otherwise."""


class Has:
    """Equal to whatever holds at least this: for answers of which a part is told."""

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
    """A difference that is wanted.

    `parts` holds, by the place of a request in its row and the part of its answer, what the
    original answers and what Polysync must answer in its place. All other parts must agree.
    """

    title: str
    reason: str
    """Whole sentences for the page of the differences."""
    parts: Mapping[int, Mapping[str, tuple[Any, Any]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """Requests that both must answer alike, up to a difference that is wanted."""

    name: str
    asks: tuple[Ask, ...]
    setup: Setup = Setup()
    differs: Difference | None = None
    impatient: bool = False
    """Whether it is asked of servers that give Databricks little time."""

    def parts(self, place: int) -> Mapping[str, tuple[Any, Any]]:
        """Return what differs in the answer to one of the requests."""
        return self.differs.parts.get(place, {}) if self.differs else {}


JSON = {"Content-Type": "application/json"}


def run(params: object = ..., *, query: str = "", **more: Any) -> Ask:
    """Return a request for a run; with no `params`, none are given."""
    body = b"{}" if params is ... else json.dumps({"params": params}).encode()
    return raw_run(body, query=query, **more)


def raw_run(
    body: bytes | None, *, query: str = "", headers: Mapping[str, str] = JSON, **more: Any
) -> Ask:
    """Return a request for a run with exactly this body."""
    return Ask(method="POST", path=f"/{{key}}/run{query}", body=body, headers=headers, **more)


def stream(params: object = ..., **more: Any) -> Ask:
    """Return a request for a run whose progress is streamed."""
    return run(params, query="?stream=true", **more)


def read(path: str = "/runs/{run}", **more: Any) -> Ask:
    """Return a request that reads something of the row's job."""
    return Ask(path=f"/{{key}}{path}", **more)


def cancel(run_id: str = "{run}", **more: Any) -> Ask:
    """Return a request that cancels a run of the row's job."""
    return Ask(method="DELETE", path=f"/{{key}}/runs/{run_id}", **more)


def row(name: str, *asks: Ask, **more: Any) -> Row:
    """Return a row, its name first."""
    return Row(name=name, asks=asks, **more)
