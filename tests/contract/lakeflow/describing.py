"""The differences of the table as a page of the reference."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from tests.contract.lakeflow.rows import TABLE
from tests.contract.lakeflow.table import Has, Row

_LONGEST = 110
_INTRODUCTION = """\
# Lakeflow jobs: where Polysync differs from AppKit

*Written from the table of `tests/contract/lakeflow`, which has every request in full;
`ACCEPT=1 pytest tests/contract/lakeflow/test_documentation.py` writes it anew.*

`@databricks/appkit` {version} from npm and Polysync, started against the same Databricks simulator
with the same jobs, are sent the same {requests} requests in {rows} rows. In {alike} rows the
status, the content type, the body or the stream of events, and what Databricks is asked for, are
the same. The {different} others are below. Each of these differences is wanted, and checked from
both sides: the suite fails as well when one of them goes away.
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
        said = ", ".join(_said(name, both[who]) for name, both in parts.items() if name != "type")
        told.append(f"{place + 1}: {said}" if len(row.asks) > 1 else said)
    return "; ".join(told)


def _said(part: str, value: Any) -> str:
    match part, value:
        case "status", 0:
            return "no answer, the process dies"
        case "sent", [*calls]:
            return _count(len(calls))
        case "body", str() if value.startswith("<!DOCTYPE"):
            return "a page"
        case _, Has():
            return _code(value.part)
        case "body", "":
            return "nothing"
        case "body", _:
            return _code(value)
        case "status", _:
            return str(value)
        case _:
            return f"{part} `{value}`"


def _count(calls: int) -> str:
    return "Databricks is not asked" if not calls else f"Databricks is asked {_times(calls)}"


def _times(count: int) -> str:
    return {1: "once", 2: "twice"}.get(count, f"{count} times")


def _code(value: Mapping[str, Any] | list[Any] | str) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    shown = text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
    return f"`{shown.replace('|', '¦')}`"
