"""Draws the HTML pages that show the plan and the progress of an artefact import."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import htpy as h
from fastapi import Request
from fastapi.responses import HTMLResponse
from htpy import Element, Node

from polysync_core.application.platforms.import_report import (
    ArtefactSelection,
    ImportedArtefact,
    ImportReport,
    ImportResult,
    IncompatibleTask,
)
from polysync_core.console.editing.frame import section_crumb
from polysync_core.console.form_data import FormData
from polysync_core.console.forms.labels import type_label
from polysync_core.console.parts.notices import notice
from polysync_core.console.parts.tables import table
from polysync_core.console.paths import job_path, page_path
from polysync_core.console.shell import page
from polysync_core.domain.definitions.drift.schemas import SchemaDifference

_SECTION = "platforms"
_WORDS = {
    ImportResult.CREATED: ("Create", "created", "success"),
    ImportResult.UPDATED: ("Update", "updated", "info"),
    ImportResult.UNCHANGED: ("Unchanged", "unchanged", ""),
    ImportResult.FAILED: ("Fails", "failed", "error"),
    ImportResult.SKIPPED: ("Skipped", "skipped", "warning"),
}
"""The words in a plan, the words in a report, and the colour."""


@dataclass(frozen=True, slots=True)
class Counts:
    """The number of artefacts by result, over all pages of an import."""

    by_result: Counter[str] = field(default_factory=Counter[str])

    @classmethod
    def of(cls, form: FormData) -> Counts:
        """Return the counts of the pages before."""
        found = Counter[str]()
        for result in ImportResult:
            text = form.get(f"count-{result.value}", "0")
            found[result.value] = int(text) if text.isdecimal() and len(text) < 9 else 0
        return cls(found)

    def after(self, report: ImportReport) -> Counts:
        """Return the counts with one page more."""
        return Counts(self.by_result + Counter(item.result.value for item in report.items))

    @property
    def words(self) -> str:
        """The counts as a sentence, such as `3 created, 1 failed`."""
        parts = [
            f"{self.by_result[result.value]} {_WORDS[result][1]}"
            for result in ImportResult
            if self.by_result[result.value]
        ]
        return ", ".join(parts) or "nothing to import"


def plan_page(
    request: Request, name: str, selection: ArtefactSelection, report: ImportReport
) -> HTMLResponse:
    """Return the page that shows the changes of an import."""
    counts = Counts().after(report)
    further = report.token and notice(
        "info", "More artefacts follow. The import goes on with them page by page."
    )
    return _page(
        request,
        name,
        f"Import from {name}?",
        h.p[f"Planned: {counts.words}."],
        further,
        _items(report.items, is_plan=True),
        h.form(method="post", action=_address(name))[
            _hidden(selection, None),
            h.div(".foot")[
                h.a(".button", href=_address(name))["Back"],
                h.button(".primary", type="submit", name="do", value="import")["Import"],
            ],
        ],
    )


def progress_page(
    request: Request,
    name: str,
    selection: ArtefactSelection,
    report: ImportReport,
    counts: Counts,
) -> HTMLResponse:
    """Return the page with the outcomes so far; the next page follows from it."""
    if report.token is None:
        kind = "warning" if counts.by_result[ImportResult.FAILED.value] else "success"
        state: Node = notice(kind, f"The import is complete: {counts.words}.")
    else:
        state = _next(name, selection, report.token, counts)
    return _page(
        request,
        name,
        f"Import from {name}",
        state,
        _items(report.items, is_plan=False),
        h.p[h.a(".button", href=_address(name))["Back to the artefacts"]],
    )


def _next(name: str, selection: ArtefactSelection, token: str, counts: Counts) -> Element:
    return h.form(".notice.info", method="post", action=_address(name), role="status")[
        h.div[
            h.p[f"So far: {counts.words}. More artefacts follow."],
            _hidden(selection, token),
            [
                h.input(type="hidden", name=f"count-{result}", value=str(count))
                for result, count in counts.by_result.items()
            ],
            h.p[
                h.button(".primary", type="submit", name="do", value="import", data_continue="")[
                    "Import the next ones"
                ]
            ],
        ]
    ]


def _hidden(selection: ArtefactSelection, token: str | None) -> Node:
    return [
        h.input(type="hidden", name="search", value=selection.search or ""),
        h.input(type="hidden", name="jobType", value=selection.job_type or ""),
        selection.external_ids is None and h.input(type="hidden", name="all", value="true"),
        [
            h.input(type="hidden", name="externalId", value=each)
            for each in sorted(selection.external_ids or ())
        ],
        selection.remove and h.input(type="hidden", name="remove", value="true"),
        token and h.input(type="hidden", name="token", value=token),
    ]


def _items(items: Sequence[ImportedArtefact], *, is_plan: bool) -> Node:
    if not items:
        return None
    columns = ["Plan" if is_plan else "Result", "Artefact", "Job", "Details"]
    rows = [_row(each, is_plan=is_plan) for each in items]
    return h.div(".card")[table("Artefacts of the import", columns, rows, body="rows")]


def _row(each: ImportedArtefact, *, is_plan: bool) -> Element:
    planned, done, colour = _WORDS[each.result]
    return h.tr[
        h.td[h.span(class_=f"badge {colour}")[planned if is_plan else done.capitalize()]],
        h.td[h.b[each.external_id], each.job_type and h.small[type_label(each.job_type)]],
        h.td[_job(each, is_plan=is_plan)],
        h.td(".why")[
            each.error and h.span(".error")[each.error],
            _difference(each.difference),
            [h.small[note] for note in each.notes],
            [_incompatible(task) for task in each.incompatible_tasks],
        ],
    ]


def _incompatible(task: IncompatibleTask) -> Element:
    return h.small[f"Task {task.task} contradicts the artefact, so a part stays as it is."]


def _job(each: ImportedArtefact, *, is_plan: bool) -> Node:
    if each.job is None:
        return None
    if is_plan and each.result is ImportResult.CREATED:
        return each.job
    return h.a(href=job_path(each.job))[each.job]


def _difference(difference: SchemaDifference) -> Node:
    parts = [
        ("new", difference.added),
        ("gone", difference.removed),
        ("other type", [each.name for each in difference.type_changed]),
        ("other default", [each.name for each in difference.default_changed]),
        ("missing", [each.name for each in difference.missing_changed]),
    ]
    words = [f"{label}: {', '.join(names)}" for label, names in parts if names]
    return words and h.small[f"Parameters {'; '.join(words)}"]


def _address(name: str) -> str:
    return page_path(_SECTION, name, "artefacts")


def _page(request: Request, name: str, title: str, *content: Node) -> HTMLResponse:
    return page(
        request,
        title,
        h.div(".stack")[content],
        section=_SECTION,
        crumbs=[section_crumb(_SECTION), (name, page_path(_SECTION, name))],
        scripts=["forms.js"],
    )
