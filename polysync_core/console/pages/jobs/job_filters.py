"""Parses the filters of the Job list from the URL, and draws the filter form."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import htpy as h
from fastapi import Depends, Query
from htpy import Element, Node

from polysync_core.application.definitions.editing import DefinitionEditing
from polysync_core.application.definitions.job_list import JobFilter
from polysync_core.console.editing.services import MOST_OPTIONS
from polysync_core.console.forms.labels import type_label
from polysync_core.console.paths import page_path
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.jobs import JobType

Text = Annotated[str, Query(max_length=200)]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobQuery:
    """The query of the list of Jobs; an empty text sets no filter."""

    q: Text = ""
    platform: Text = ""
    type: Text = ""
    tag: Annotated[str, Query(max_length=400)] = ""
    drift: bool = False
    """True if the Jobs of the page are compared with their artefacts."""
    after: str | None = None

    @property
    def filter(self) -> JobFilter:
        """The conditions of the query."""
        return JobFilter(
            text=self.q.strip() or None,
            platform=self.platform or None,
            job_type=self.type or None,
            tag=self.tag.strip() or None,
        )

    @property
    def is_filtered(self) -> bool:
        """Return whether the query has a condition."""
        return self.filter != JobFilter()

    def address(self, *, after: str | None = None, drift: bool = False) -> str:
        """Return the address of a page of the same list."""
        return page_path(
            *("jobs",),
            q=self.q,
            platform=self.platform,
            type=self.type,
            tag=self.tag,
            after=after,
            drift=drift,
        )


CurrentJobQuery = Annotated[JobQuery, Depends()]


def filter_form(query: JobQuery, editing: DefinitionEditing) -> Element:
    """Return the form of the filters; it is sent when a choice changes."""
    return h.form(
        ".filters", method="get", action=page_path("jobs"), role="search", data_auto_submit=""
    )[
        h.label(".hidden", for_="filter-q")["Name or external id"],
        h.input(
            id="filter-q", name="q", type="search", value=query.q, placeholder="Name or external id"
        ),
        _platform(query, editing),
        h.span(".field")[
            h.label(for_="filter-type")["Type"],
            h.select(id="filter-type", name="type")[
                h.option(value="", selected=not query.type)["All"],
                [
                    h.option(value=each, selected=each == query.type)[type_label(each)]
                    for each in _types(query.type)
                ],
            ],
        ],
        _text("tag", "Tag", query.tag, placeholder="name or name=value"),
        h.button(type="submit")["Filter"],
        query.is_filtered and h.a(".button.quiet", href=page_path("jobs"))["Clear"],
    ]


def _platform(query: JobQuery, editing: DefinitionEditing) -> Node:
    names = editing.names(Kind.PLATFORM, limit=MOST_OPTIONS + 1)
    if len(names) > MOST_OPTIONS:
        return _text("platform", "Platform", query.platform)
    shown = sorted({*names, query.platform} - {""})
    return h.span(".field")[
        h.label(for_="filter-platform")["Platform"],
        h.select(id="filter-platform", name="platform")[
            h.option(value="", selected=not query.platform)["All"],
            [h.option(value=each, selected=each == query.platform)[each] for each in shown],
        ],
    ]


def _types(chosen: str) -> list[str]:
    known = [each.value for each in JobType]
    return known if chosen in {"", *known} else [*known, chosen]


def _text(name: str, label: str, value: str, *, placeholder: str | None = None) -> Element:
    field = f"filter-{name}"
    return h.span(".field")[
        h.label(for_=field)[label],
        h.input(id=field, name=name, value=value, placeholder=placeholder),
    ]
