"""Defines the stored state of a dependency gate: received outcomes and the pending decision."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

from polysync_core.domain.dependencies.decisions import GateDecision
from polysync_core.domain.dependencies.tokens import Token
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.skip import Skip


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingDecision:
    """A stored decision; each delivery executes it until it is removed."""

    run_id: RunId
    decided_at: datetime
    used: tuple[str, ...]
    """The keys of the tokens that the decision removes."""
    recalled: tuple[Token, ...] = ()
    skip_reason: str | None = None
    skip: Skip | None = None
    void: bool = False

    @classmethod
    def of(cls, decision: GateDecision, *, at: datetime) -> PendingDecision:
        """Return a decision in its stored form."""
        return cls(
            run_id=decision.run_id,
            decided_at=at,
            used=tuple(token.key for token in decision.used),
            recalled=tuple(_without_outputs(token) for token in decision.recalled),
            skip_reason=decision.skip_reason,
            skip=decision.skip,
            void=decision.void,
        )


def _without_outputs(token: Token) -> Token:
    """Return a token without the outputs, which only the decision reads."""
    return replace(token, outputs={}, parts=tuple(map(_without_outputs, token.parts)))


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitLimit:
    """The end of the wait of a fire time for a window."""

    task: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGate:
    """A gate as it was read; a new gate is empty and has no ETag."""

    tokens: tuple[Token, ...] = ()
    pending: PendingDecision | None = None
    etag: str | None = None
    """The version that a new decision must match."""

    @property
    def decision(self) -> GateDecision | None:
        """The pending decision, or None if one of its tokens is gone.

        Tokens are removed after the run is stored. If a token is gone, the run exists.
        """
        if self.pending is None:
            return None
        tokens = {token.key: token for token in self.tokens}
        if any(key not in tokens for key in self.pending.used):
            return None
        return GateDecision(
            run_id=self.pending.run_id,
            used=tuple(tokens[key] for key in self.pending.used),
            recalled=self.pending.recalled,
            skip_reason=self.pending.skip_reason,
            skip=self.pending.skip,
            void=self.pending.void,
        )
