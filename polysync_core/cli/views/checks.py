"""Builds the terminal table of check results of `polysync doctor` and `azure check`."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.diagnosis.check import CheckResult, CheckStatus
from polysync_core.cli.layout.tables import new_table, text_column, whole_column
from polysync_core.cli.terminal import Terminal, printable

_STYLES = {CheckStatus.OK: "green", CheckStatus.WARNING: "yellow", CheckStatus.FAILED: "red"}


def show_checks(terminal: Terminal, checks: Sequence[CheckResult]) -> None:
    """Write the checks as a table, or as JSON for programs."""
    if terminal.as_json:
        terminal.json({"items": [each.as_json() for each in checks]})
    else:
        terminal.show(*_table(checks))


def _table(checks: Sequence[CheckResult]) -> list[RenderableType]:
    """Return the checks, one per line, and the number of problems."""
    table = new_table(whole_column("Check"), whole_column("Result"), text_column("Finding"))
    for each in checks:
        result = Text(each.outcome.value, style=_STYLES[each.outcome])
        table.add(each.subject, result, printable(each.detail))
    failed = sum(each.outcome is CheckStatus.FAILED for each in checks)
    warnings = sum(each.outcome is CheckStatus.WARNING for each in checks)
    return [table, Text(f"{len(checks)} checks: {failed} failed, {warnings} with a warning.")]
