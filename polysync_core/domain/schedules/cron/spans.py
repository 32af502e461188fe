"""Groups the numbers of a cron field into single numbers, ranges and steps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from polysync_core.domain.definitions.cron.expression import CronField

_SHORT = 3
"""The fewest numbers that are shown as a range or a step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """Some numbers of a field in equal steps."""

    first: int
    last: int
    step: int = 1

    @property
    def is_single(self) -> bool:
        """True for one number."""
        return self.first == self.last

    @property
    def numbers(self) -> tuple[int, ...]:
        """The numbers in ascending order."""
        return tuple(range(self.first, self.last + 1, self.step))


def spans_of(field: CronField) -> list[Span]:
    """Return the spans of a field: one span if possible, otherwise those of its items.

    The spans follow from the numbers, so two spellings of the same numbers have the same spans
    wherever one span is enough.
    """
    whole = _regular(field.values)
    if whole is not None:
        return [whole]
    return _merged({span for item in field.items for span in _spans(item.values)})


def _spans(numbers: Sequence[int]) -> list[Span]:
    """Return the spans of an item; an item that wraps around consists of two parts."""
    regular = _regular(numbers)
    if regular is not None:
        return [regular]
    if len(numbers) < _SHORT:
        return _runs(numbers)
    gap = max(range(1, len(numbers)), key=lambda index: numbers[index] - numbers[index - 1])
    parts = [numbers[:gap], numbers[gap:]]
    wholes = [_regular(part) for part in parts]
    return [
        span
        for part, whole in zip(parts, wholes, strict=True)
        for span in (_runs(part) if whole is None else [whole])
    ]


def _merged(found: Iterable[Span]) -> list[Span]:
    """Return the spans in order, with the single numbers of several items as runs."""
    single = sorted(span.first for span in found if span.is_single)
    longer = [span for span in found if not span.is_single]
    covered = {number for span in longer for number in span.numbers}
    rest = _runs([number for number in single if number not in covered])
    return sorted([*longer, *rest], key=lambda span: (span.first, span.last))


def _regular(numbers: Sequence[int]) -> Span | None:
    """Return the span of a single number, a range or a step; None for other numbers."""
    if len(numbers) == 1:
        return Span(first=numbers[0], last=numbers[0])
    steps = {after - before for before, after in pairwise(numbers)}
    if len(numbers) < _SHORT or len(steps) != 1:
        return None
    return Span(first=numbers[0], last=numbers[-1], step=steps.pop())


def _runs(numbers: Sequence[int]) -> list[Span]:
    """Return consecutive numbers as ranges, and the others as single numbers."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    spans: list[Span] = []
    for run in runs:
        if len(run) < _SHORT:
            spans += [Span(first=number, last=number) for number in run]
        else:
            spans.append(Span(first=run[0], last=run[-1]))
    return spans
