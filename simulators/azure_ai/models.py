"""Simulates OpenAI chat completions and embeddings; a deployment's script sets the response."""

from __future__ import annotations

import base64
import re
import struct
import time
import uuid
from typing import Any

from aiohttp import web

from simulators.azure_ai.state import SERVICE, check_fields, read_body
from simulators.serving import Refusal

FORBIDDEN = "forbidden words"
"""A prompt with this text is refused by the content filter."""
CHAT_FIELDS = frozenset(
    {
        *("model", "messages", "max_tokens", "max_completion_tokens", "temperature", "top_p"),
        *("stop", "seed", "user", "response_format", "reasoning_effort", "tools", "tool_choice"),
        *("presence_penalty", "frequency_penalty", "logit_bias", "logprobs", "n", "stream"),
        *("metadata", "store", "verbosity", "parallel_tool_calls"),
    }
)
_EMBEDDING_FIELDS = frozenset({"model", "input", "encoding_format", "dimensions", "user"})
_REASONS = re.compile(r"o[134]|gpt-5")
"""Models that accept neither `max_tokens` nor a temperature."""
_OLD = re.compile(r"gpt-35|mistral", re.IGNORECASE)
"""Models that know `max_tokens` only."""


async def complete_chat(request: web.Request) -> web.Response:
    """Answer a chat completion with the scripted text."""
    body = await read_body(request)
    check_fields(body, CHAT_FIELDS, ["messages"])
    name, script = _deployment(request, body)
    if _is_embedding(script):
        raise _not_supported("chatCompletion", script)
    _check_limits(body, script["model"])
    texts = [str(each.get("content")) for each in body["messages"]]
    if any(FORBIDDEN in text for text in texts):
        return web.json_response(_filtered(), status=400)
    prompt = sum(len(text.split()) for text in texts)
    answer = script.get("answer", f"Echo: {texts[-1]}")
    _record(request, name)
    return web.json_response(
        {
            "id": f"chatcmpl-{uuid.uuid4().hex}",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": script["model"],
            "choices": [
                {
                    "index": 0,
                    "message": {
                        "role": "assistant",
                        "content": answer,
                        "refusal": script.get("refusal"),
                    },
                    "finish_reason": script.get("finish_reason", "stop"),
                    "logprobs": None,
                }
            ],
            "usage": _usage(prompt, completion_tokens=len((answer or "").split())),
        }
    )


async def embed(request: web.Request) -> web.Response:
    """Answer with a vector for each text."""
    body = await read_body(request)
    check_fields(body, _EMBEDDING_FIELDS, ["input"])
    name, script = _deployment(request, body)
    if not _is_embedding(script):
        raise _not_supported("embeddings", script)
    texts = body["input"] if isinstance(body["input"], list) else [body["input"]]
    length = body.get("dimensions") or script.get("dimensions", 4)
    vectors = [[round(0.5 / (index + 1), 6) for index in range(length)] for _ in texts]
    _record(request, name)
    return web.json_response(
        {
            "object": "list",
            "model": script["model"],
            "data": [
                {
                    "object": "embedding",
                    "index": index,
                    "embedding": _packed(each) if body.get("encoding_format") == "base64" else each,
                }
                for index, each in enumerate(vectors)
            ],
            "usage": _usage(sum(len(str(text).split()) for text in texts)),
        }
    )


async def list_models(request: web.Request) -> web.Response:
    """Answer with the models that the account may use."""
    data = [{"id": name, "object": "model"} for name in ("gpt-4o", "text-embedding-3-large")]
    return web.json_response({"object": "list", "data": data})


def _deployment(request: web.Request, body: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    name = request.match_info.get("deployment") or body.get("model")
    script = request.app[SERVICE].script("deployments", name)
    if script is None:
        raise Refusal(
            404, "DeploymentNotFound", "The API deployment for this resource does not exist."
        )
    return str(name), script


def _is_embedding(script: dict[str, Any]) -> bool:
    return "embedding" in script["model"]


def _check_limits(body: dict[str, Any], model: str) -> None:
    if "max_tokens" in body and _REASONS.match(model):
        raise _unsupported("max_tokens", "unsupported_parameter", "max_completion_tokens")
    if "max_completion_tokens" in body and _OLD.match(model):
        raise Refusal(
            400,
            "invalid_request_error",
            "Unrecognized request argument supplied: max_completion_tokens",
        )
    if body.get("temperature", 1) != 1 and _REASONS.match(model):
        raise _unsupported("temperature", "unsupported_value", "the default")


class FieldRefusal(Refusal):
    """Refuses one field of a request."""

    def __init__(self, field: str, code: str, message: str) -> None:
        super().__init__(400, code, message)
        self.field = field


def _unsupported(field: str, code: str, use: str) -> FieldRefusal:
    text = f"Unsupported: '{field}' is not supported with this model. Use {use} instead."
    return FieldRefusal(field, code, text)


def _not_supported(operation: str, script: dict[str, Any]) -> Refusal:
    text = f"The {operation} operation does not work with the specified model, {script['model']}."
    return Refusal(400, "OperationNotSupported", text)


def _filtered() -> dict[str, Any]:
    return {
        "error": {
            "message": "The response was filtered due to the prompt triggering the policy.",
            "type": None,
            "param": "prompt",
            "code": "content_filter",
            "status": 400,
            "innererror": {
                "code": "ResponsibleAIPolicyViolation",
                "content_filter_result": {"hate": {"filtered": True, "severity": "high"}},
            },
        }
    }


def _usage(prompt: int, **others: int) -> dict[str, int]:
    return {"prompt_tokens": prompt, **others, "total_tokens": prompt + sum(others.values())}


def _packed(vector: list[float]) -> str:
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()


def _record(request: web.Request, name: str) -> None:
    token = request.headers.get("x-ms-client-request-id")
    request.app[SERVICE].record(token, f"{name}/{token}")
