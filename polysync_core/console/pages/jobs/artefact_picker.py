"""Searches a platform's notebooks and other artefacts, and fills a Job's form."""

from __future__ import annotations

import json
from dataclasses import replace

import htpy as h
from htpy import Element, Node

from polysync_core.api.use_cases import given
from polysync_core.application.platforms.artefact_import import ArtefactImport
from polysync_core.application.platforms.import_report import (
    ArtefactPage,
    ArtefactSelection,
    ChosenArtefact,
    FoundArtefact,
    JobDraft,
)
from polysync_core.console.editing.editor import EditorPage
from polysync_core.console.editing.frame import do_button
from polysync_core.console.forms.filling import fill
from polysync_core.console.forms.labels import type_label
from polysync_core.console.icons import icon
from polysync_core.console.parts.notices import notice
from polysync_core.console.parts.tables import table
from polysync_core.console.paths import job_path
from polysync_core.domain.definitions.document import write_definition
from polysync_core.domain.errors import Malformed, PolysyncError, Problem
from polysync_core.domain.json_types import JsonObject

FOUND = "~artefacts"
"""The path of the results of a search."""
CHOSEN = "~chosen"
"""The path of the notice about the chosen artefact."""
_LENGTH = 20
_FROM_ARTEFACT = ("jobType", "externalId", "parameters")
_IF_EMPTY = ("name", "displayName", "description")


def picker(state: EditorPage) -> Node:
    """Return the search over the artefacts of the chosen Platform."""
    if state.is_read_only:
        return None
    if not state.document.get("platform"):
        return h.p(".help")["Choose the Platform first: then its artefacts can be searched."]
    return h.fieldset(".field.picker", id="artefacts")[
        h.legend["Platform Job"],
        h.p(".help")["Search the artefacts of the Platform. Choosing one fills the form."],
        h.div(".filters")[
            h.label(".hidden", for_="artefact-search")["Part of the artefact's name"],
            h.input(
                id="artefact-search",
                name="~search",
                type="search",
                value=state.hidden.get("~search", ""),
                placeholder="Part of the name",
                maxlength="200",
            ),
            h.button(do_button(state.view, "artefacts"), type="submit")[icon("search"), "Search"],
        ],
        state.results.get(FOUND),
        state.results.get(CHOSEN),
        state.hidden.get("~suggested")
        and h.input(type="hidden", name="~suggested", value=state.hidden["~suggested"]),
    ]


def search_artefacts(state: EditorPage, token: str) -> EditorPage:
    """Return the page with the artefacts that the search finds."""
    platform = _text(state.document, "platform")
    selection = ArtefactSelection(
        # The type of a stored Job stays, and so only its artefacts fit.
        job_type=None if state.is_new else _text(state.document, "jobType"),
        search=state.hidden.get("~search", "").strip() or None,
        limit=_LENGTH,
        token=token or None,
    )
    try:
        found = given(state.request, ArtefactImport).artefacts(platform, selection)
    except PolysyncError as error:
        return state.with_result(FOUND, notice("error", f"The search failed: {error}"))
    return state.with_result(FOUND, _results(state, found))


def choose_artefact(state: EditorPage, chosen: str) -> EditorPage:
    """Return the page whose form is filled from the chosen artefact."""
    platform, artefact = _text(state.document, "platform"), _artefact(chosen)
    try:
        draft = given(state.request, ArtefactImport).draft_job(platform, artefact)
    except PolysyncError as error:
        return state.with_result(CHOSEN, notice("error", f"The artefact cannot be read: {error}"))
    return filled(state, draft)


def filled(state: EditorPage, draft: JobDraft) -> EditorPage:
    """Return the page with the values of an artefact; names that a person typed stay."""
    drafted, document = write_definition(draft.job), dict(state.document)
    suggested = state.hidden.get("~suggested")
    if document.get("name") == suggested:
        document.pop("name", None)
    if document.get("jobType") != drafted["jobType"]:
        document.pop("settings", None)
    document |= {name: drafted[name] for name in _FROM_ARTEFACT if name in drafted}
    needed, given = drafted.get("settings"), document.get("settings")
    if isinstance(needed, dict):
        document["settings"] = {**needed, **(given if isinstance(given, dict) else {})}
    if "parameters" not in drafted:
        document.pop("parameters", None)
    document |= {
        name: drafted[name] for name in _IF_EMPTY if name in drafted and not document.get(name)
    }
    group = state.services.group(state.editor.kind, document, is_new=state.is_new)
    changed = replace(
        state,
        group=group,
        raw=fill(group, document),
        hidden={**state.hidden, "~suggested": _text(drafted, "name")},
    )
    return changed.with_result(CHOSEN, _chosen_notice(draft))


def _chosen_notice(draft: JobDraft) -> Element:
    count = len(draft.job.parameters)
    words = f"{count} parameter{'' if count == 1 else 's'}"
    return notice(
        "warning" if draft.notes else "success",
        h.p[f"Filled from {draft.job.external_id}, with {words}."],
        draft.notes and h.ul[[h.li[note] for note in draft.notes]],
    )


def _results(state: EditorPage, found: ArtefactPage) -> Node:
    if not found.items:
        return notice("info", "No artefact has such a name.")
    rows = [_row(state, each) for each in found.items]
    more = (
        found.token
        and h.button(do_button(state.view, f"artefacts:{found.token}"), type="submit")[
            "Next artefacts"
        ]
    )
    columns = ("Artefact", "Type", "Jobs", "")
    return [h.div(".card.rows")[table("Found artefacts", columns, rows)], more]


def _row(state: EditorPage, found: FoundArtefact) -> Element:
    artefact = found.artefact
    value = {
        "externalId": artefact.external_id,
        "jobType": artefact.job_type,
        "name": artefact.name,
        "description": artefact.description or "",
    }
    choose = h.button(
        ".small",
        do_button(state.view, f"choose:{json.dumps(value, ensure_ascii=False)}"),
        type="submit",
        aria_label=f"Choose {artefact.name}",
    )["Choose"]
    return h.tr[
        h.td(".break")[artefact.name, h.small[artefact.external_id]],
        h.td[type_label(artefact.job_type)],
        h.td[[[h.a(href=job_path(name))[name], " "] for name in found.jobs]],
        h.td[choose if artefact.problem is None else h.small[artefact.problem]],
    ]


def _artefact(chosen: str) -> ChosenArtefact:
    """Return the artefact that a button names."""
    try:
        value = json.loads(chosen)
        texts = {name: str(value[name]) for name in ("externalId", "jobType", "name")}
        description = str(value.get("description") or "")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Malformed([Problem("do", "The button names no artefact: search again.")]) from error
    return ChosenArtefact(
        external_id=texts["externalId"],
        job_type=texts["jobType"],
        name=texts["name"],
        description=description or None,
    )


def _text(document: JsonObject, name: str) -> str:
    value = document.get(name)
    return value if isinstance(value, str) else ""
