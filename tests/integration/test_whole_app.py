"""The app itself on the official worker: every trigger is invoked, and smoke.py finds it whole."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from azure.core.exceptions import ResourceExistsError

from tests.faults.stand import Stand, has_ended, stand
from tests.integration.devhost.host_process import ROOT, eventually

pytestmark = [pytest.mark.devhost, pytest.mark.azurite]

SNAPSHOT = Path(__file__).with_name("functions.json")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with stand(tmp_path_factory.mktemp("whole")) as opened:
        yield opened


def _by_type(trigger: str) -> list[str]:
    functions: dict[str, list[dict[str, Any]]] = json.loads(SNAPSHOT.read_text())
    return [name for name, has in functions.items() if trigger in {each["type"] for each in has}]


def test_every_type_of_trigger_is_invoked(site: Stand) -> None:
    invoked = {
        "httpTrigger": _answers_health(site),
        "timerTrigger": _has_ticked(site),
        "queueTrigger": _keeps_what_was_given_up(site),
        # One after the other: the entity starts the orchestration, and that the activities.
        **dict.fromkeys(("entityTrigger", "orchestrationTrigger", "activityTrigger"), _runs(site)),
    }

    functions = json.loads(SNAPSHOT.read_text())
    triggers = {
        binding["type"]
        for bindings in functions.values()
        for binding in bindings
        if binding["type"].endswith("Trigger")
    }
    assert invoked == dict.fromkeys(triggers, True)
    errors = [line for line in site.host.said().splitlines() if " ERROR " in line]
    assert [line for line in errors if "A message was given up" not in line] == []


def test_the_smoke_test_finds_it_whole(site: Stand) -> None:
    checked = _smoke(site, "--open", "--task", "nap")

    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert [line[:4] for line in checked.stdout.splitlines()] == ["ok  "] * 4


def test_the_smoke_test_notices_that_nobody_must_sign_in(site: Stand) -> None:
    checked = _smoke(site)

    assert checked.returncode == 1
    assert "FAIL  no token, no answer: 200 where 401 was expected" in checked.stdout


def _smoke(site: Stand, *options: str) -> subprocess.CompletedProcess[str]:
    url = f"http://127.0.0.1:{site.host.port}/api"
    variables = {name: value for name, value in os.environ.items() if name != "POLYSYNC_TOKEN"}
    return subprocess.run(
        [sys.executable, "scripts/smoke.py", url, "--patience", "60", *options],
        cwd=ROOT,
        env=variables,
        capture_output=True,
        text=True,
        timeout=120,
    )


def _answers_health(site: Stand) -> bool:
    return site.host.get("/health") == {"status": "ok"}


def _has_ticked(site: Stand) -> bool:
    """Development ticks at the start; the host notes the next time when a tick has returned."""
    noted = site.host.data / "timers.json"
    eventually(noted.exists, within=30)
    return set(json.loads(noted.read_text())) == set(_by_type("timerTrigger"))


def _keeps_what_was_given_up(site: Stand) -> bool:
    """What is no delivery goes by both queue functions of a queue: the one and its poison's."""

    deliveries = site.host.queue("webhook-deliveries")
    with suppress(ResourceExistsError):
        deliveries.create_queue()
    deliveries.send_message("no delivery")

    def kept() -> bool:
        return [m["payload"] for m in site.host.get("/poison-messages")["items"]] == ["no delivery"]

    return eventually(kept, within=30)


def _runs(site: Stand) -> bool:
    (run,) = site.wait_for([site.run(0.1)], has_ended, within=60)
    return run["status"] == "Succeeded"
