"""The differences of the table as a page of the reference."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from tests.contract.appkit.rows import TABLE
from tests.contract.appkit.table import Has, Row

_TOLD = ("status", "body", "sent")
"""The parts of an answer that the page tells, in this order."""
_UP_TO_CHANCE = re.compile(r'"#?<[^>]*>"')
_INTRODUCTION = """\
# Lakeflow jobs: where Polysync differs from AppKit

*Written from the table of `tests/contract/appkit`, which has every request in full;
`ACCEPT=1 pytest tests/contract/appkit/test_documentation.py` writes it anew.*

`@databricks/appkit` {version} from npm and Polysync, started against the same Databricks simulator
with the same jobs, are sent the same {requests} requests in {rows} rows. In {alike} rows the
status, the content type, the body or the stream of events, and what Databricks is asked for, are
the same. The {different} others are below. Each of these differences is wanted, and checked from
both sides: the suite fails as well when one of them goes away.

## Errors are problem documents, everywhere

An error of AppKit is `{{"error": …, "plugin": "jobs"}}`, or an HTML page where its web framework
answers. Polysync's is a problem document (RFC 9457, `application/problem+json`) that has these two
members as well, with the same texts, besides `status`, `title`, `detail` and `errors` with what is
wrong and what to do. Errors that differ in nothing else count as alike.

## Starting takes the variables of the keys, and no other

In production AppKit does not start without `DATABRICKS_JOB_ID`, even where only other keys are
configured. Polysync wants the variables of the keys that are configured.
"""


def page(version: str) -> str:
    """Return the page."""
    different = [row for row in TABLE if row.differs]
    introduction = _INTRODUCTION.format(
        version=version,
        requests=sum(len(row.asks) for row in TABLE),
        rows=len(TABLE),
        alike=len(TABLE) - len(different),
        different=len(different),
    )
    return "\n".join([introduction, *_sections(different)])


def _sections(rows: list[Row]) -> Iterator[str]:
    reasons = list(dict.fromkeys(_reason(row) for row in rows))
    ordered = sorted(rows, key=lambda row: reasons.index(_reason(row)))
    for reason, group in groupby(ordered, key=_reason):
        yield f"## {reason[0]}\n\n{reason[1]}\n"
        yield "| Request | AppKit | Polysync |\n|---|---|---|"
        for row in group:
            yield f"| {row.name} | {_cell(row, 0)} | {_cell(row, 1)} |"
        yield ""


def _reason(row: Row) -> tuple[str, str]:
    assert row.differs is not None
    return row.differs.title, row.differs.reason


def _cell(row: Row, who: int) -> str:
    """Return what one of the two answers; the number of a request only where there are several."""
    assert row.differs is not None
    told: list[str] = []
    for place, parts in row.differs.parts.items():
        said = ", ".join(_said(parts, part, who) for part in _TOLD if part in parts)
        told.append(f"{place + 1}: {said}" if len(row.asks) > 1 else said)
    return "; ".join(told)


def _said(parts: Mapping[str, tuple[Any, Any]], part: str, who: int) -> str:
    value = parts[part][who]
    match part, value:
        case "status", 0:
            return "no answer, and the process is gone"
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
    # Where both call as often, it is what they ask for that differs.
    return _code(calls[-1].get("body") or calls[-1].get("query"))


def _code(value: Any) -> str:
    match value:
        case [{"event": "error", "data": {"error": text}}]:
            return f"an event `error`: `{text}`"
        case [{"data": {"status": status}}]:
            return f"an event of `{status}`"
        case _:
            return f"`{_UP_TO_CHANCE.sub('…', json.dumps(value, ensure_ascii=False))}`"
