"""The appearance of run statuses."""

from __future__ import annotations

from pathlib import Path

import pytest

from polysync_core.cli.layout.status_colours import COLOURS, STYLES
from polysync_core.domain.runs.run import TriggerType
from polysync_core.domain.runs.status import ALLOWED_TRANSITIONS, RunStatus

RUNS_PAGE = (Path(__file__).parents[4] / "docs/reference/runs.md").read_text()


@pytest.mark.parametrize("status", RunStatus)
def test_each_status_has_transitions_a_style_colours_and_a_row_in_the_reference(
    status: RunStatus,
) -> None:
    assert status in ALLOWED_TRANSITIONS
    assert status in STYLES
    assert status in COLOURS
    assert f"`{status}`" in RUNS_PAGE


@pytest.mark.parametrize("trigger", TriggerType)
def test_each_trigger_type_is_in_the_reference(trigger: TriggerType) -> None:
    assert f"`{trigger}`" in RUNS_PAGE
