"""Draws the cards of a run's parameter values and outputs, with sources and consumers."""

from __future__ import annotations

import json
from collections.abc import Iterator

import htpy as h
from htpy import Element, Node

from polysync_core.console.pages.run.content import RunContent
from polysync_core.console.parts.cards import card
from polysync_core.console.parts.run_links import run_link
from polysync_core.console.parts.tables import table
from polysync_core.console.parts.times import nothing
from polysync_core.console.paths import job_path, task_path
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.parameters.values import AttemptValues, inputs_of, values_of
from polysync_core.domain.runs.run import TaskRun, TriggerType

_LONGEST = 2_000
"""The longest value on the page, in characters."""


def values_card(seen: RunContent) -> Element | None:
    """Return the values that the run takes; None if it takes none."""
    run = seen.run
    given = inputs_of(run)
    if not given:
        return None
    attempt = run.attempt
    sent = None if attempt is None else values_of(run, attempt)
    note = (
        "not sent yet" if sent is None or attempt is None else f"sent by attempt {attempt.number}"
    )
    rows = [
        h.tr[
            h.th(scope="row")[name],
            h.td(".mono.break")[_shown(value)],
            h.td(".mono.break")[_sent(name, sent)],
            h.td[_source(name, value, seen)],
        ]
        for name, value in given.items()
    ]
    columns = ("Name", "Written", "Sent", "From")
    return card("Values", table("Values of the run", columns, rows), note=note)


def outputs_card(seen: RunContent) -> Element | None:
    """Return the outputs with the runs that took them; None if there are none."""
    rows = list(_outputs(seen))
    if not rows:
        return None
    return card("Outputs", table("Outputs of the run", ("Name", "Value", "Went to"), rows))


def _outputs(seen: RunContent) -> Iterator[Element]:
    run = seen.run
    for name, value in run.outputs.items():
        yield _output(name, h.span(".mono.break")[_shown(value)], seen)
    for name in run.redacted_outputs:
        yield _output(name, h.span(".nothing")["sensitive, so it is not stored"], seen)
    for name, reason in run.outputs_not_kept.items():
        yield _output(name, h.span(".nothing")[f"not stored: {reason}"], seen)


def _output(name: str, shown: Node, seen: RunContent) -> Element:
    takers = [
        (child, parameter)
        for child in seen.relatives.children
        for parameter, source in child.mapped_inputs.items()
        if source.run_id == seen.run.run_id and source.output == name
    ]
    links = [
        h.p[run_link(child.run_id, child.title), " as ", h.code[parameter]]
        for child, parameter in takers
    ]
    return h.tr[h.th(scope="row")[name], h.td[shown], h.td[links or nothing()]]


def _sent(name: str, sent: AttemptValues | None) -> Node:
    if sent is None:
        return nothing()
    if name in sent.not_kept:
        return h.span(".nothing")["too long to be recorded"]
    return _shown(sent.values[name]) if name in sent.values else nothing()


def _shown(value: JsonValue) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def _source(name: str, value: JsonValue, seen: RunContent) -> Node:
    """Return the place that a value comes from, by the present definitions."""
    run, task = seen.run, seen.relatives.task
    mapped = run.mapped_inputs.get(name)
    if mapped is not None:
        return ["output ", h.code[mapped.output], " of ", run_link(mapped.run_id, mapped.task)]
    schedule = next(
        (each for each in (task.schedules if task else ()) if each.name == run.schedule), None
    )
    if schedule is not None and name in schedule.parameters and schedule.parameters[name] == value:
        return f"the schedule {schedule.name}"
    if task is not None and name in task.parameters and task.parameters[name] == value:
        return h.a(href=task_path(task.name, tab="settings"))["the Task"]
    parameter = run.job.parameter(name)
    if parameter is not None and parameter.default == value:
        return h.a(href=job_path(run.job.name))["the Job's default"]
    return _other_source(run)


def _other_source(run: TaskRun) -> str:
    if run.rerun_of is not None:
        return "the run that it repeats"
    if run.arrival is not None:
        return f"the arrival {run.arrival.name}"
    if run.trigger_type in {TriggerType.MANUAL, TriggerType.MESSAGE}:
        return "the request"
    return "the definition at that time"
