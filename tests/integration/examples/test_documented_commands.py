"""Every `polysync` command of the documentation works as it is written."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import takewhile
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner, Result

from polysync_core.cli.main import app
from tests.fakes.command_line import shared_commands
from tests.faults.local_system import LocalSystem, has_ended, is_submitted, local_system
from tests.host_kinds import HostKind
from tests.integration.devhost.host_process import ROOT, eventually
from tests.integration.examples.documented_commands import (
    PAGES,
    DocumentedCommand,
    code_block,
    columns_of,
    documented_commands,
)

pytestmark = [pytest.mark.devhost, pytest.mark.slow]

NOT_EXECUTED = {
    "polysync run publish-figures --follow": "the task needs the simulator of Google's functions, "
    "which the test of the demo starts",
    "polysync apply definitions/*.yaml": "the shell expands the pattern",
    "polysync backup FILE": "the command needs the data folder of a host, which its own tests have",
    **dict.fromkeys(
        ("polysync login prod", "polysync runs --context prod"),
        "the command needs Entra; tests/unit/cli/commands/environments fakes it",
    ),
    **dict.fromkeys(
        (
            "polysync plan --target prod --context prod -o plan.json --markdown   # for the text "
            "of the pull request",
            "polysync apply plan.json --context prod                              # after the "
            "review",
            "polysync validate --target prod",
        ),
        "the command needs a bundle; tests/unit/cli/commands/definitions/test_bundles.py has one",
    ),
    **dict.fromkeys(
        (
            "polysync azure check",
            "polysync azure check dev --location westeurope",
            "polysync azure check NEW --location northeurope",
        ),
        "the command needs the Azure CLI and a subscription; tests/unit/cli/azure fakes both",
    ),
}
"""Commands that this test cannot execute, with the reason."""

RUNS_UNTIL_STOPPED = {"dev", "demo"}
"""Commands that start a host of their own; `tests/integration/embedded` starts them."""

EXIT_CODES = {
    "polysync apply -f jobs.yaml -f tasks.yaml": 1,
    "polysync validate tasks.yaml": 1,
    "polysync dags trigger sales": 2,
    "polysync test platform warehouse": 1,
    # The environment has no secret for the receiver of this test.
    "polysync test receiver data-team": 1,
    # A definition of this test differs from its artefact, and a platform does not answer.
    "polysync drift": 1,
    "polysync drift lakehouse": 1,
    "polysync doctor": 1,
}
"""Commands whose page shows an error."""

EXAMPLES = ("examples/bench/definitions.yaml", "examples/lakehouse/definitions.yaml")

DEFINITIONS = """
contentionProfiles:
  - {name: two-at-once, type: Concurrency, settings: {maxConcurrentTasks: 2}}
platforms:
  - name: warehouse
    type: AzureDatabricks
    auth: {method: PersonalAccessToken, personalAccessToken: "vault://local/DATABRICKS_TOKEN"}
    attributes: {workspaceUrl: "http://127.0.0.1:1", computeType: Serverless}
jobs:
  - name: sales-load
    platform: lakehouse
    jobType: DatabricksNotebook
    externalId: /bench/nap
    parameters:
      - {name: run_date, default: "2026-01-01"}
      - {name: limits, dataType: Json, default: {}}
      - {name: seconds, dataType: Float, default: 0.1}
webhooks:
  - name: chat
    url: https://chat.example.com/polysync
    secret: vault://local/CHAT_SECRET
    enabled: false
