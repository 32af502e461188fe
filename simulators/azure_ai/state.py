"""Stores scripts, runs and batches of the Azure AI simulator, and checks request fields."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import web

from simulators.serving import Refusal

STOPPING = 0.05
"""The seconds until stopped work has ended."""


@dataclass(slots=True, kw_only=True)
class Work:
    """Work whose state follows from the elapsed time."""

    id: str
    script: Mapping[str, Any]
    """`outcome` is the last state, or null for work that never ends; `seconds` its duration."""
    facts: dict[str, Any] = field(default_factory=dict)
    """The facts of the request."""
    started: float = field(default_factory=time.time)
    stopped: float | None = None

    @property
    def outcome(self) -> str | None:
        """The last state, if the work has ended."""
        now = time.time()
        if self.stopped is not None:
            return "cancelled" if now >= self.stopped + STOPPING else None
        outcome = self.script.get("outcome", "completed")
        return outcome if now >= self.started + self.script.get("seconds", 0.05) else None

    def state(self, *, running: str = "in_progress") -> str:
        """Return the state of the work now."""
        return self.outcome or ("cancelling" if self.stopped is not None else running)

    def stop(self) -> None:
        """Ask the work to stop; refuse for work that has ended."""
        if self.outcome is not None:
            raise Refusal(400, "invalid_request_error", f"The run is {self.outcome}: it has ended.")
        self.stopped = self.stopped or time.time()


class Service:
    """The deployments, files and work of one account."""

    def __init__(self, data: Path, *, page_size: int) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.page_size = page_size
        self.scripts: dict[str, dict[str, dict[str, Any]]] = {}
        """The scripts of artefacts by kind and name, such as `deployments`."""
        self.work: dict[str, dict[str, Work]] = {}
        """The started work by kind and id."""
        self._submissions = (data / "submissions.jsonl").open("a", encoding="utf-8")

    def script(self, kind: str, name: object) -> dict[str, Any] | None:
        """Return the script of an artefact."""
        return self.scripts.get(kind, {}).get(str(name))

    def start(self, kind: str, prefix: str, script: Mapping[str, Any], **facts: Any) -> Work:
        """Start work; a script may name its id, such as `thread_id`."""
        name = str(script.get(f"{prefix}_id") or f"{prefix}_{uuid.uuid4().hex}")
        work = Work(id=name, script=script, facts=facts)
        self.work.setdefault(kind, {})[work.id] = work
        return work

    def find(self, kind: str, run_id: str) -> Work:
        """Return started work."""
        found = self.work.get(kind, {}).get(run_id)
        if found is None:
            raise Refusal(404, "not_found", f"No {kind} was found with id '{run_id}'.")
        return found

    def newest(self, kind: str) -> list[Work]:
        """Return the started work, newest first."""
        return sorted(self.work.get(kind, {}).values(), key=lambda work: -work.started)

    def record(self, token: object, run_id: str) -> None:
        """Write a line about accepted work."""
        self._submissions.write(json.dumps({"token": token, "run_id": run_id}) + "\n")
        self._submissions.flush()

    def close(self) -> None:
        """Close the file of started work."""
        self._submissions.close()


SERVICE = web.AppKey("service", Service)


async def read_body(request: web.Request) -> dict[str, Any]:
    """Return the JSON object of a request."""
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "invalid_request_error", "The body is not a JSON object.")
    return body


def check_fields(body: Mapping[str, Any], known: Iterable[str], required: Iterable[str]) -> None:
    """Refuse unknown and missing fields, as the API does."""
    for name in body:
        if name not in known:
            raise Refusal(
                400, "invalid_request_error", f"Unrecognized request argument supplied: {name}"
            )
    for name in required:
        if body.get(name) in (None, "", []):
            raise Refusal(400, "invalid_request_error", f"'{name}' is a required property")


def check_metadata(body: Mapping[str, Any]) -> dict[str, str]:
    """Return the metadata of a request, within the limits of the API."""
    metadata = body.get("metadata") or {}
    if len(metadata) > 16 or any(
        not isinstance(value, str) or len(name) > 64 or len(value) > 512
        for name, value in metadata.items()
    ):
        raise Refusal(400, "invalid_request_error", "The metadata has 16 short texts at most.")
    return dict(metadata)


def page(request: web.Request, entries: list[dict[str, Any]]) -> web.Response:
    """Answer with a page of a list, by the cursor `after`."""
    size = min(int(request.query.get("limit", "20")), request.app[SERVICE].page_size)
    after, ids = request.query.get("after"), [each["id"] for each in entries]
    if after is not None and after not in ids:
        raise Refusal(400, "invalid_request_error", f"No entry was found with id '{after}'.")
    first = ids.index(after) + 1 if after is not None else 0
    shown = entries[first : first + size]
    return web.json_response(
        {
            "object": "list",
            "data": shown,
            "first_id": shown[0]["id"] if shown else None,
            "last_id": shown[-1]["id"] if shown else None,
            "has_more": first + size < len(entries),
        }
    )
