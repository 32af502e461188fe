"""`polysync hold`, `release` and `holds`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi

HOLD: dict[str, Any] = {
    "task": "load",
    "platform": None,
    "active": True,
    "reason": "The source is wrong.",
    "by": "ann",
    "at": "2026-02-01T00:00:00.000Z",
}


@pytest.mark.parametrize(
    ("scope", "path"),
    [
        (("--task", "load"), "/tasks/load"),
        (("--platform", "lakehouse"), "/platforms/lakehouse"),
        ((), ""),
    ],
)
def test_a_scope_is_held_and_released(
    api: FakeApi, polysync: Invoke, scope: tuple[str, ...], path: str
) -> None:
    api.on("POST", f"{path}/hold", Answer(HOLD))
    api.on("POST", f"{path}/release", Answer(HOLD | {"active": False}))
    held = polysync("hold", *scope, "--reason", "The source is wrong.")
    assert held.exit_code == 0, held.output
    assert "held" in held.output
    released = polysync("release", *scope)
    assert released.exit_code == 0, released.output
    assert "released" in released.output


def test_holds_are_listed_with_their_reasons(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", "/holds", Answer({"items": [HOLD]}))
    assert "task load: The source is wrong. (by ann)" in polysync("holds").output
    api.on("GET", "/holds", Answer({"items": []}))


def test_two_scopes_contradict(polysync: Invoke) -> None:
    both = ("--task", "load", "--platform", "lakehouse")
    assert polysync("hold", *both, "--reason", "x").exit_code == 2
