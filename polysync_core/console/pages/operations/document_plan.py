"""Draws the planned changes of a definitions document, with warnings."""

from __future__ import annotations

from collections.abc import Sequence

import htpy as h
from htpy import Element, Node

from polysync_core.application.definitions.plans import ApplyPlan, ChangeAction, PlannedChange
from polysync_core.console.parts.cards import card
from polysync_core.console.parts.differences import difference_table
from polysync_core.console.parts.notices import notice

_WORDS = {
    ChangeAction.CREATE: "Create",
    ChangeAction.UPDATE: "Change",
    ChangeAction.DELETE: "Delete",
}
"""The actions that change something, in the order of the plan."""


def has_changes(plan: ApplyPlan) -> bool:
    """Return whether a plan changes anything."""
    return any(step.action is not ChangeAction.UNCHANGED for step in plan.steps)


def plan_view(plan: ApplyPlan, apply_form: Element) -> Element:
    """Return the plan; the form below it executes the plan."""
    unchanged = len(plan.with_action(ChangeAction.UNCHANGED))
    note = f"{unchanged} unchanged" if unchanged else None
    if not has_changes(plan):
        return card("Plan", h.p(".in")["Nothing has to change."], note=note)
    warnings = [h.li[h.code[each.path], ": ", each.message] for each in plan.warnings]
    return card(
        "Plan",
        h.div(".in.stack")[
            [_action(word, plan.with_action(action)) for action, word in _WORDS.items()],
            warnings and notice("warning", h.ul(".problems")[warnings]),
            apply_form,
        ],
        note=note,
    )


def _action(word: str, steps: Sequence[PlannedChange]) -> Node:
    if not steps:
        return None
    return h.div[h.h3[f"{word} {len(steps)}"], h.ul(".plan")[[h.li[_step(each)] for each in steps]]]


def _step(step: PlannedChange) -> Node:
    label = str(step.reference)
    table = difference_table(label, step.differences) if step.differences else None
    return [h.span[label], table]
