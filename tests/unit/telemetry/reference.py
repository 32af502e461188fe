"""Generates the tables of the reference from the registries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from polysync_core.telemetry.actions import ACTIONS
from polysync_core.telemetry.names import ATTRIBUTES, METRICS, SPANS

BEGIN = "<!-- Generated from the registries by ACCEPT=1 pytest tests/unit/telemetry. -->"
END = "<!-- End of the generated part. -->"


def tables() -> str:
    """Return spans, metrics, attributes and actions as Markdown."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield from _table("Spans", "| Span | Meaning | Attributes |")
    for span in SPANS:
        yield f"| `{span.name}` | {span.meaning} | {_names(span.attributes)} |"
    yield from _table("Metrics", "| Metric | Kind | Unit | Meaning | Attributes |")
    for each in METRICS:
        attributes = _names(each.attributes)
        yield f"| `{each.name}` | {each.kind} | `{each.unit}` | {each.meaning} | {attributes} |"
    yield from _table("Attributes", "| Attribute | Meaning |")
    yield from (f"| `{name}` | {meaning} |" for name, meaning in ATTRIBUTES.items())
    yield from _table("Actions", "| Action | Meaning | Fields |")
    for name, action in ACTIONS.items():
        yield f"| `{name}` | {action.meaning} | {_names(action.fields)} |"
    yield ""


def _table(heading: str, columns: str) -> Iterator[str]:
    yield from ("", f"## {heading}", "", columns, "|---" * (columns.count("|") - 1) + "|")


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
