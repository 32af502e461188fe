"""`polysync test`."""

from __future__ import annotations

import json

import pytest

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi, problem


@pytest.mark.parametrize(
    ("kind", "ok", "exit_code", "word"),
    [
        pytest.param("vault", True, 0, "answers", id="a vault that answers"),
        pytest.param("platform", False, 1, "FAILS", id="a platform that fails"),
    ],
)
def test_the_exit_code_follows_the_result(
    api: FakeApi, polysync: Invoke, kind: str, ok: bool, exit_code: int, word: str
):
    api.on("POST", f"/{kind}s/x/test", Answer({"ok": ok, "message": "m", "latencyMs": 12}))

    result = polysync("test", kind, "x")

    assert result.stdout == f"{kind} x {word} (12 ms): m\n"
    assert result.exit_code == exit_code


def test_the_platforms_own_words_have_a_line_of_their_own(api: FakeApi, polysync: Invoke):
    said = "Source IP address \x1b[31m20.1.2.3 is blocked."
    answer = {"ok": False, "message": "m", "latencyMs": 12, "platformMessage": said}
    api.on("POST", "/platforms/x/test", Answer(answer))

    result = polysync("test", "platform", "x")

    assert result.stdout.splitlines() == [
        "platform x FAILS (12 ms): m",
        "The platform says: Source IP address 20.1.2.3 is blocked.",
    ]
    assert result.exit_code == 1


@pytest.mark.parametrize(("ok", "exit_code", "word"), [(True, 0, "answers"), (False, 1, "FAILS")])
def test_a_secret_is_named_in_the_body_and_never_in_the_path(
    api: FakeApi, polysync: Invoke, ok: bool, exit_code: int, word: str
):
    api.on("POST", "/secrets/test", Answer({"ok": ok, "message": "m", "latencyMs": 3}))

    result = polysync("test", "secret", "vault://kv/db/key")

    assert api.requests[-1].body == {"reference": "vault://kv/db/key"}
    assert result.stdout == f"secret vault://kv/db/key {word} (3 ms): m\n"
    assert result.exit_code == exit_code


def test_a_refused_test_of_a_secret_shows_the_remedy(api: FakeApi, polysync: Invoke):
    api.on("POST", "/secrets/test", problem(403, "Forbidden", "Ask for Polysync.Administrator."))

    result = polysync("test", "secret", "vault://kv/key")

    assert "Ask for Polysync.Administrator." in result.stderr
    assert result.exit_code == 1


def test_a_test_of_a_secret_as_json_is_the_answer_of_the_api(api: FakeApi, polysync: Invoke):
    answer = {"ok": True, "message": "m", "latencyMs": 3, "platformMessage": None}
    api.on("POST", "/secrets/test", Answer(answer))

    result = polysync("test", "secret", "vault://kv/key", "--json")

    assert json.loads(result.stdout) == answer


def test_only_vaults_and_platforms_can_be_tested(polysync: Invoke):
    assert polysync("test", "job", "x").exit_code == 2


def test_the_last_test_is_shown_without_a_new_one(api: FakeApi, polysync: Invoke):
    answer = {"at": "2026-03-01T12:00:00.000Z", "ok": False, "message": "m", "latencyMs": 7}
    api.on("GET", "/platforms/x/test", Answer(answer))

    result = polysync("test", "platform", "x", "--last")

    assert result.stdout == "platform x FAILED at 2026-03-01T12:00:00.000Z (7 ms): m\n"
    assert result.exit_code == 1
    assert polysync("test", "secret", "vault://a/b", "--last").exit_code == 2
