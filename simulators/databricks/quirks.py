"""Applies the switchable quirks of real Databricks workspaces to simulated responses."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulators.quirks import QUIRKS, Quirks

REVERSED_LISTS = "reversed-lists"
ALL_ATTEMPTS = "all-attempts"
NEWER_STATE_ONLY = "newer-state-only"
OLDER_STATE_ONLY = "older-state-only"
REGIONAL_PAGES = "regional-pages"
HTML_REFUSALS = "html-refusals"
OWN_RETRIES = "own-retries"

_MEANINGS = {
    REVERSED_LISTS: "tasks, repairs and updates are listed in the opposite order",
    ALL_ATTEMPTS: "a run lists the task runs that a repair has replaced, too",
    NEWER_STATE_ONLY: "answers have `status` and no `state`",
    OLDER_STATE_ONLY: "answers have `state` and no `status`",
    REGIONAL_PAGES: "the page of a run is on the host of the region, with the workspace as `o`",
    HTML_REFUSALS: "a refused token is answered with 403 and a page of HTML",
    OWN_RETRIES: "the service retries a failed update, and a failed task on serverless compute",
}
_LISTS = ("tasks", "repair_history", "updates")


def databricks_quirks() -> Quirks:
    """Return the quirks of a workspace, all of them off."""
    return Quirks(_MEANINGS)


def with_quirks(request: web.Request, answer: dict[str, Any]) -> dict[str, Any]:
    """Return an answer about runs or updates as the selected quirks change it."""
    quirks = request.app[QUIRKS]
    changed = _without_states(answer, quirks)
    if REGIONAL_PAGES in quirks and "run_page_url" in changed:
        page = str(changed["run_page_url"]).partition("/#")[2]
        changed["run_page_url"] = f"https://westeurope.azuredatabricks.net/?o=1#{page}"
    if REVERSED_LISTS in quirks:
        changed |= {name: changed[name][::-1] for name in _LISTS if name in changed}
    return changed


def _without_states(answer: dict[str, Any], quirks: Quirks) -> dict[str, Any]:
    dropped = {
        name
        for quirk, name in ((NEWER_STATE_ONLY, "state"), (OLDER_STATE_ONLY, "status"))
        if quirk in quirks
    }
    changed = {name: value for name, value in answer.items() if name not in dropped}
    for name in ("tasks", "repair_history"):
        if name in changed:
            changed[name] = [_without_states(each, quirks) for each in changed[name]]
    return changed
