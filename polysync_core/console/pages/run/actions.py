"""Serves the buttons and forms that cancel a run or run it again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from uuid import uuid4

import htpy as h
from fastapi import Request, Response
from htpy import Element, Node

from polysync_core.api.engine import CurrentEngine
from polysync_core.api.runs.routes import CurrentRequester, CurrentTaskRuns
from polysync_core.console.form_data import CurrentForm
from polysync_core.console.icons import icon
from polysync_core.console.pages.run.content import RunContent
from polysync_core.console.parts.cards import card
from polysync_core.console.parts.run_links import platform_link, short_id
from polysync_core.console.paths import page_path, run_path, task_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import page, redirect
from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.errors import Conflict
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.runs.parameters.values import inputs_of
from polysync_core.domain.runs.run import TaskRun

ACTIONS = "run-actions"
"""The id of the buttons, which change when the run ends."""
NOTICES: Mapping[str, str] = {
    "cancel": "The run was asked to stop.",
    "rerun": "This run repeats the one before.",
    "downstream": "This run repeats the one before, with what follows.",
    "repair": "This run repeats the failed parts of the one before.",
}
_FIELD = "value."

router = PageRouter()


def run_actions(seen: RunContent, *, may_act: bool, is_late: bool = False) -> Element:
    """Return the buttons of a run that are possible in its state."""
    run = seen.run
    swap = {"hx-swap-oob": "outerMorph"} if is_late else {}
    return h.div({"id": ACTIONS, "class": "actions", **swap})[
        platform_link(run, run.attempt, text=f"Open on {run.job.platform}", classes="button"),
        list(_buttons(seen)) if may_act else None,
    ]


@router.post("/runs/{run_id}/cancel")
def cancel(
    run_id: str, runs: CurrentTaskRuns, engine: CurrentEngine, requester: CurrentRequester
) -> Response:
    """Cancel the run; a finished run stays as it is."""
    run = runs.cancel(runs.find(run_id), actor=requester.actor, engine=engine)
    return redirect(page_path("runs", run.run_id, notice="cancel"))


@router.get("/runs/{run_id}/rerun")
def rerun_form(request: Request, run_id: str, runs: CurrentTaskRuns) -> Response:
    """Show the form that runs a finished run again with other values."""
    run = runs.get(runs.find(run_id))
    if run.task is None or not run.status.is_terminal:
        raise Conflict("Only a finished run of a Task can be run again.")
    crumbs = [
        ("Runs", page_path("runs")),
        (run.task, task_path(run.task)),
        (short_id(run.run_id), run_path(run.run_id)),
    ]
    return page(request, "Rerun", _form(run), section="runs", crumbs=crumbs)


@router.post("/runs/{run_id}/rerun")
def rerun(
    run_id: str,
    form: CurrentForm,
    runs: CurrentTaskRuns,
    engine: CurrentEngine,
    requester: CurrentRequester,
) -> Response:
    """Run the Task of a finished run again, and show the new run."""
    former = runs.get(runs.find(run_id))
    downstream, from_failure = (form.get(name) == "true" for name in ("downstream", "fromFailure"))
    run = runs.rerun(
        former.run_id,
        downstream=downstream,
        from_failure=from_failure,
        refresh=form.get("refresh") == "true",
        parameters=changed_values(former, dict(form)),
        idempotency_key=form.get("key", "")[:64] or None,
        actor=requester.actor,
        may_name_secrets=requester.may_name_secrets,
        engine=engine,
    )
    notice = "downstream" if downstream else "repair" if from_failure else "rerun"
    return redirect(page_path("runs", run.run_id, notice=notice))


def changed_values(run: TaskRun, fields: Mapping[str, str]) -> JsonObject:
    """Return the values of a form that differ from those of the run, as texts."""
    given = inputs_of(run)
    return {
        name: text
        for field, text in fields.items()
        if (name := field.removeprefix(_FIELD)) in given
        and field != name
        and text != _text(given[name])
    }


def _buttons(seen: RunContent) -> Iterator[Element]:
    run = seen.run
    if not run.status.is_terminal:
        yield _post(run, "cancel", h.button(".danger", type="submit")[icon("stop"), "Cancel"])
    elif run.task is not None:
        yield h.a(".button", href=page_path("runs", run.run_id, "rerun"))["Rerun with other values"]
        if seen.may_repair:
            yield _post(
                run,
                "rerun",
                h.input(type="hidden", name="fromFailure", value="true"),
                h.button(type="submit")[icon("rerun"), "Rerun from the failure"],
            )
        yield _post(run, "rerun", h.button(type="submit")[icon("rerun"), "Rerun"])
        yield _post(
            run,
            "rerun",
            h.input(type="hidden", name="downstream", value="true"),
            h.button(".primary", type="submit")[icon("rerun"), "Rerun with what follows"],
        )


def _post(run: TaskRun, action: str, *content: Node) -> Element:
    return h.form(".inline", method="post", action=page_path("runs", run.run_id, action))[
        # A form that is sent twice starts one run.
        h.input(type="hidden", name="key", value=uuid4().hex),
        content,
    ]


def _form(run: TaskRun) -> Element:
    given = inputs_of(run)
    return h.form(
        ".form", method="post", action=page_path("runs", run.run_id, "rerun"), data_guard=""
    )[
        h.input(type="hidden", name="key", value=uuid4().hex),
        card(
            "Values",
            h.div(".in.stack")[
                [_field(run, name, value) for name, value in given.items()]
                or h.p["The run takes no values."]
            ],
            note="of the new run alone; the Task stays as it is",
        ),
        h.div(".check")[
            h.input(id="refresh", type="checkbox", name="refresh", value="true"),
            h.label(for_="refresh")["Take the present values of the Task for all other parameters"],
        ],
        h.div(".check")[
            h.input(id="downstream", type="checkbox", name="downstream", value="true"),
            h.label(for_="downstream")["Also run what follows"],
        ],
        h.div(".actions")[
            h.button(".primary", type="submit")[icon("rerun"), "Rerun"],
            h.a(".button", href=run_path(run.run_id))["Back"],
        ],
    ]


def _field(run: TaskRun, name: str, value: JsonValue) -> Element:
    parameter = run.job.parameter(name)
    kind = DataType.STRING if parameter is None else parameter.data_type
    field = f"{_FIELD}{name}"
    return h.div(".field")[
        h.label(for_=field)[name],
        h.textarea(id=field, name=field, rows="1", aria_describedby=f"{field}-help")[_text(value)],
        h.p(".help", id=f"{field}-help")[f"{kind}{_described(parameter)}"],
    ]


def _described(parameter: Parameter | None) -> str:
    return f": {parameter.description}" if parameter is not None and parameter.description else ""


def _text(value: JsonValue) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
