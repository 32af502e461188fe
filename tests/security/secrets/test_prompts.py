"""A secret in a prompt reaches the model, and is neither stored nor logged."""

from __future__ import annotations

import json
import logging
from functools import partial
from typing import Any

import pytest

from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.outbound.call_budget import RetryTimer
from polysync_core.platforms import platform_client, registry
from tests.fakes.app import FakeApp
from tests.fakes.http import Reply, ScriptedTransport

CANARY = "s3cr3t-canary-41c2"
KEY = "model-key-canary-77aa"


def document(job_type: str, **settings: Any) -> dict[str, Any]:
    return {
        "vaults": [
            {
                "name": "team",
                "provider": "AzureKeyVault",
                "attributes": {"vaultUrl": "https://team.vault.azure.net"},
            }
        ],
        "platforms": [
            {
                "name": "models",
                "type": "AzureOpenAI",
                "auth": {"method": "ApiKey", "apiKey": "vault://team/model-key"},
                "attributes": {"accountUrl": "https://sales-ai.openai.azure.com"},
            }
        ],
        "jobs": [
            {
                "name": "summary",
                "platform": "models",
                "jobType": job_type,
                "externalId": "chat",
                "parameters": [{"name": "customer", "dataType": "Secret"}],
                "settings": settings,
            }
        ],
        "tasks": [
            {
                "name": "daily",
                "job": "summary",
                "parameters": {"customer": "vault://team/customer"},
            }
        ],
    }


@pytest.mark.parametrize(
    "reply",
    [
        pytest.param(
            Reply.json(
                {
                    "choices": [
                        {
                            "message": {"content": f"Dear {CANARY}, {KEY}"},
                            "finish_reason": "stop",
                        }
                    ],
                    "usage": {"total_tokens": 9},
                }
            ),
            id="an answer that repeats it",
        ),
        pytest.param(
            Reply.json({"error": {"code": "content_filter", "message": f"no {CANARY}"}}, 400),
            id="a refusal that quotes it",
        ),
        pytest.param(Reply(500, f"<h1>{CANARY} {KEY}</h1>".encode()), id="a page that quotes it"),
    ],
)
def test_a_secret_of_a_prompt_stays_in_the_call(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, reply: Reply
) -> None:
    transport = ScriptedTransport([reply])
    monkeypatch.setattr(platform_client, "shared_transport", lambda scope: transport)
    monkeypatch.setattr(RetryTimer, "next_pause", lambda *_: None)
    app = FakeApp(open_connector=partial(registry.open_connector, allow_loopback=False))
    app.vaults.values |= {"team/model-key": KEY, "team/customer": CANARY}
    prompt = document("OpenAIChatCompletion", userPrompt="Greet {parameters.customer}.")
    applied = app.http.put("/api/definitions", json=prompt)
    assert applied.status_code == 200, applied.text
    run_id = app.http.post("/api/tasks/daily/run", json={}).json()["runId"]

    with caplog.at_level(logging.DEBUG):
        app.services.attempt_steps.submit(run_id, 1, AttemptMemo())

    assert f"Greet {CANARY}." in (transport.requests[0].body or b"").decode()
    run = app.http.get(f"/api/task-runs/{run_id}").json()
    assert run["status"] == ("Succeeded" if reply.status == 200 else "Failed")
    history = app.http.get(f"/api/task-runs/{run_id}/history").text
    for text in (json.dumps(run), history, caplog.text):
        assert CANARY not in text
        assert KEY not in text
