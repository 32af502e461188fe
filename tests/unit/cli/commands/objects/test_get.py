"""`polysync get`."""

from __future__ import annotations

import json

import pytest
import yaml

from polysync_core.cli.nouns import NOUNS, find_noun
from polysync_core.domain.definitions.kinds import KINDS
from tests.fakes.command_line import AppCommands


def test_every_kind_of_definition_has_a_noun() -> None:
    known = {(noun.path, noun.singular, noun.list_name) for noun in NOUNS if noun.list_name}
    assert known == {(spec.path, spec.singular, spec.kind.value) for spec in KINDS}


@pytest.mark.parametrize(
    ("spelling", "path"),
    [
        ("task", "tasks"),
        ("Tasks", "tasks"),
        ("t", "tasks"),
        ("profile", "contention-profiles"),
        ("contentionProfiles", "contention-profiles"),
        ("contention-profile", "contention-profiles"),
        ("cp", "contention-profiles"),
        ("wh", "webhooks"),
        ("schedules", "schedules"),
        ("backfill", "backfills"),
    ],
)
def test_kinds_have_singular_plural_and_short_spellings(spelling: str, path: str) -> None:
    assert find_noun(spelling).path == path


def test_no_spelling_means_two_kinds() -> None:
    spellings = [spelling for noun in NOUNS for spelling in noun.spellings]
    assert len(spellings) == len(set(spellings))


@pytest.mark.parametrize(("word", "hint"), [("taks", "'tasks'"), ("runs", "polysync runs")])
def test_an_unknown_kind_has_a_hint(polysync: AppCommands, word: str, hint: str) -> None:
    result = polysync("get", word)
    assert result.exit_code == 2
    assert hint in result.stderr


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("tasks", ["sales-load-daily", "enabled", "disabled", "0 6 * * *"]),
        ("jobs", ["sales-load", "lakehouse", "DatabricksNotebook", "/etl/sales-load"]),
        ("platforms", ["lakehouse", "AzureDatabricks", "cap"]),
        ("profiles", ["cap", "2 at once"]),
        ("schedules", ["sales-load-daily", "daily", "2026-03-02 06:00:00Z"]),
    ],
)
def test_a_kind_is_a_table(polysync: AppCommands, kind: str, content: list[str]) -> None:
    result = polysync("get", kind)
    assert result.exit_code == 0, result.output
    assert all(each in result.stdout for each in content), result.stdout


@pytest.mark.parametrize("kind", ["vaults", "calendars", "webhooks", "backfills"])
def test_an_empty_list_says_so(polysync: AppCommands, kind: str) -> None:
    result = polysync("get", kind)
    assert (result.exit_code, result.stdout) == (0, "")
    assert result.stderr == f"No {kind}.\n"


def test_names_are_lines_for_other_programs(polysync: AppCommands) -> None:
    assert polysync("get", "jobs", "-o", "name").stdout.split() == ["other", "sales-load"]


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["tasks", "--job", "other"], ["other-daily"]),
        (["tasks", "--search", "SALES"], ["sales-load-daily"]),
        (["jobs", "--tag", "team"], ["sales-load"]),
        (["jobs", "--tag", "team=x"], []),
        (["jobs", "--platform", "lakehouse", "--search", "oth"], ["other"]),
        (["schedules", "--task", "sales-load-daily"], ["daily"]),
        (["tasks", "other-daily"], ["other-daily"]),
    ],
)
def test_lists_are_filtered(polysync: AppCommands, options: list[str], names: list[str]) -> None:
    assert polysync("get", *options, "-o", "name").stdout.split() == names


def test_a_filter_of_another_kind_is_refused(polysync: AppCommands) -> None:
    result = polysync("get", "vaults", "--job", "x")
    assert result.exit_code == 2
    assert "does not apply to vaults" in result.stderr


def test_the_list_ends_at_the_limit_and_says_so(polysync: AppCommands) -> None:
    limited = polysync("get", "jobs", "-o", "name", "--limit", "1")
    assert limited.stdout.split() == ["other"]
    assert "There are more" in limited.stderr
    assert len(polysync("get", "jobs", "-o", "name", "--limit", "1", "--all").stdout.split()) == 2


def test_yaml_is_a_document_that_changes_nothing(polysync: AppCommands) -> None:
    text = polysync("get", "task", "sales-load-daily", "-o", "yaml").stdout
    assert list(yaml.safe_load(text)) == ["tasks"]
    assert "1 unchanged" in polysync("apply", "-", input=text).stdout


def test_json_is_the_answer_of_the_api(polysync: AppCommands) -> None:
    answers = [json.loads(polysync("get", "jobs", *o).stdout) for o in (["--json"], ["-o", "json"])]
    assert answers[0] == answers[1]
    assert [each["name"] for each in answers[0]["items"]] == ["other", "sales-load"]


def test_an_unknown_name_has_a_suggestion(polysync: AppCommands) -> None:
    result = polysync("get", "task", "sales-load-dayly")
    assert result.exit_code == 1
    assert "sales-load-daily" in result.stderr


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--kind", "jobs"], {"jobs": ["other", "sales-load"]}),
        (
            ["--kind", "job", "--kind", "t", "--name", "other*"],
            {"jobs": ["other"], "tasks": ["other-daily"]},
        ),
        (["--tag", "team=sales"], {"jobs": ["sales-load"]}),
        (["--name", "cap"], {"contentionProfiles": ["cap"]}),
        (["--name", "nope"], {}),
        (["--name", "OTHER"], {}),
    ],
)
def test_an_export_has_the_selected_definitions(
    polysync: AppCommands, options: list[str], expected: dict[str, list[str]]
) -> None:
    document = yaml.safe_load(polysync("export", *options).stdout)
    assert {kind: [each["name"] for each in found] for kind, found in document.items()} == expected
