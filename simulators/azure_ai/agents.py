"""Simulates the Foundry Agents API; the script of an agent sets run outcomes."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from aiohttp import web

from simulators.azure_ai.state import (
    SERVICE,
    Work,
    check_fields,
    check_metadata,
    page,
    read_body,
)
from simulators.serving import Refusal

_RUN_FIELDS = frozenset(
    {
        *("assistant_id", "metadata", "additional_messages", "instructions"),
        *("additional_instructions", "model", "tools", "temperature", "top_p", "stream"),
        *("max_prompt_tokens", "max_completion_tokens", "tool_choice", "response_format"),
        *("parallel_tool_calls", "truncation_strategy"),
    }
)


def agent_routes(project: str) -> list[web.RouteDef]:
    """Return the routes of the Agents API below a project."""
    run = f"{project}/threads/{{thread}}/runs/{{run}}"
    return [
        web.get(f"{project}/assistants", _list_agents),
        web.get(f"{project}/assistants/{{agent}}", _get_agent),
        web.get(f"{project}/threads", _list_threads),
        web.post(f"{project}/threads", _create_thread),
        web.post(f"{project}/threads/runs", _create_thread_and_run),
        web.post(f"{project}/threads/{{thread}}/runs", _create_run),
        web.get(f"{project}/threads/{{thread}}/runs", _list_runs),
        web.get(run, _get_run),
        web.post(f"{run}/cancel", _cancel_run),
        web.get(f"{project}/threads/{{thread}}/messages", _list_messages),
    ]


async def _list_agents(request: web.Request) -> web.Response:
    scripts = request.app[SERVICE].scripts.get("agents", {})
    return page(request, [_agent(name, script) for name, script in sorted(scripts.items())])


async def _get_agent(request: web.Request) -> web.Response:
    name = request.match_info["agent"]
    return web.json_response(_agent(name, _script(request, name)))


async def _list_threads(request: web.Request) -> web.Response:
    return page(request, [_thread_json(each) for each in request.app[SERVICE].newest("threads")])


async def _create_thread(request: web.Request) -> web.Response:
    return web.json_response(_thread_json(_new_thread(request, await read_body(request))))


async def _create_thread_and_run(request: web.Request) -> web.Response:
    body = await read_body(request)
    check_fields(body, {*_RUN_FIELDS, "thread"} - {"additional_messages"}, ["assistant_id"])
    script = _script(request, body["assistant_id"])
    check_metadata(body)
    thread = _new_thread(request, body.get("thread") or {}, script)
    return web.json_response(_run_json(_new_run(request, thread, script, body)))


async def _create_run(request: web.Request) -> web.Response:
    body = await read_body(request)
    check_fields(body, _RUN_FIELDS, ["assistant_id"])
    script, thread = _script(request, body["assistant_id"]), _thread(request)
    return web.json_response(_run_json(_new_run(request, thread, script, body)))


async def _list_runs(request: web.Request) -> web.Response:
    thread = _thread(request)
    runs = [each for each in request.app[SERVICE].newest("runs") if _is_in(each, thread.id)]
    return page(request, [_run_json(each) for each in runs])


async def _get_run(request: web.Request) -> web.Response:
    return web.json_response(_run_json(_run(request)))


async def _cancel_run(request: web.Request) -> web.Response:
    run = _run(request)
    run.stop()
    return web.json_response(_run_json(run))


async def _list_messages(request: web.Request) -> web.Response:
    thread = _thread(request)
    only = request.query.get("run_id")
    said = [
        _message(run.id, "assistant", run.script.get("response", "Hello."), thread.id, run)
        for run in request.app[SERVICE].newest("runs")
        if _is_in(run, thread.id) and run.outcome == "completed" and only in {None, run.id}
    ]
    asked = [
        _message(f"{thread.id}-{index}", "user", text, thread.id, None)
        for index, text in reversed([*enumerate(thread.facts["messages"])])
    ]
    return page(request, [*said, *([] if only else asked)])


def _script(request: web.Request, name: object) -> dict[str, Any]:
    script = request.app[SERVICE].script("agents", name)
    if script is None:
        raise Refusal(404, "not_found", f"No assistant found with id '{name}'.")
    return script


def _new_thread(
    request: web.Request, body: dict[str, Any], script: Mapping[str, Any] | None = None
) -> Work:
    check_fields(body, {"messages", "metadata", "tool_resources"}, [])
    texts = _texts(body.get("messages") or [])
    metadata = check_metadata(body)
    return request.app[SERVICE].start(
        "threads", "thread", script or {}, messages=texts, metadata=metadata
    )


def _new_run(
    request: web.Request, thread: Work, script: dict[str, Any], body: dict[str, Any]
) -> Work:
    service = request.app[SERVICE]
    metadata = check_metadata(body)
    thread.facts["messages"].extend(_texts(body.get("additional_messages") or []))
    facts = {"thread_id": thread.id, "assistant_id": body["assistant_id"], "metadata": metadata}
    run = service.start("runs", "run", script, **facts)
    service.record(metadata.get("polysync_attempt"), f"{thread.id}/{run.id}")
    return run


def _texts(messages: list[dict[str, Any]]) -> list[str]:
    if any(not str(each.get("content") or "").strip() for each in messages):
        raise Refusal(400, "invalid_request_error", "Message content must be non-empty.")
    return [str(each["content"]) for each in messages]


def _thread(request: web.Request) -> Work:
    return request.app[SERVICE].find("threads", request.match_info["thread"])


def _run(request: web.Request) -> Work:
    run = request.app[SERVICE].find("runs", request.match_info["run"])
    if not _is_in(run, request.match_info["thread"]):
        raise Refusal(404, "not_found", "The thread has no such run.")
    return run


def _is_in(run: Work, thread: str) -> bool:
    return run.facts["thread_id"] == thread


def _agent(name: str, script: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": name,
        "object": "assistant",
        "created_at": 1_760_000_000,
        "name": script.get("name", name),
        "description": None,
        "model": "gpt-4o",
        "instructions": "Help.",
        "tools": [],
        "metadata": {},
    }


def _thread_json(thread: Work) -> dict[str, Any]:
    return {
        "id": thread.id,
        "object": "thread",
        "created_at": int(thread.started),
        "metadata": thread.facts["metadata"],
        "tool_resources": {},
    }


def _run_json(run: Work) -> dict[str, Any]:
    state = run.state(running=run.script.get("running", "in_progress"))
    is_final = run.outcome is not None
    return {
        "id": run.id,
        "object": "thread.run",
        **run.facts,
        "status": state,
        "created_at": int(run.started),
        "started_at": int(run.started),
        "expires_at": int(run.started) + 600,
        "completed_at": int(run.started) + 1 if state == "completed" else None,
        "failed_at": int(run.started) + 1 if state == "failed" else None,
        "cancelled_at": int(run.started) + 1 if state == "cancelled" else None,
        "last_error": run.script.get("error") if state == "failed" else None,
        "incomplete_details": None,
        "required_action": None,
        "model": "gpt-4o",
        "instructions": "Help.",
        "tools": [],
        "usage": {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10}
        if is_final
        else None,
    }


def _message(name: str, role: str, text: str, thread: str, run: Work | None) -> dict[str, Any]:
    return {
        "id": f"msg_{uuid.uuid5(uuid.NAMESPACE_OID, name).hex}",
        "object": "thread.message",
        "created_at": 1_760_000_000,
        "thread_id": thread,
        "role": role,
        "content": [{"type": "text", "text": {"value": text, "annotations": []}}],
        "assistant_id": None if run is None else run.facts["assistant_id"],
        "run_id": None if run is None else run.id,
        "attachments": [],
        "metadata": {},
    }
