"""The official worker library indexes the app as Azure will."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROGRAM = """
import asyncio, json, logging, sys, warnings
from pathlib import Path
warnings.simplefilter("error")
logging.basicConfig(level=logging.WARNING, stream=sys.stderr)
from devhost.worker import FunctionApp
app = FunctionApp(client_configuration={})
asyncio.run(app.load(Path.cwd()))
print(json.dumps({f.name: f.kind for f in app.functions}))
"""


def test_the_official_worker_indexes_every_function_without_a_warning() -> None:
    indexed = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=ROOT,
        env={
            "POLYSYNC_STORAGE": "UseDevelopmentStorage=true",
            "AZURE_FUNCTIONS_DURABLE_STRICT_TYPING": "1",
        },
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert indexed.returncode == 0, indexed.stderr
    assert indexed.stderr == ""
    assert json.loads(indexed.stdout) == {
        "http": "httpTrigger",
        "tick": "timerTrigger",
        "deliver_webhook": "queueTrigger",
        "record_poison": "queueTrigger",
        "accept_run_request": "queueTrigger",
        "record_refused_request": "queueTrigger",
        "task_run": "orchestrationTrigger",
        "Dispatcher": "entityTrigger",
        "submit_attempt": "activityTrigger",
        "look_at_attempt": "activityTrigger",
        "give_up_attempt": "activityTrigger",
        "end_run": "orchestrationTrigger",
        "end_queued_run": "activityTrigger",
        "complete_run": "orchestrationTrigger",
        "find_dependents": "activityTrigger",
        "tell_dependents": "activityTrigger",
        "settle_runs": "activityTrigger",
        # Registered on every durable app by its library; nothing here calls them.
        "BuiltIn__HttpActivity": "activityTrigger",
        "BuiltIn__HttpPollOrchestrator": "orchestrationTrigger",
    }


def test_a_missing_setting_fails_the_start_by_its_name() -> None:
    started = subprocess.run(
        [sys.executable, "-c", "import function_app"],
        cwd=ROOT,
        env={},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert started.returncode != 0
    assert "POLYSYNC_STORAGE" in started.stderr
