"""Generates the reference page of the differences."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from textwrap import fill
from typing import Any

from tests.contract.appkit.rows import TABLE
from tests.contract.appkit.table import Has, Row

_SHOWN = ("status", "body", "sent")
"""The parts of an answer that the page shows, in this order."""
_PLACEHOLDER = re.compile(r'"#?<[^>]*>"')
_INTRODUCTION = """\
# AppKit jobs: differences between Polysync and AppKit

*Generated from the table of `tests/contract/appkit`, which has all requests in full.
`ACCEPT=1 pytest tests/contract/appkit/test_documentation.py` generates the page.*

A test starts `@databricks/appkit` {version} from npm and Polysync with the same Databricks
simulator and the same jobs. It sends both the same {requests} requests in {rows} rows. In {alike}
rows, the status, the content type, the body or the event stream, and the calls to Databricks are
the same. The other {different} rows are below. All these differences are intended and tested on
both sides: the suite also fails if a difference disappears.

## All errors are problem documents

An error of AppKit is `{{"error": …, "plugin": "jobs"}}`, or an HTML page of its web framework. An
error of Polysync is a problem document (RFC 9457, `application/problem+json`). It has the same
two members with the same texts, and `status`, `title`, `detail` and `errors` with the problems and
their remedies. `fetch` and requests whose `Accept` has `application/json` get the same document as
`application/json`. Errors without another difference count as the same.

## Only the variables of configured jobs are required

In production, AppKit does not start without `DATABRICKS_JOB_ID`, even if only other jobs are
configured. Polysync requires only the variables of the configured jobs.

## The rules of a schema are those of the export

AppKit checks parameters with Zod itself, and Polysync with the JSON Schema that Zod exports. The
rules that an export loses are in [AppKit jobs](appkit.md#schemas).
"""


def page(version: str) -> str:
    """Return the page."""
    different = [row for row in TABLE if row.differs]
    introduction = _INTRODUCTION.format(
        version=version,
        requests=sum(len(row.requests) for row in TABLE),
        rows=len(TABLE),
        alike=len(TABLE) - len(different),
        different=len(different),
    )
    return "\n".join([introduction, *_sections(different)])


def _sections(rows: list[Row]) -> Iterator[str]:
    reasons = list(dict.fromkeys(_reason(row) for row in rows))
    ordered = sorted(rows, key=lambda row: reasons.index(_reason(row)))
    for reason, group in groupby(ordered, key=_reason):
        yield f"## {reason[0]}\n\n{fill(reason[1], 100)}\n"
        yield "| Request | AppKit | Polysync |\n|---|---|---|"
        for row in group:
            yield f"| {row.name} | {_cell(row, 0)} | {_cell(row, 1)} |"
        yield ""


def _reason(row: Row) -> tuple[str, str]:
    assert row.differs is not None
    return row.differs.title, row.differs.reason


def _cell(row: Row, side: int) -> str:
    """Return the answers of one side; several requests are numbered."""
    assert row.differs is not None
    cells: list[str] = []
    for index, parts in row.differs.parts.items():
        text = ", ".join(_text(parts, part, side) for part in _SHOWN if part in parts)
        cells.append(f"{index + 1}: {text}" if len(row.requests) > 1 else text)
    return "; ".join(cells)


def _text(parts: Mapping[str, tuple[Any, Any]], part: str, side: int) -> str:
    value = parts[part][side]
    match part, value:
        case "status", 0:
            return "no answer, and the process has ended"
        case "status", _:
            return str(value)
        case "sent", _:
            return _calls([len(each) for each in parts[part]], value)
        case _, str() if not value.strip():
            return "no body"
        case _, _:
            return _code(value.part if isinstance(value, Has) else value)


def _calls(counts: list[int], calls: list[dict[str, Any]]) -> str:
    if len(set(counts)) > 1 or not calls:
        return f"{len(calls) or 'no'} call{'s' if len(calls) != 1 else ''} to Databricks"
    # With the same number of calls, their content differs.
    return _code(calls[-1].get("body") or calls[-1].get("query"))


def _code(value: Any) -> str:
    match value:
        case [{"event": "error", "data": {"error": text}}]:
            return f"an event `error`: `{text}`"
        case [{"data": {"status": status}}]:
            return f"an event of `{status}`"
        case _:
            return f"`{_PLACEHOLDER.sub('…', json.dumps(value, ensure_ascii=False))}`"
