"""`polysync explain`."""

from __future__ import annotations

import json

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi

ANSWER = {
    "runId": "r-9",
    "status": "Queued",
    "waitingFor": [
        {
            "kind": "Concurrency",
            "profile": "cap",
            "scope": "lakehouse",
            "used": 2,
            "limit": 2,
            "needs": 1,
            "heldBy": [{"runId": "r-1"}, {"runId": "r-2"}],
            "keptFor": None,
            "until": None,
            "sentence": "2 of 2 slots are in use.",
        },
        {"kind": "BackOff", "needs": 1, "heldBy": [], "until": "2026-01-01T06:00:00Z"},
    ],
    "position": 3,
    "nextPossibleTime": None,
    "sentences": ["2 of 2 slots are in use.", "2 waiting runs are ahead."],
}
GATE = {
    "task": "end",
    "edges": [
        {
            "upstream": "left",
            "condition": "OnSuccess",
            "held": 1,
            "tokens": [
                {
                    "runId": "r-1",
                    "status": "Succeeded",
                    "met": True,
                    "finishedAt": "2026-01-01T06:00:00.000Z",
                }
            ],
        },
        {"upstream": "right", "condition": "OnFailure", "held": 0, "tokens": []},
    ],
    "sentences": ["Graph run r-0: task 'left' has ended; waits for task 'right'."],
}


def test_every_limit_and_the_sentences_are_shown(api: FakeApi, polysync: Invoke):
    api.on("GET", "/task-runs/r-9/explain", Answer(ANSWER))

    result = polysync("explain", "r-9")

    lines = result.stdout.splitlines()
    assert lines[0] == "Run r-9 is Queued, number 3 in the queue for its limits."
    rows = [line.split() for line in lines]
    assert ["Concurrency", "cap", "2", "of", "2", "1", "r-1,", "r-2", "-"] in rows
    assert ["BackOff", "-", "-", "1", "-", "2026-01-01", "06:00:00Z"] in rows
    assert lines[-1] == "2 waiting runs are ahead."
    assert result.exit_code == 0


def test_with_json_the_output_is_the_answer_of_the_api(api: FakeApi, polysync: Invoke):
    api.on("GET", "/task-runs/r-9/explain", Answer(ANSWER))
    assert json.loads(polysync("explain", "r-9", "--json").stdout) == ANSWER


def test_the_tokens_of_a_gate_are_shown(api: FakeApi, polysync: Invoke):
    api.on("GET", "/tasks/end/gate", Answer(GATE))

    result = polysync("explain", "--task", "end")

    rows = [line.split() for line in result.stdout.splitlines()]
    when = ["2026-01-01", "06:00:00Z"]
    assert ["left", "OnSuccess", "1", "r-1", "Succeeded", *when] in rows
    assert ["right", "OnFailure", "0", "-", "-", "-"] in rows
    assert result.stdout.splitlines()[-1] == GATE["sentences"][0]


def test_either_a_run_or_a_task_is_required(api: FakeApi, polysync: Invoke):
    for arguments in ([], ["r-1", "--task", "end"]):
        result = polysync("explain", *arguments)
        assert result.exit_code == 2
        assert "give a run, --last or --task" in result.stderr
    assert api.requests == []
