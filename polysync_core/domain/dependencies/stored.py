"""A gate as it is stored: its tokens, and what was decided but may not be carried out yet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from polysync_core.domain.dependencies.decisions import Firing
from polysync_core.domain.dependencies.tokens import Token
from polysync_core.domain.runs.identity import RunId


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingDecision:
    """A decision that everybody who comes by carries out, until it is known to be done."""

    run_id: RunId
    decided_at: datetime
    used: tuple[str, ...]
    """The keys of the tokens that it uses up."""
    recalled: tuple[Token, ...] = ()
    skipped: str = ""
    void: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredGate:
    """A gate as it was read, with the ETag that a decision must match; empty for a new one."""

    tokens: tuple[Token, ...] = ()
    pending: PendingDecision | None = None
    etag: str = ""

    @property
    def firing(self) -> Firing | None:
        """What is pending, as long as all its tokens are there.

        They are taken out once its run is stored: where one is missing, the run is there.
        """
        if self.pending is None:
            return None
        there = {token.key: token for token in self.tokens}
        if any(key not in there for key in self.pending.used):
            return None
        return Firing(
            run_id=self.pending.run_id,
            used=tuple(there[key] for key in self.pending.used),
            recalled=self.pending.recalled,
            skipped=self.pending.skipped,
            void=self.pending.void,
        )


def pending(firing: Firing, *, at: datetime) -> PendingDecision:
    """Return a decision as it is stored."""
    return PendingDecision(
        run_id=firing.run_id,
        decided_at=at,
        used=tuple(token.key for token in firing.used),
        recalled=firing.recalled,
        skipped=firing.skipped,
        void=firing.void,
    )
