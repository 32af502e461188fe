"""The record of a refused message shows no value that may be a secret."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from polysync_core.application.runs.run_requests import poison_request
from tests.security.secrets.authority import App

SECRET = "hunter2-canary-Pa55"


@pytest.mark.parametrize(
    "content",
    [
        {"task": "task", "parameters": {"key": SECRET}},
        {"task": "task", "parameters": {"key": f"vault://{SECRET} x"}},
        {"task": "task", "parameters": {"text": f"${{{SECRET}}}"}},
        {"task": "task", "parameters": {"text": f"a ${{run.id}} ${{{SECRET}}} b"}},
        {"task": "task", "parameters": {"list": SECRET}},
        {"task": "task", "parameters": {"data": {"a": [SECRET]}}, "priority": "high"},
        {"task": "task", "parameters": [SECRET]},
        {"task": "task", "parameters": SECRET},
        {"task": "task", "password": SECRET},
        {"task": "task", "priority": f"{SECRET} !"},
        {"task": f"my {SECRET}"},
        {"task": [SECRET]},
        {"task": {"name": SECRET}},
        {"task": "task", "idempotencyKey": [SECRET]},
        {"task": "absent", "parameters": {"text": SECRET}},
        [SECRET],
        SECRET,
        f'{{"task": "task", "parameters": {{"key": "{SECRET}",}}}}',
        f'{{"task": "task", "parameters": {{"key": "{SECRET}", "key": "{SECRET}"}}}}',
        f'{{"task": "task", "parameters": {{"key": "{SECRET}", "n": NaN}}}}',
        f"task=task&key={SECRET}",
        f"<message><key>{SECRET}</key></message>",
    ],
)
def test_a_refused_message_keeps_no_secret(content: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    app = App()
    raw = isinstance(content, str) and content is not SECRET
    data = (content if raw else json.dumps(content)).encode()

    app.services.run_requests.accept("m", data, app.engine)

    (refused,) = app.queues["run-requests-poison"].sent
    shown = poison_request("p", refused.text.encode())
    assert SECRET not in refused.text
    assert shown.reason
    assert SECRET not in str([vars(record) for record in caplog.records])
    # The host moves a message unchanged after five failures.
    assert SECRET not in str(poison_request("p", data))


def test_the_record_names_the_fields_and_the_fault() -> None:
    app = App()
    content = {"task": "task", "idempotencyKey": "k-1", "parameters": {"nokey": SECRET}}

    app.services.run_requests.accept("m", json.dumps(content).encode(), app.engine)

    shown = poison_request("p", app.queues["run-requests-poison"].sent[0].text.encode())
    assert "parameters.nokey" in shown.reason
    assert json.loads(shown.payload) == {
        "task": "task",
        "idempotencyKey": "k-1",
        "parameters": {"nokey": "(not shown)"},
    }
