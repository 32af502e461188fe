"""Draws the Runtime Settings tab of the Task editor: priority, limits and retries."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import htpy as h
from htpy import Element, Node
from pydantic import ValidationError

from polysync_core.application.dispatch.limit_usage import Usage
from polysync_core.console.editing.editor import EditorPage
from polysync_core.console.editing.frame import do_button
from polysync_core.console.forms.fields import Group
from polysync_core.console.forms.rows import form_field, form_fields
from polysync_core.console.pages.tasks.editor.draft_context import limit_usage, platform_of
from polysync_core.console.pages.tasks.editor.retry_plan import retry_plan
from polysync_core.console.paths import limit_path, page_path, platform_path
from polysync_core.domain.definitions.tasks import Retry
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.json_types import JsonValue

FIELDS = (
    "priority",
    "maxConcurrentRuns",
    "weight",
    "executionTimeoutSeconds",
    "contentionProfiles",
    "retry",
)

_MAX_PROFILES = 5
"""The maximum number of profiles of the Platform whose usage is read."""
_DELAYS = ("maxRetryAttempts", "backoff", "initialDelaySeconds", "maxDelaySeconds")


def runtime_tab(state: EditorPage) -> Node:
    """Return the content of the tab."""
    return [
        h.h3["Order and limits"],
        h.div(".fields")[form_fields(state.view, *FIELDS[:4])],
        h.h3["When an attempt fails"],
        _retry(state),
        h.h3["Contention"],
        _of_platform(state),
        form_fields(state.view, "contentionProfiles"),
    ]


def _retry(state: EditorPage) -> Node:
    control = state.group.field("retry").control
    if not isinstance(control, Group):
        return form_fields(state.view, "retry")

    def drawn(*names: str) -> list[Element]:
        fields = [control.field(name) for name in names]
        return [form_field(state.view, each, f"retry.{each.name}") for each in fields]

    # The picture follows the fields while they are typed.
    follow = {
        "hx-get": page_path("part", "retry"),
        "hx-trigger": "input delay:250ms, change delay:50ms",
        "hx-target": "#retry-plan",
        "hx-swap": "outerMorph",
        "hx-include": "this",
    }
    return [
        h.div(".stack", follow)[
            drawn("enabled"),
            h.p(".help")[
                "Failures with the causes Submit, Parameters and Secret are never retried, "
                "because the same would happen again."
            ],
            h.div(".fields")[drawn(*_DELAYS)],
            h.div(".fields")[drawn("jitter", "maxInfrastructureAttempts")],
        ],
        retry_picture(state.document.get("retry", {})),
        None
        if state.is_read_only
        else h.noscript[
            h.button(".small", do_button(state.view, "refresh"), type="submit")["Draw again"]
        ],
    ]


def retry_picture(document: JsonValue) -> Element:
    """Return the picture of the attempts of a retry policy."""
    try:
        retry = Retry.model_validate_json(json.dumps(document), strict=True, by_name=False)
    except ValidationError:
        content: Node = h.p(".help")["The attempts are drawn once the values can be read."]
    else:
        content = retry_plan(retry)
    return h.div(
        ".table", id="retry-plan", tabindex="0", role="region", aria_label="Attempts and waits"
    )[content]


def _of_platform(state: EditorPage) -> Node:
    platform = platform_of(state)
    if platform is None:
        return None
    link = h.a(href=platform_path(platform.name))[platform.name]
    names = platform.contention_profiles
    if not names:
        return h.p["Platform ", link, " has no contention profile. More profiles of the Task:"]
    usages = _usages(state, names)
    return h.p[
        "Platform ",
        link,
        " brings ",
        [
            [
                ", " if index else None,
                h.a(href=limit_path(name))[name],
                f" ({_words(usages[name], platform.name)})" if name in usages else None,
            ]
            for index, name in enumerate(names)
        ],
        ". More profiles of the Task:",
    ]


def _usages(state: EditorPage, names: Sequence[str]) -> Mapping[str, Usage]:
    """Return the usage of the first profiles; empty if the engine does not answer."""
    engine = state.services.engine
    if engine is None:
        return {}
    try:
        usages = limit_usage(state).of_several(names[:_MAX_PROFILES], engine)
    except Unavailable:
        return {}
    return {each.profile.name: each for each in usages}


def _words(usage: Usage, platform: str) -> str:
    if not usage.profile.enabled:
        return "disabled"
    counters = [each for each in usage.counters if each.scope in {None, platform}]
    if not counters:
        return "not in use now"
    used = sum(each.used for each in counters)
    waiting = sum(len(each.queue) for each in counters)
    return f"{used} of {counters[0].limit} in use now, {waiting} waiting"
