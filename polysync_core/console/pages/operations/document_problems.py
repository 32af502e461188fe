"""Draws the list of errors in a rejected definitions document, with lines and columns."""

from __future__ import annotations

import htpy as h
from htpy import Element, Node

from polysync_core.console.parts.notices import notice
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.text_positions import TextPosition, positions_of


def problem_list(invalid: Invalid, text: str) -> Element:
    """Return every problem of a document; the script marks its place in the text."""
    positions = positions_of(text, {problem.path for problem in invalid.problems if problem.path})
    count = len(invalid.problems) + invalid.omitted
    title = "The document has 1 problem." if count == 1 else f"The document has {count} problems."
    items = [h.li[_problem(each, positions.get(each.path))] for each in invalid.problems]
    return notice(
        "error",
        h.b[title, " Nothing is applied."],
        h.ul(".problems")[items],
        invalid.omitted and h.p[f"{invalid.omitted} more problems are not shown."],
    )


def _problem(problem: Problem, position: TextPosition | None) -> Node:
    return [
        position
        and [
            h.a(
                href="#document",
                data_line=str(position.line),
                data_column=str(position.column),
            )[f"Line {position.line}, column {position.column}"],
            ": ",
        ],
        problem.path and [h.code[problem.path], ": "],
        problem.message,
    ]
