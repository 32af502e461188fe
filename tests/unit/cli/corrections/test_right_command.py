"""Commands with the words of other tools are answered with the right command."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from typer.main import get_command
from typer.testing import CliRunner

from polysync_core.cli.corrections.known_words import (
    COMMON_OPTIONS,
    OPTIONS,
    PHRASES,
    REQUIRED,
    RUN_COMMANDS,
    WHOLE_COMMANDS,
)
from polysync_core.cli.corrections.right_command import refusal, right_command
from polysync_core.cli.main import app

RUN = "rabcdefghijklmnopqrstuvwx2"
COMMANDS: Any = get_command(app)


def correction(text: str) -> str | None:
    words = text.split()
    found = right_command(words, COMMANDS.commands)
    return None if found is None else found.removeprefix("polysync ")


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        # gh
        ("run list --status failed", "runs --status failed"),
        ("run list -n 5", "runs --limit 5"),
        (f"run view {RUN} --web", f"open {RUN}"),
        (f"run watch {RUN}", f"follow {RUN}"),
        (f"run rerun {RUN} --failed", f"rerun {RUN} --from-failure"),
        (f"run cancel {RUN}", f"cancel {RUN}"),
        ("workflow run sales", "run sales"),
        ("auth login", "login"),
        # kubectl
        ("get runs --failed -o json", "runs --status Failed --json"),
        (f"get run {RUN}", f"show {RUN}"),
        (f"describe run {RUN}", f"show {RUN}"),
        ("describe sales", "show sales"),
        ("get all", "export"),
        ("create task sales-load sales", "create-task sales-load sales"),
        ("logs task sales", "logs @sales"),
        ("rollout undo task sales", "restore task sales"),
        ("config use-context prod", "context use prod"),
        ("get jobs -l team=sales", "get jobs --tag team=sales"),
        # Terraform
        ("plan -out plan.json", "plan -o plan.json"),
        ("apply --auto-approve", "apply --yes"),
        ("destroy task sales", "delete task sales"),
        ("workspace select prod", "context use prod"),
        # dbt
        ("run sales --vars day=1", "run sales --param day=1"),
        ("retry --failed", "rerun --status Failed"),
        ("parse", "validate"),
        ("debug", "doctor"),
        # Airflow and Prefect
        ("dags list", "get tasks"),
        ("dags trigger sales --conf day=1", "run sales --param day=1"),
        ("dags pause sales", "pause sales --reason TEXT"),
        ("dags next-execution sales", "fire-times sales"),
        ("tasks list", "get tasks"),
        ("pools list", "get profiles"),
        ("connections test warehouse", "test platform warehouse"),
        ("backfill sales -s 2026-01-01 -e 2026-02-01", "backfill sales --from 2026-01-01 --to "
         "2026-02-01"),
        ("server start", "dev"),
        # bundles of Databricks
        ("bundle deploy -t prod", "apply -t prod"),
        ("bundle validate", "validate"),
        # a noun alone, a noun before its verb, and a verb of another tool
        ("tasks", "get tasks"),
        ("task sales", "describe task sales"),
        ("platforms test lakehouse", "test platform lakehouse"),
        ("schedules pause sales", "pause sales --reason TEXT"),
        ("stop --platform lakehouse", "cancel --platform lakehouse"),
        ("cancel --all --platform lakehouse", "cancel --platform lakehouse"),
        ("backfill cancel b123", "cancel --backfill b123"),
        ("kill task sales", "cancel --task sales"),
        ("freeze platform lakehouse", "hold --platform lakehouse --reason TEXT"),
        ("export job sales-load", "get job sales-load -o yaml"),
        ("history task sales", "versions task sales"),
        ("history sales", "runs --task sales"),
        ("edit sales", "edit task sales"),
        ("why " + RUN, "explain " + RUN),
        ("next sales", "fire-times sales"),
        ("run sales --wait", "run sales --follow"),
        ("cron * --timezone Europe/Berlin", "cron '*' --zone Europe/Berlin"),
    ],
)  # fmt: skip
def test_a_command_of_another_tool_has_its_counterpart(written: str, meant: str):
    assert correction(written) == meant


@pytest.mark.parametrize(
    "words",
    ["runs --nonsense", "run sales", "get tasks --nonsense", "nonsense", "run test", "runs sales"],
)
def test_other_commands_have_no_correction(words: str):
    assert correction(words) is None


def _replacements() -> Iterator[list[str]]:
    yield from (each.split() for each in [*PHRASES.values(), *WHOLE_COMMANDS.values()])
    yield from ([each] for each in RUN_COMMANDS.values())
    for command, options in [*OPTIONS.items(), *REQUIRED.items()]:
        replaced = [options] if isinstance(options, tuple) else options.values()
        yield from ([*command.split()[:1], *words[:1]] for words in replaced)
    yield from (["delete", *words] for words in COMMON_OPTIONS.values())


def test_each_correction_is_a_command_with_its_options():
    for words in _replacements():
        command = COMMANDS.commands[words[0]]
        names = [name for each in command.params for name in each.opts]
        assert all(word in names for word in words if word.startswith("-")), words


def test_the_answer_is_the_right_command_in_one_line_for_copying():
    result = CliRunner().invoke(app, ["runs", "watch", RUN])

    assert result.exit_code == 2
    assert result.stderr.splitlines() == [
        f"Error: Got unexpected extra argument(s) ({RUN})",
        f"Did you mean:  polysync follow {RUN}",
    ]


def test_an_option_of_terraform_that_would_write_another_file_is_refused():
    result = CliRunner().invoke(app, ["plan", "-out", "plan.json"])

    assert (result.exit_code, "polysync plan -o plan.json" in result.stderr) == (2, True)


def test_an_action_that_is_not_possible_has_an_answer():
    result = CliRunner().invoke(app, ["runs", "set-state", RUN, "success"])

    assert result.exit_code == 2
    assert "never changes" in result.stderr
    assert refusal(["mark-success", RUN])
    assert refusal(["runs"]) is None