receivers:
  - {name: data-team, type: Slack, url: vault://local/CHAT_SECRET, enabled: false}
tasks:
  - name: sales-load-daily
    job: sales-load
    schedules: [{name: daily, cron: "0 6 * * *", timeZone: Australia/Sydney}]
  - {name: load-orders, job: nap, parameters: {seconds: 60}, contentionProfiles: [two-at-once]}
"""
JOBS = """
jobs:
  - {name: other-load, platform: lakehouse, jobType: DatabricksNotebook, externalId: /etl/other}
"""
TASKS = """
tasks:
  - {name: first, job: sales-lod}
  - {name: second, job: sales-load, contentionProfiles: [team-cap]}
"""
KEY = "lake_nap"
"""The key of a Databricks job."""
NAMES = {
    "COMMAND": "run",
    "TASK": "sales-load-daily",
    "JOB": "sales-load",
    "PLATFORM": "lakehouse",
    "PROFILE": "two-at-once",
    "WEBHOOK": "chat",
    "before-<version>.yaml": "before-1.0.yaml",
    "etl": KEY,
    "7": "1",
}
RUN = re.compile(r"RUN|r[a-z2-7]{25}")
BACKFILL = re.compile(r"b[a-z0-9]{10}")
KEY_RUN = re.compile(r"[0-9]{15}")


class Reader:
    """A reader of the documentation, who has the example definitions and some runs."""

    def __init__(self, system: LocalSystem, folder: Path) -> None:
        self._system = system
        self._folder = folder
        self._runner = CliRunner()

    def prepare(self) -> None:
        """Write the files that the pages name, and apply the definitions."""
        for path in EXAMPLES:
            self._write(path, (ROOT / path).read_text())
        self._write("lakehouse.yaml", (ROOT / EXAMPLES[-1]).read_text())
        self._write("limits.yaml", _here_document(code_block("docs/howto/contention.md", "$ ")))
        self._write("webhooks.yaml", code_block("docs/howto/events.md", "webhooks:"))
        self._write("sales.yaml", code_block("README.md", "vaults:"))
        self._write("definitions.yaml", DEFINITIONS)
        self._write("before.yaml", DEFINITIONS)
        self._write("first/connections.yaml", code_block("docs/tutorial.md", "vaults:"))
        self._write("first/tasks.yaml", code_block("docs/tutorial.md", "tasks:"))
        self._write("definitions/lakehouse.yaml", (ROOT / EXAMPLES[-1]).read_text())
        self._write("jobs.yaml", JOBS)
        self._write("tasks.yaml", TASKS)
        keys = "vaults: [{name: keys, provider: Environment}]"
        self._write("vaults.yaml", keys)
        for name in (*EXAMPLES, "vaults.yaml", "definitions.yaml"):
            applied = self.polysync("apply", name)
            assert applied.exit_code == 0, applied.output

    def polysync(self, *words: str) -> Result:
        """Run a command."""
        url = f"http://127.0.0.1:{self._system.host.port}/api"
        env = {
            "POLYSYNC_URL": url,
            "POLYSYNC_TOKEN": None,
            "POLYSYNC_KEY": None,
            "POLYSYNC_CONFIG_DIR": str(self._folder / "config"),
        }
        return self._runner.invoke(app, list(words), env=env, catch_exceptions=False)

    def execute(self, command: DocumentedCommand) -> Result:
        """Run a command with real names instead of the placeholders, and end its runs."""
        words = command.words
        names: Mapping[str, str] = NAMES
        if words[:2] == ["test", "vault"]:
            names = {**NAMES, "NAME": "local"}
        elif words[0] == "test":
            names = {**NAMES, "NAME": "lakehouse"}
        words = [names.get(word, word) for word in words]
        if any(RUN.fullmatch(word) for word in words):
            run_id = self._waiting() if words[0] in ("explain", "cancel") else self._finished()
            words = [RUN.sub(run_id, word) if RUN.fullmatch(word) else word for word in words]
        words = [self._backfill() if BACKFILL.fullmatch(word) else word for word in words]
        words = [self._run_of_key() if KEY_RUN.fullmatch(word) else word for word in words]
        if words[0] == "usage":
            self._waiting()
        if words[0] == "runs":
            self._running()
        try:
            return self.polysync(*words)
        finally:
            self._end_all()

    def _finished(self) -> str:
        run_id = self._system.host.post("/tasks/sales-load-daily/run", {})["runId"]
        self._system.wait_for([run_id], has_ended)
        return run_id

    def _backfill(self) -> str:
        days = {"from": "2026-01-01T00:00:00Z", "to": "2026-01-03T00:00:00Z"}
        answer = self._system.host.post("/tasks/sales-load-daily/backfill", days)
        return str(answer["backfillId"])

    def _run_of_key(self) -> str:
        return str(self._system.host.post(f"/jobs/{KEY}/run", {})["runId"])

    def _running(self) -> None:
        """Start a run that goes on until it is cancelled; a list shows its reason."""
        body = {"parameters": {"seconds": 60}}
        run_id = self._system.host.post("/tasks/sales-load-daily/run", body)["runId"]
        self._system.wait_for([run_id], is_submitted)

    def _waiting(self) -> str:
        """Return a run that waits for the contention profile."""
        host = self._system.host
        run_ids = [host.post("/tasks/load-orders/run", {})["runId"] for _ in range(3)]
        waits = f"/task-runs/{run_ids[-1]}/explain"
        eventually(lambda: host.get(waits)["waitingFor"])
        return run_ids[-1]

    def _end_all(self) -> None:
        host = self._system.host
        for status in ("Queued", "Running"):
            for run in host.get(f"/task-runs?status={status}&limit=100")["items"]:
                host.http.post(f"/task-runs/{run['runId']}/cancel")

    def _write(self, name: str, text: str) -> None:
        """Write a document with the workspace, the token and a notebook of the simulator."""
        document: dict[str, Any] = yaml.safe_load(text)
        for platform in document.get("platforms", []):
            if platform["name"] == "lakehouse":
                platform["attributes"]["workspaceUrl"] = self._system.databricks.url
                platform["auth"]["personalAccessToken"] = "vault://local/DATABRICKS_TOKEN"
        for job in document.get("jobs", []):
            if job["externalId"] == "/etl/sales-load":
                job["externalId"] = "/bench/nap"
        path = self._folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(yaml.safe_dump(document))


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    folder = tmp_path_factory.mktemp("reader")
    with (
        shared_commands(),
        local_system(folder, kind=HostKind.EMBEDDED) as system,
        pytest.MonkeyPatch.context() as patch,
    ):
        patch.chdir(folder)
        yield Reader(system, folder)


def _here_document(block: str) -> str:
    return block.partition("<<'END'\n")[2].partition("\nEND\n")[0]


def _commands(*, syntax: bool) -> list[Any]:
    found = {page: documented_commands(page) for page in PAGES}
    chosen = {
        page: [each for each in commands if each.is_syntax is syntax]
        for page, commands in found.items()
    }
    return [pytest.param(commands, id=str(page)) for page, commands in chosen.items() if commands]


@pytest.mark.parametrize("commands", _commands(syntax=False))
def test_every_documented_command_has_the_documented_result(
    reader: Reader, commands: list[DocumentedCommand]
):
    reader.prepare()
    for command in commands:
        if command.text in NOT_EXECUTED or command.words[0] in RUNS_UNTIL_STOPPED:
            continue
        result = reader.execute(command)

        said = f"{command.page}: {command.text}\n{result.output}"
        assert result.exit_code == EXIT_CODES.get(command.text, 0), said
        if command.columns:
            assert command.columns in map(columns_of, result.stdout.splitlines()), said


@pytest.mark.parametrize("commands", _commands(syntax=True))
def test_every_synopsis_names_options_that_exist(reader: Reader, commands: list[DocumentedCommand]):
    for command in commands:
        names = takewhile(re.compile("[a-z][a-z-]*").fullmatch, command.text.split()[1:])
        explained = reader.polysync(*names, "--help")

        assert explained.exit_code == 0, command.text
        for option in re.findall(r"--[a-z-]+|(?<=\[)-[a-z]\b", command.text):
            assert option in explained.output, f"{command.text}: {option}"


def test_a_listed_exception_is_still_documented():
    texts = {each.text for page in PAGES for each in documented_commands(page)}

    assert {*NOT_EXECUTED, *EXIT_CODES} <= texts


def test_a_documented_error_is_printed_word_for_word(reader: Reader):
    reader.prepare()
    (command,) = (
        each
        for each in documented_commands(Path("docs/reference/cli.md"))
        if each.text == "polysync apply -f jobs.yaml -f tasks.yaml"
    )

    assert reader.execute(command).stderr.splitlines() == list(command.output)
