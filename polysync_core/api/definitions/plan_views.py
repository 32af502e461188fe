"""Builds the JSON response to an apply request, with planned or executed changes of definitions."""

from __future__ import annotations

import operator
from collections.abc import Sequence

from pydantic import Field

from polysync_core.api.models import Json, View
from polysync_core.api.problem_document import ProblemItem
from polysync_core.application.definitions.consequences.consequence import (
    Consequence,
    ConsequenceKind,
)
from polysync_core.application.definitions.plans import ApplyPlan, ChangeAction, PlannedChange
from polysync_core.domain.definitions.kinds import SPECS


class FieldDifferenceView(View):
    """A field that an update changes."""

    path: str
    """The path of the field within the definition."""
    before: Json
    """The value before."""
    after: Json
    """The value after."""


class PlannedChangeView(View):
    """The change of one definition."""

    kind: str
    """The kind of the definition, such as `task`."""
    name: str
    """The name of the definition."""
    differences: list[FieldDifferenceView] = Field(
        default_factory=list[FieldDifferenceView], exclude_if=operator.not_
    )
    """The changed fields; only an update has them."""


class ConsequenceView(View):
    """An effect of a change that its fields do not show."""

    kind: ConsequenceKind
    """The subject of the effect."""
    text: str
    """The effect in words."""


class PlanView(View):
    """The planned or executed changes, one list for each action."""

    dry_run: bool
    """True if nothing was written."""
    plan_token: str | None = Field(default=None, exclude_if=operator.not_)
    """Executes exactly this plan as the parameter `planToken`; only in a dry run."""
    create: list[PlannedChangeView]
    """The definitions to create."""
    update: list[PlannedChangeView]
    """The definitions to change."""
    unchanged: list[PlannedChangeView]
    """The definitions that are up to date."""
    delete: list[PlannedChangeView]
    """The definitions to delete."""
    warnings: list[ProblemItem]
    """Warnings about the definitions, which prevent nothing."""
    consequences: list[ConsequenceView] = Field(
        default_factory=list[ConsequenceView], exclude_if=operator.not_
    )
    """Effects beyond the changed fields; only in the plan of one definition."""


def change_plan_view(change: PlannedChange, consequences: Sequence[Consequence]) -> PlanView:
    """Return the view of the planned change of one definition."""
    return _view(ApplyPlan(steps=(change,)), token=change.token, consequences=consequences)


def plan_view(plan: ApplyPlan, *, dry_run: bool) -> PlanView:
    """Return the view of the plan of a document."""
    return _view(plan, token=plan.token if dry_run else None)


def _view(
    plan: ApplyPlan, *, token: str | None, consequences: Sequence[Consequence] = ()
) -> PlanView:
    """Return the view of a plan; only a dry run has a token."""
    changes = {
        action.value: [_change_view(change) for change in plan.with_action(action)]
        for action in ChangeAction
    }
    warnings = [ProblemItem.model_validate(each) for each in plan.warnings]
    return PlanView.model_validate(
        {
            **changes,
            "warnings": warnings,
            "dryRun": token is not None,
            "planToken": token,
            "consequences": [ConsequenceView.model_validate(each) for each in consequences],
        }
    )


def _change_view(change: PlannedChange) -> PlannedChangeView:
    kind, name = SPECS[change.reference.kind].json_name, change.reference.name
    if change.action is not ChangeAction.UPDATE:
        return PlannedChangeView(kind=kind, name=name)
    differences = [FieldDifferenceView.model_validate(each) for each in change.differences]
    return PlannedChangeView(kind=kind, name=name, differences=differences)
