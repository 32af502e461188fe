"""Builds the terminal table of the parameter values sent to a run's attempts."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from polysync_core.cli.api.answers import AttemptAnswer, RunAnswer
from polysync_core.cli.api.reader import compact
from polysync_core.cli.layout.sentences import Facts
from polysync_core.cli.layout.tables import new_facts
from polysync_core.cli.terminal import printable
from polysync_core.domain.json_types import JsonValue


def parameters_table(run: RunAnswer) -> Facts:
    """Return one line for each parameter; values that differ between attempts have one each."""
    begun = [attempt for attempt in run.attempts if attempt.parameters]
    return new_facts(
        (name, _value(value, run.mapped_inputs.get(name), list(_sent(name, begun))))
        for name, value in run.parameters.items()
    )


def _sent(name: str, attempts: list[AttemptAnswer]) -> Iterator[tuple[int, str]]:
    """Yield the values of a parameter that attempts sent, each with its attempt."""
    for attempt in attempts:
        if name in attempt.parameters:
            yield attempt.number, compact(attempt.parameters[name])


def _value(given: JsonValue, source: str | None, sent: list[tuple[int, str]]) -> Text:
    formula = compact(given)
    values = {value for _, value in sent} or {formula}
    if len(values) == 1:
        shown = Text(printable(values.pop()))
    else:
        lines = (f"attempt {number}: {printable(value)}" for number, value in sent)
        shown = Text("\n".join(lines))
    notes = [source] if source else []
    notes += [f"from {formula}"] if sent and sent[-1][1] != formula else []
    for note in notes:
        shown.append(f" ({printable(note)})", style="dim")
    return shown
