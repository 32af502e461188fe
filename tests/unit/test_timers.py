"""The tick of every minute."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from polysync_core import composition
from polysync_core.domain.errors import Unavailable


@pytest.fixture
def timers(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("POLYSYNC_STORAGE", "UseDevelopmentStorage=true")
    from triggers import timers

    monkeypatch.setattr(timers, "DurableEngine", lambda binding: binding)
    yield timers
    composition.settings.cache_clear()


@pytest.mark.parametrize("broken", ["reconciler", "schedules"])
def test_each_step_runs_even_if_the_other_one_fails(
    timers: Any, monkeypatch: pytest.MonkeyPatch, broken: str
) -> None:
    called: list[str] = []

    def step(name: str) -> Any:
        def run(_: Any) -> None:
            called.append(name)
            if name == broken:
                raise Unavailable

        return run

    services = SimpleNamespace(
        reconciler=SimpleNamespace(reconcile=step("reconciler")),
        schedule_tick=SimpleNamespace(tick=step("schedules")),
    )
    monkeypatch.setattr(timers, "services", lambda: services)
    tick = timers.tick
    function = getattr(tick, "_function", tick)
    with pytest.raises(ExceptionGroup, match="Steps of the tick have failed"):
        function.get_user_function()(None, "engine")
    assert called == ["reconciler", "schedules"]
