"""Each operation has a page, and each alert a paragraph with the remedy."""

from __future__ import annotations

import re

import pytest

from tests.unit.infra.templates import ROOT, template, variable
from tests.unit.infra.test_snapshots import NAMES, of_type

HOW_TO = ROOT / "docs" / "howto"
OPERATIONS = ["upgrade", "roll-back", "rotate-keys", "move-region", "restore", "monitor", "remove"]
SHORTEST = 20
"""The number of words that a paragraph must have."""


def _rules() -> list[str]:
    rules = variable(template("modules/alerts.bicep"), "rules")
    return [str(rule["name"]) for rule in rules]


def _paragraphs() -> dict[str, str]:
    """Return the text below each heading of an alert."""
    text = (HOW_TO / "monitor.md").read_text()
    found = re.findall(r"^### `([\w-]+)`\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL)
    assert len(found) == len(dict(found))
    return dict(found)


def test_each_alert_has_its_paragraph_and_each_paragraph_its_alert() -> None:
    assert list(_paragraphs()) == _rules()


@pytest.mark.parametrize("rule", _rules())
def test_the_paragraph_of_an_alert_says_what_to_do(rule: str) -> None:
    assert len(_paragraphs()[rule].split()) >= SHORTEST


@pytest.mark.parametrize("name", NAMES)
def test_the_description_of_each_alert_names_its_paragraph(name: str) -> None:
    alerts = of_type(name, "Microsoft.Insights/scheduledQueryRules")

    assert len(alerts) == len(_rules())
    for alert in alerts:
        rule = alert["properties"]["displayName"].removeprefix("Polysync: ")
        page, _, heading = alert["properties"]["description"].rpartition(" ")[2].partition("#")
        assert (ROOT / page, heading) == (HOW_TO / "monitor.md", rule)
        assert alert["name"].endswith(f"-{rule}")


@pytest.mark.parametrize("page", OPERATIONS)
def test_each_operation_has_a_page_that_the_list_of_pages_names(page: str) -> None:
    assert (HOW_TO / f"{page}.md").is_file()
    assert f"(howto/{page}.md)" in (ROOT / "docs" / "README.md").read_text()


@pytest.mark.parametrize("page", [*OPERATIONS, "deploy", "first-deployment"])
def test_the_links_of_a_page_lead_to_pages_and_headings(page: str) -> None:
    file = HOW_TO / f"{page}.md"
    for target in re.findall(r"\]\(([^)]+)\)", file.read_text()):
        if target.startswith("https://"):
            continue
        path, _, heading = target.partition("#")
        linked = (file.parent / path).resolve() if path else file
        assert linked.exists(), target
        if heading:
            assert heading in _headings(linked.read_text()), target


def _headings(text: str) -> set[str]:
    titles = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each).lower().replace(" ", "-") for each in titles}


def test_a_page_that_a_message_of_the_command_line_names_exists() -> None:
    sources = [file.read_text() for file in (ROOT / "polysync_core" / "cli").rglob("*.py")]
    named = {page for text in sources for page in re.findall(r"docs/[\w/-]+\.md", text)}

    assert named
    assert [page for page in named if not (ROOT / page).is_file()] == []


def test_the_checklist_names_proofs_that_exist_and_leaves_something_to_show() -> None:
    text = (HOW_TO / "first-deployment.md").read_text()
    rows = [line.strip("|").replace(r"\|", "/").split("|") for line in _table_rows(text)]

    assert len(rows) >= 30
    for step, proof, to_show in rows:
        assert step.strip()
        assert to_show.strip(), step
        for name in re.findall(
            r"`((?:unit|integration|faults|security|contract|replay)[\w/.]*)`", proof
        ):
            assert (ROOT / "tests" / name).exists(), name
    without_proof = [step.strip() for step, proof, _ in rows if not proof.strip()]
    assert without_proof == ["Endpoints of the host", "Idle time"]


def _table_rows(text: str) -> list[str]:
    return [
        line
        for line in text.splitlines()
        if line.startswith("| ") and not line.startswith("| Step |")
    ]
