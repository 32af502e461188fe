"""Defines contention profiles: concurrency limits and rate limits for the starts of runs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from polysync_core.domain.definitions.base import Definition, Value, refuse
from polysync_core.domain.definitions.types.hints import ShownWhen

_MANY = 1_000_000
_MONTH = 31 * 24 * 3600

type Count = Annotated[int, Field(ge=1, le=_MANY)]
type Seconds = Annotated[int, Field(ge=1, le=_MONTH)]


class ProfileType(StrEnum):
    """The quantity that a profile limits."""

    CONCURRENCY = "Concurrency"
    RATE_LIMIT = "RateLimit"


class Scope(StrEnum):
    """The scope of a count: each linked Platform alone, or all of them together."""

    PER_PLATFORM = "PerPlatform"
    GLOBAL = "Global"


class ExceedAction(StrEnum):
    """The treatment of a run that exceeds the limit."""

    QUEUE = "Queue"
    REJECT = "Reject"
    DEFER_TO_NEXT_WINDOW = "DeferToNextWindow"


class Algorithm(StrEnum):
    """The rate limit algorithm: with bursts or evenly."""

    TOKEN_BUCKET = "TokenBucket"  # noqa: S105 - an algorithm's name
    LEAKY_BUCKET = "LeakyBucket"


_IN_BURSTS = ShownWhen("algorithm", (Algorithm.TOKEN_BUCKET.value,))


class QueueSettings(Value):
    """The settings for waiting runs that both types share."""

    queue_size_limit: Annotated[int, Field(ge=0, le=_MANY)] | None = None
    queue_timeout_seconds: Seconds | None = None
    exceed_action: ExceedAction = ExceedAction.QUEUE


class ConcurrencySettings(QueueSettings):
    """The maximum number of concurrent runs."""

    max_concurrent_tasks: Count
    window_seconds: Annotated[
        Seconds | None, ShownWhen("exceedAction", (ExceedAction.DEFER_TO_NEXT_WINDOW.value,))
    ] = None
    """The windows of `DeferToNextWindow`, counted from 1970-01-01T00:00Z."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        defers = self.exceed_action is ExceedAction.DEFER_TO_NEXT_WINDOW
        if defers and self.window_seconds is None:
            refuse("windowSeconds", "is required with exceedAction DeferToNextWindow")
        if not defers and self.window_seconds is not None:
            refuse(
                "windowSeconds", "has an effect only with exceedAction DeferToNextWindow: remove it"
            )
        return self


class RateLimitSettings(QueueSettings):
    """The maximum number of starts within a rolling window."""

    algorithm: Algorithm = Algorithm.TOKEN_BUCKET
    limit: Count
    window_seconds: Seconds
    burst: Annotated[Count | None, _IN_BURSTS] = None
    """Maximum number of simultaneous starts (`TokenBucket`); empty = `limit`."""
    refill_interval_seconds: Annotated[
        Annotated[float, Field(gt=0, le=_MONTH)] | None, _IN_BURSTS
    ] = None
    """Seconds between refills (`TokenBucket`); empty = continuous refill."""

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if self.algorithm is Algorithm.LEAKY_BUCKET:
            for name, value in (
                ("burst", self.burst),
                ("refillIntervalSeconds", self.refill_interval_seconds),
            ):
                if value is not None:
                    refuse(name, "has an effect only with algorithm TokenBucket: remove it")
        if self.burst is not None and self.burst > self.limit:
            refuse("burst", "must not be more than limit, or a window would exceed it")
        if (self.refill_interval_seconds or 0) > self.window_seconds:
            refuse("refillIntervalSeconds", "must not be longer than windowSeconds")
        return self


class _Profile(Definition):
    scope: Scope = Scope.PER_PLATFORM
    enabled: bool = True


class ConcurrencyProfile(_Profile):
    """Limits the number of concurrent runs."""

    type: Literal[ProfileType.CONCURRENCY]
    settings: ConcurrencySettings


class RateLimitProfile(_Profile):
    """Limits the number of starts within a rolling window."""

    type: Literal[ProfileType.RATE_LIMIT]
    settings: RateLimitSettings


ContentionProfile = ConcurrencyProfile | RateLimitProfile
"""A limit that Platforms and Tasks name; its type determines its settings."""
