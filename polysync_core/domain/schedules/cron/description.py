"""Describes a cron expression in one English sentence, with notes on unexpected effects."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from polysync_core.domain.definitions.cron.expression import (
    CRON_NAMES,
    CronExpression,
    parse_cron,
)
from polysync_core.domain.schedules.cron.dates import dates_in_words
from polysync_core.domain.schedules.cron.times import times_in_words
from polysync_core.domain.schedules.cron.unexpected_effects import notes_on, warnings_on


@dataclass(frozen=True, slots=True, kw_only=True)
class CronDescription:
    """A cron expression in words."""

    sentence: str
    """The dates and times, such as `Every day at 02:30`."""
    notes: tuple[str, ...] = ()
    """Sentences about unexpected effects, and about the numbers of weekdays."""
    warnings: tuple[str, ...] = ()
    """The notes that a person shall read before the expression is saved."""
    fields: str
    """The five or six fields; for a name such as `@daily`, its fields."""


@lru_cache(maxsize=1024)
def describe_cron(cron: str) -> CronDescription:
    """Describe a checked cron expression."""
    expression = parse_cron(cron)
    sentence = _sentence(expression)
    return CronDescription(
        sentence=sentence[0].upper() + sentence[1:],
        notes=tuple(notes_on(cron, expression)),
        warnings=tuple(warnings_on(cron, expression)),
        fields=CRON_NAMES.get(cron.strip().lower(), " ".join(cron.split())),
    )


def _sentence(cron: CronExpression) -> str:
    dates, times = dates_in_words(cron), times_in_words(cron)
    if dates == "every day" and cron.hour.is_full:
        return times
    # `on the 13th, and also every Friday, at 00:00`: the times belong to both kinds of date.
    is_list = cron.is_either and not cron.is_daily
    return f"{dates} {times}" if times.startswith("at ") and not is_list else f"{dates}, {times}"
