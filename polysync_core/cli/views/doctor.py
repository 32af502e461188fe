"""Builds the table of checks that `polysync doctor` shows."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from polysync_core.cli.diagnosis.check import CheckResult, CheckStatus
from polysync_core.cli.layout.tables import new_table, text_column, whole_column
from polysync_core.cli.terminal import printable

_STYLES = {CheckStatus.OK: "green", CheckStatus.WARNING: "yellow", CheckStatus.FAILED: "red"}


def doctor_view(checks: Sequence[CheckResult]) -> list[RenderableType]:
    """Return the checks, one per line, and the number of problems."""
    table = new_table(whole_column("Check"), whole_column("Result"), text_column("Finding"))
    for each in checks:
        result = Text(each.outcome.value, style=_STYLES[each.outcome])
        table.add(each.subject, result, printable(each.detail))
    failed = sum(each.outcome is CheckStatus.FAILED for each in checks)
    warnings = sum(each.outcome is CheckStatus.WARNING for each in checks)
    return [table, Text(f"{len(checks)} checks: {failed} failed, {warnings} with a warning.")]
