"""Draws the General tab of the Task editor: names, Job, tags and enabled switch."""

from __future__ import annotations

import htpy as h
from htpy import Node

from polysync_core.console.editing.editor import EditorPage
from polysync_core.console.editing.frame import do_button
from polysync_core.console.forms.labels import type_label
from polysync_core.console.forms.rows import form_fields
from polysync_core.console.pages.tasks.editor.draft_context import job_of
from polysync_core.console.parts.cards import facts
from polysync_core.console.paths import job_path, platform_path

FIELDS = ("name", "displayName", "description", "job", "enabled", "tags")


def general_tab(state: EditorPage) -> Node:
    """Return the content of the tab."""
    return [
        h.div(".fields")[form_fields(state.view, "name", "displayName")],
        form_fields(state.view, "description"),
        h.div(".fields")[form_fields(state.view, "job"), _use_job(state)],
        _job_facts(state),
        form_fields(state.view, "enabled", "tags"),
    ]


def _use_job(state: EditorPage) -> Node:
    if not state.is_new:
        return None
    button = do_button(state.view, "refresh")
    return h.div(".field")[
        h.button(button, type="submit", data_follows="f-job")["Use this Job"],
        h.p(".help")["The tab Settings then has the parameters of the Job."],
    ]


def _job_facts(state: EditorPage) -> Node:
    job = job_of(state)
    if job is None:
        return None
    return facts(
        [
            ("Job", h.a(href=job_path(job.name))[job.name]),
            ("Job type", type_label(job.job_type)),
            ("Platform", h.a(href=platform_path(job.platform))[job.platform]),
            ("External id", h.code[job.external_id]),
        ]
    )
