"""Cancels or reruns several runs from the run list, and reports refused actions."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from uuid import uuid4

from fastapi import Request, Response

from polysync_core.api.engine import CurrentEngine
from polysync_core.api.runs.routes import CurrentRequester, CurrentTaskRuns, Requester
from polysync_core.api.security.audit_record import CurrentRecord, changes_nothing
from polysync_core.application.ports import Engine
from polysync_core.application.runs.lists.bulk_cancel import active_listing
from polysync_core.application.runs.task_runs import TaskRuns
from polysync_core.console.form_data import CurrentForm
from polysync_core.console.pages.runs.confirmation import (
    CONFIRMED,
    ChosenRuns,
    confirmation_page,
    many_runs,
)
from polysync_core.console.pages.runs.query import ACTIVE_STATUSES, read_query
from polysync_core.console.paths import page_path
from polysync_core.console.routing import PageRouter
from polysync_core.console.shell import redirect
from polysync_core.domain.errors import Invalid, Refused
from polysync_core.domain.runs.identity import RunId, is_run_id

MAX_RUNS = 100
"""The maximum number of runs of one action."""
_OWN_PAGE = re.compile(r"/console/(runs|tasks/[a-z0-9-]{1,63}/runs)(\?[^#\s\\]*)?")
_NOTICE = re.compile(r"(cancel|rerun|downstream)\.([0-9]{1,3})\.([0-9]{1,3})")


class Action(StrEnum):
    """An action on many runs."""

    CANCEL = "cancel"
    RERUN = "rerun"
    DOWNSTREAM = "downstream"


_DONE: Mapping[Action, str] = {
    Action.CANCEL: "asked to stop",
    Action.RERUN: "started again",
    Action.DOWNSTREAM: "started again with what follows",
}
_REFUSED: Mapping[Action, str] = {
    Action.CANCEL: "could not be cancelled",
    Action.RERUN: "could not be started again; only an ended run of a Task can be rerun",
    Action.DOWNSTREAM: "could not be started again; only an ended run of a Task can be rerun",
}

router = PageRouter()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Request:
    """The runs of an action, who asks for it, and the key of the form."""

    runs: TaskRuns
    engine: Engine
    requester: Requester
    key: str


@router.get("/runs/cancel")
def ask_to_cancel(request: Request, runs: CurrentTaskRuns) -> Response:
    """List the queued and running runs that match, and ask before they are cancelled."""
    query = read_query(request, task=request.query_params.get("of") or None)
    listing = replace(
        query.listing(runs), statuses=frozenset(query.statuses or ACTIVE_STATUSES), limit=MAX_RUNS
    )
    found = runs.page(active_listing(listing))
    fields = {"back": query.address(), "action": Action.CANCEL.value, "key": uuid4().hex}
    shown = ChosenRuns(
        runs=found.items, now=runs.clock(), has_more=found.continuation_token is not None
    )
    return confirmation_page(request, shown, fields)


@router.post("/runs/actions")
def act_on_runs(  # noqa: PLR0913 - one parameter for each use case
    request: Request,
    form: CurrentForm,
    runs: CurrentTaskRuns,
    engine: CurrentEngine,
    requester: CurrentRequester,
    record: CurrentRecord,
) -> Response:
    """Cancel or rerun the chosen runs, and show the list again with the same filters.

    Runs are cancelled after a page that lists them.
    """
    chosen = list(dict.fromkeys(form.getlist("run")))
    if not 0 < len(chosen) <= MAX_RUNS:
        raise Invalid.at("run", f"choose from 1 to {MAX_RUNS} runs")
    try:
        action = Action(form.get("action", ""))
    except ValueError as error:
        raise Invalid.at("action", f"must be one of {', '.join(Action)}") from error
    back = _own_page(form.get("back", ""))
    if action is Action.CANCEL and CONFIRMED not in form:
        changes_nothing(record)
        known = [RunId(each) for each in chosen if is_run_id(each)]
        found = [stored.run for stored in runs.runs.get_many(known)]
        fields = {name: form.get(name, "") for name in ("key", "action")}
        shown = ChosenRuns(runs=found, now=runs.clock())
        return confirmation_page(request, shown, {**fields, "back": back})
    asked = _Request(runs=runs, engine=engine, requester=requester, key=form.get("key", "")[:64])
    done = sum(_try(_step(action, asked), run_id) for run_id in chosen)
    return redirect(_with_notice(back, f"{action}.{done}.{len(chosen) - done}"))


def notices_of(code: str) -> Mapping[str, str]:
    """Return the words for the notice of an action on many runs."""
    match = _NOTICE.fullmatch(code)
    if match is None:
        return {}
    action, done, refused = Action(match[1]), int(match[2]), int(match[3])
    parts = [
        f"{many_runs(done)} {'was' if done == 1 else 'were'} {_DONE[action]}."
        if done or not refused
        else "",
        f"{many_runs(refused)} {_REFUSED[action]}." if refused else "",
    ]
    return {code: " ".join(filter(None, parts))}


def _step(action: Action, request: _Request) -> Callable[[RunId], object]:
    if action is Action.CANCEL:
        return lambda run_id: request.runs.cancel(
            run_id, actor=request.requester.actor, engine=request.engine
        )
    return lambda run_id: request.runs.rerun(
        run_id,
        downstream=action is Action.DOWNSTREAM,
        idempotency_key=f"{request.key}-{run_id}" if request.key else None,
        actor=request.requester.actor,
        may_name_secrets=request.requester.may_name_secrets,
        engine=request.engine,
    )


def _try(step: Callable[[RunId], object], text: str) -> bool:
    """Execute a step; a refusal of one run does not stop the others."""
    try:
        step(RunId(text))
    except Refused:
        return False
    return True


def _own_page(back: str) -> str:
    """Return the address of the list that the form was on; never that of another site."""
    return back if _OWN_PAGE.fullmatch(back) else page_path("runs")


def _with_notice(address: str, code: str) -> str:
    return f"{address}{'&' if '?' in address else '?'}notice={code}"
