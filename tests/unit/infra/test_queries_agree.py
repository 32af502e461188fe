"""Alerts, workbook and how-to query only names that the registries contain.

`tests/unit/telemetry` and `tests/faults/test_secrets.py` prove that registered names are exported
to these tables.
"""

from __future__ import annotations

import json
import re

import pytest

from polysync_core.telemetry.actions import ACTIONS
from polysync_core.telemetry.names import METRICS, SPANS
from tests.unit.infra.templates import BICEP, ROOT, template, variable

WORKBOOK = BICEP / "workbook.json"
MONITOR = ROOT / "docs" / "howto" / "monitor.md"
TABLES = {"traces", "exceptions", "dependencies", "customMetrics", "requests"}
METRIC_COLUMNS = {"valueSum", "valueCount", "valueMin", "valueMax"}


def _rules() -> dict[str, str]:
    rules = variable(template("modules/alerts.bicep"), "rules")
    return {str(rule["name"]): str(rule["query"]) for rule in rules}


def _items() -> dict[str, str]:
    items = json.loads(WORKBOOK.read_text())["items"]
    return {item["name"]: item["content"]["query"] for item in items if "query" in item["content"]}


def _how_to() -> dict[str, str]:
    """Return the queries of the how-to."""
    blocks = re.findall(r"^```kusto\n(.*?)^```", MONITOR.read_text(), re.MULTILINE | re.DOTALL)
    return {f"how-to {number}": block for number, block in enumerate(blocks, start=1)}


QUERIES = {**_rules(), **_items(), **_how_to()}


def _actions(query: str) -> set[str]:
    """Return the actions that a query compares with."""
    compared = re.findall(r'action\)? == "(\w+)"', query)
    lists = re.findall(r"action\)? in \(([^)]*)\)", query)
    return {*compared, *(name for each in lists for name in re.findall(r'"(\w+)"', each))}


def _named(query: str) -> set[str]:
    """Return the metrics and spans that a query asks for."""
    return set(re.findall(r'\bname == "([\w.]+)"', query))


def _problems(query: str) -> set[str]:
    """Return the names in a query that are never exported."""
    attributes = {each.name: set(each.attributes) for each in (*METRICS, *SPANS)}
    every = {name for names in attributes.values() for name in names}
    actions, named = _actions(query), _named(query)
    fields = {field for each in actions & set(ACTIONS) for field in ACTIONS[each].fields}
    split = {name for each in named & set(attributes) for name in attributes[each]}
    asked = set(re.findall(r'customDimensions\["([^"]+)"\]', query))
    wrong = (actions - set(ACTIONS)) | (named - set(attributes))
    wrong |= set(re.findall(r"customDimensions\.(\w+)", query)) - fields - {"action", "run_id"}
    # A query over all spans may use an attribute of any of them.
    wrong |= asked - (split if named else every)
    wrong |= set(re.findall(r"\bvalue\w*", query)) - METRIC_COLUMNS
    return wrong | {table for table in _tables(query) if table not in TABLES}


def _tables(query: str) -> set[str]:
    """Return the tables that a query begins with and unites."""
    first = re.findall(r"^\s*(\w+)\b", query)
    united = [name for each in re.findall(r"union ([\w, ]+)", query) for name in each.split(", ")]
    inner = re.findall(r"\((\w+) \|", query)
    return {name.strip() for name in (*first, *united, *inner)} - {"union", ""}


def test_a_pause_by_a_person_raises_no_alert() -> None:
    assert _actions(_rules()["schedule-auto-paused"]) == {"schedule_auto_paused"}
    assert not [name for name, query in _rules().items() if "schedule_paused" in _actions(query)]


@pytest.mark.parametrize("name", QUERIES)
def test_a_query_uses_only_exported_names(name: str) -> None:
    assert _problems(QUERIES[name]) == set()


@pytest.mark.parametrize("name", [*_rules(), *_items()])
def test_a_query_uses_at_least_one_name(name: str) -> None:
    assert _actions(QUERIES[name]) | _named(QUERIES[name])


@pytest.mark.parametrize(
    ("query", "unknown"),
    [
        pytest.param('traces | where action == "no_such"', "no_such", id="an action"),
        pytest.param(
            'traces | where tostring(customDimensions.action) in ("run_ended", "none")',
            "none",
            id="an action in a list",
        ),
        pytest.param(
            'traces | where action == "purged" | project customDimensions.shard',
            "shard",
            id="a field of another action",
        ),
        pytest.param('customMetrics | where name == "polysync.no"', "polysync.no", id="a metric"),
        pytest.param(
            'customMetrics | where name == "polysync.run.wait" | '
            'summarize by tostring(customDimensions["polysync.task"])',
            "polysync.task",
            id="an attribute that the metric is not split by",
        ),
        pytest.param(
            'customMetrics | where name == "polysync.run.wait" and value > 1',
            "value",
            id="a column that there is not",
        ),
        pytest.param("logs | take 1", "logs", id="a table"),
        pytest.param("union traces, logs | take 1", "logs", id="a table in a union"),
    ],
)
def test_a_name_that_is_never_exported_is_found(query: str, unknown: str) -> None:
    assert unknown in _problems(query)


def test_the_how_to_describes_every_alert() -> None:
    described = set(re.findall(r"^### `([\w-]+)`", MONITOR.read_text(), re.MULTILINE))
    assert described == set(_rules())


def test_the_names_in_the_how_to_exist() -> None:
    text = MONITOR.read_text()
    actions, metrics = (
        set(re.findall(r"action `(\w+)`", text)),
        set(re.findall(r"metric `([\w.]+)`", text)),
    )
    assert actions
    assert metrics
    assert actions <= set(ACTIONS)
    assert metrics <= {each.name for each in METRICS}


def test_names_of_rules_and_workbook_items_are_unique() -> None:
    assert len(QUERIES) == len(_rules()) + len(_items()) + len(_how_to())
