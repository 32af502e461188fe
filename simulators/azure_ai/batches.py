"""Simulates OpenAI batches; the script of an input file sets the outcome."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulators.azure_ai.state import (
    SERVICE,
    STOPPING,
    Work,
    check_fields,
    check_metadata,
    page,
    read_body,
)
from simulators.serving import Refusal

_FIELDS = frozenset({"input_file_id", "endpoint", "completion_window", "metadata"})
_PATHS = ("/chat/completions", "/embeddings", "/responses")


async def create_batch(request: web.Request) -> web.Response:
    """Start a batch of an input file."""
    service, body = request.app[SERVICE], await read_body(request)
    check_fields(body, _FIELDS, ["input_file_id", "endpoint", "completion_window"])
    script = service.script("files", body["input_file_id"])
    if script is None:
        raise Refusal(400, "invalid_request_error", "The input file was not found.")
    version = "/v1" if request.path.startswith("/openai/v1/") else ""
    if body["endpoint"] not in {f"{version}{each}" for each in _PATHS}:
        raise Refusal(400, "invalid_request_error", "The endpoint is not supported.")
    if body["completion_window"] != "24h":
        raise Refusal(400, "invalid_request_error", "The completion window must be 24h.")
    metadata = check_metadata(body)
    batch = service.start("batches", "batch", script, **{**body, "metadata": metadata})
    service.record(metadata.get("polysync_attempt"), batch.id)
    return web.json_response(_as_json(batch))


async def list_batches(request: web.Request) -> web.Response:
    """Answer with a page of the batches, newest first."""
    return page(request, [_as_json(each) for each in request.app[SERVICE].newest("batches")])


async def get_batch(request: web.Request) -> web.Response:
    """Answer with one batch."""
    return web.json_response(_as_json(_batch(request)))


async def cancel_batch(request: web.Request) -> web.Response:
    """Stop a batch."""
    batch = _batch(request)
    batch.stop()
    return web.json_response(_as_json(batch))


def _batch(request: web.Request) -> Work:
    return request.app[SERVICE].find("batches", request.match_info["batch"])


def _as_json(batch: Work) -> dict[str, Any]:
    state, script = batch.state(), batch.script
    total, failed = script.get("total", 2), script.get("failed", 0)
    end = batch.stopped + STOPPING if batch.stopped else batch.started + script.get("seconds", 0.05)
    ended: dict[str, int | None] = {
        f"{each}_at": None for each in ("completed", "failed", "expired", "cancelled")
    }
    if batch.outcome is not None:
        ended[f"{state}_at"] = int(end)
    is_done = state in {"completed", "expired"}
    return {
        "id": batch.id,
        "object": "batch",
        **batch.facts,
        "status": state,
        "created_at": int(batch.started),
        "in_progress_at": int(batch.started),
        "expires_at": int(batch.started) + 86_400,
        **ended,
        "errors": {"object": "list", "data": script["errors"]} if state == "failed" else None,
        "output_file_id": script.get("output", "file-output") if is_done else None,
        "error_file_id": "file-errors" if is_done and failed else None,
        "request_counts": {
            "total": total,
            "completed": total - failed if is_done else 0,
            "failed": failed if is_done else 0,
        },
    }
