"""`polysync test`."""

from __future__ import annotations

import pytest

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi


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


def test_only_vaults_and_platforms_can_be_tested(polysync: Invoke):
    assert polysync("test", "job", "x").exit_code == 2
