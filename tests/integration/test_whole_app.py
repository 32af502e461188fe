"""Tests the whole app on the official worker: triggers, access keys and the smoke test."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from polysync_core.domain.security.access_keys import new_access_key
from polysync_core.domain.security.roles import Role
from tests.faults.local_system import TOKEN, LocalSystem, has_ended
from tests.integration.copilot import copilot
from tests.integration.devhost.host_process import ROOT, eventually
from tests.integration.whole_app import OPERATOR_KEY, READER_KEY

pytestmark = [pytest.mark.devhost, pytest.mark.azurite]

SNAPSHOT = Path(__file__).with_name("functions.json")
STEPS = ("reconcile", "schedules", "gates")


def test_every_type_of_trigger_is_invoked(system: LocalSystem) -> None:
    # First, for it waits until two queues are looked at again.
    _send_no_delivery(system)
    invoked = {
        "httpTrigger": _answers_health(system),
        "timerTrigger": _has_ticked(system),
        # One after the other: the entity starts the orchestration, and that the activities.
        **dict.fromkeys(
            ("entityTrigger", "orchestrationTrigger", "activityTrigger"), _runs(system)
        ),
        **asyncio.run(_serves_mcp(system)),
        "queueTrigger": _stores_poison_messages(system),
    }

    functions = json.loads(SNAPSHOT.read_text())
    triggers = {
        binding["type"]
        for bindings in functions.values()
        for binding in bindings
        if binding["type"].endswith("Trigger")
    }
    assert invoked == dict.fromkeys(triggers, True)
    errors = [line for line in system.host.log_text().splitlines() if " ERROR " in line]
    assert [line for line in errors if "recorded as a poison message" not in line] == []


def test_the_smoke_test_passes(system: LocalSystem) -> None:
    checked = _smoke(system, "--open", "--task", "nap")

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert [line[:4] for line in checked.stdout.splitlines()] == ["ok  "] * 5


def test_the_smoke_test_fails_if_the_app_requires_no_sign_in(system: LocalSystem) -> None:
    checked = _smoke(system)

    assert checked.returncode == 1
    assert "FAIL  request without a token: 200 where 401 was expected" in checked.stdout


def test_the_key_of_a_machine_opens_what_its_role_allows(system: LocalSystem) -> None:
    asked = ["run", "nap", "-p", "seconds=0.1", "--follow"]

    assert _polysync(system, READER_KEY, "runs").returncode == 0
    refused = _polysync(system, READER_KEY, *asked)
    ran = _polysync(system, OPERATOR_KEY, *asked)
    unknown = _polysync(system, new_access_key("nightly-ci", Role.OPERATOR)[0], "runs")

    assert (refused.returncode, ran.returncode, unknown.returncode) == (1, 0, 1)
    assert "This request needs the app role Polysync.Operator" in refused.stderr
    assert "the access key is unknown" in unknown.stderr
    changes = system.host.get("/audit")["items"]
    by_key = [each["path"] for each in changes if each["actor"] == "key:nightly-ci"]
    assert by_key == ["/tasks/nap/run"]
    output = json.dumps(changes) + system.host.log_text() + ran.stdout + ran.stderr
    assert [key for key in (READER_KEY, OPERATOR_KEY) if key in output] == []


def test_a_reader_sees_the_error_of_a_notebook_without_the_secrets_of_its_platform(
    system: LocalSystem,
) -> None:
    ran = _polysync(system, OPERATOR_KEY, "run", "flaky", "-p", f"key={TOKEN}", "--follow")
    logs = _polysync(system, READER_KEY, "logs", "@flaky")

    assert (ran.returncode, logs.returncode) == (1, 0), logs.stderr
    assert "RuntimeError: Run 1 of (holds a secret) fails on request." in logs.stdout
    assert "Traceback" in logs.stdout
    assert TOKEN not in logs.stdout + logs.stderr


def _smoke(system: LocalSystem, *options: str) -> subprocess.CompletedProcess[str]:
    return _call(system, ["scripts/smoke.py", _url(system), "--timeout", "60", *options])


def _polysync(system: LocalSystem, key: str, *options: str) -> subprocess.CompletedProcess[str]:
    return _call(system, ["-m", "polysync_core.cli", *options], POLYSYNC_KEY=key)


def _call(
    system: LocalSystem, arguments: list[str], **variables: str
) -> subprocess.CompletedProcess[str]:
    usual = {name: text for name, text in os.environ.items() if name != "POLYSYNC_TOKEN"}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=ROOT,
        env=usual | {"POLYSYNC_URL": _url(system)} | variables,
        capture_output=True,
        text=True,
        timeout=120,
    )


def _url(system: LocalSystem) -> str:
    return f"http://127.0.0.1:{system.host.port}/api"


def _answers_health(system: LocalSystem) -> bool:
    return system.host.get("/health") == {"status": "ok"}


def _has_ticked(system: LocalSystem) -> bool:
    """Both steps of the tick, which development makes at the start, have been measured."""

    def measured() -> bool:
        lines = system.host.http.get("/metrics").raise_for_status().text.splitlines()
        done = [line for line in lines if "tick_duration" in line and 'outcome="done"' in line]
        return all(any(f'step="{step}"' in line for line in done) for step in STEPS)

    return eventually(measured, within=30)


def _send_no_delivery(system: LocalSystem) -> None:
    system.host.queue("webhook-deliveries").send_message("no delivery")


def _stores_poison_messages(system: LocalSystem) -> bool:
    """An invalid delivery calls the function of the queue and that of its poison queue."""

    def kept() -> bool:
        return [m["payload"] for m in system.host.get("/poison-messages")["items"]] == [
            "no delivery"
        ]

    return eventually(kept, within=30)


async def _serves_mcp(system: LocalSystem) -> dict[str, bool]:
    async with copilot(system) as client:
        found = await client.call_tool("search_documentation", {"query": "cron"})
        document = await client.read_resource("polysync://definitions")
        prompt = await client.get_prompt("move_pipeline_here", {"platform": "p", "pipeline": "x"})
    return {
        "mcpToolTrigger": not found.is_error,
        "mcpResourceTrigger": "name: nap" in document.contents[0].text,
        "mcpPromptTrigger": "list_platform_pipelines" in prompt.messages[0].content.text,
    }


def _runs(system: LocalSystem) -> bool:
    (run,) = system.wait_for([system.run(0.1)], has_ended, within=60)
    return run["status"] == "Succeeded"
