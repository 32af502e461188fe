"""Holds and releases the starts of a Task, of a platform or of everything."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from polysync_core.application.definitions.policies import Policies
from polysync_core.application.ports import Engine, HoldStore
from polysync_core.domain.clock import Clock
from polysync_core.domain.conflicts import retry_on_conflict
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.dispatch.holds import ALL, Hold, hold_name, platform_hold_name
from polysync_core.domain.dispatch.policies import PolicySet
from polysync_core.domain.errors import Conflict, NotFound, Unavailable

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holds:
    """The use cases of holds. A hold keeps queued runs and retries from their start.

    A hold belongs to a name. It survives every edit, and the deletion of what it holds.
    """

    store: HoldStore
    definitions: DefinitionReader
    policies: Policies
    shards: Callable[[], Iterable[str]]
    clock: Clock

    def active(self) -> Sequence[Hold]:
        """Return the active holds by name."""
        return [hold for hold in self.store.all() if hold.is_active]

    def on(self, task: str | None, platform: str | None) -> Sequence[Hold]:
        """Return the active holds on the starts of a Task on a platform; None means any."""
        return [hold for hold in self.active() if hold.holds(task, platform or "")]

    def hold(self, kind: Kind | None, name: str, *, reason: str, by: str, engine: Engine) -> Hold:
        """Hold a Task, a platform or everything (no kind).

        A deleted definition can be held as long as accepted runs of it wait or run. Raises
        `NotFound` for any other unknown name.
        """
        try:
            self._check_exists(kind, name)
        except NotFound:
            if not self._has_accepted_runs(kind, name, engine):
                raise
        return self._write(_scope(kind, name), reason, by, engine, is_active=True)

    def release(self, kind: Kind | None, name: str, *, by: str, engine: Engine) -> Hold:
        """Release a hold; its runs start as their limits allow. Raises `NotFound` without one."""
        scope = _scope(kind, name)
        if scope not in {hold.name for hold in self.active()}:
            raise NotFound("There is no such hold: GET /api/holds lists the holds.")
        return self._write(scope, "", by, engine, is_active=False)

    def _check_exists(self, kind: Kind | None, name: str) -> None:
        """Raise `NotFound` for an unknown name; a broken definition exists, too."""
        with suppress(Conflict):
            if kind is Kind.TASK:
                self.definitions.task(name)
            elif kind is not None:
                self.definitions.platform(name)

    def _has_accepted_runs(self, kind: Kind | None, name: str, engine: Engine) -> bool:
        """Return whether a Dispatcher has runs of a Task or platform."""
        states = (engine.dispatcher(shard) for shard in self.shards())
        return any(
            name == (each.task if kind is Kind.TASK else each.platform)
            for state in states
            for each in (*state.waiting.values(), *state.leases.values())
        )

    def _write(self, scope: str, reason: str, by: str, engine: Engine, *, is_active: bool) -> Hold:
        hold = Hold(
            name=scope, version=0, reason=reason, by=by, at=self.clock(), is_active=is_active
        )
        busy = Unavailable("The hold is being changed by too many writers.", retry_after=1)
        stored = retry_on_conflict(lambda: self.store.put(hold), exhausted=busy)
        self.policies.forget_holds()
        self._publish(stored, engine)
        _log.info(
            "A hold was changed.",
            extra={"action": "hold_changed", "hold": scope, "active": is_active},
        )
        return stored

    def _publish(self, hold: Hold, engine: Engine) -> None:
        """Send the hold to every Dispatcher; the reconciler repeats a lost signal."""
        try:
            for shard in self.shards():
                engine.update_policies(shard, PolicySet(holds={hold.name: hold}))
        except Unavailable as error:
            _log.warning(
                "Edited limits could not be sent to the Dispatchers; the next tick sends them.",
                extra={"action": "policy_update_lost", "error": str(error)},
            )


def _scope(kind: Kind | None, name: str) -> str:
    if kind is None:
        return ALL
    return hold_name(name) if kind is Kind.TASK else platform_hold_name(name)
