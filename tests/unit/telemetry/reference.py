"""The tables of the reference, from the registries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from polysync_core.telemetry.actions import ACTIONS
from polysync_core.telemetry.names import ATTRIBUTES, METRICS, SPANS

BEGIN = "<!-- From the registries: ACCEPT=1 pytest tests/unit/telemetry writes it anew. -->"
END = "<!-- End of what is from the registries. -->"


def tables() -> str:
    """Return spans, metrics, attributes and actions as Markdown."""
    return "\n".join(_lines())


def _lines() -> Iterator[str]:
    yield from _table("Spans", "| Span | What it is | Attributes |")
    for span in SPANS:
        yield f"| `{span.name}` | {span.meaning} | {_names(span.attributes)} |"
    yield from _table("Metrics", "| Metric | Kind | Unit | What it tells | Split by |")
    for each in METRICS:
        split = _names(each.attributes)
        yield f"| `{each.name}` | {each.kind} | `{each.unit}` | {each.meaning} | {split} |"
    yield from _table("Attributes", "| Attribute | What it holds |")
    yield from (f"| `{name}` | {meaning} |" for name, meaning in ATTRIBUTES.items())
    yield from _table("Actions", "| Action | What has happened | Fields |")
    for name, action in ACTIONS.items():
        yield f"| `{name}` | {action.meaning} | {_names(action.fields)} |"
    yield ""


def _table(heading: str, columns: str) -> Iterator[str]:
    yield from ("", f"## {heading}", "", columns, "|---" * (columns.count("|") - 1) + "|")


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
