"""A newcomer who knows gh, kubectl, Terraform, dbt and Airflow does 53 daily tasks.

Each task has the command that such a person types first. It works, or its answer names the command
that works.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import pytest
from typer.testing import CliRunner, Result

from polysync_core.cli.main import app
from tests.fakes.command_line import shared_commands
from tests.faults.local_system import LocalSystem, has_ended, local_system
from tests.host_kinds import HostKind
from tests.integration.devhost.host_process import eventually

pytestmark = [pytest.mark.devhost, pytest.mark.slow]

_CORRECTION = re.compile(r"^Did you mean:  polysync (.+)$", re.MULTILINE)

DEFINITIONS = """
contentionProfiles:
  - {name: one-at-once, type: Concurrency, settings: {maxConcurrentTasks: 1}}
jobs:
  - name: sales-load
    platform: lakehouse
    jobType: DatabricksNotebook
    externalId: /bench/nap
    parameters: [{name: seconds, dataType: Float, default: 0.1}]
tasks:
  - name: sales
    job: sales-load
    schedules: [{name: daily, cron: "0 6 * * *", timeZone: Australia/Sydney}]
  - {name: unused, job: sales-load}
  - name: slow
    job: sales-load
    parameters: {seconds: 60}
    contentionProfiles: [one-at-once]
    schedules: [{name: daily, cron: "0 6 * * *"}]
"""
BUNDLE = """
bundle: {name: sales}
variables: {hour: {default: "5"}}
targets:
  dev: {default: true}
  prod: {variables: {hour: "6"}}
vaults: [{name: local, provider: Environment}]
platforms:
  - name: lakehouse
    type: AzureDatabricks
    auth: {method: PersonalAccessToken, personalAccessToken: "vault://local/DATABRICKS_TOKEN"}
    attributes: {workspaceUrl: "WORKSPACE", computeType: Serverless, defaultNotebookPath: /etl}
jobs:
  - {name: of-bundle, platform: lakehouse, jobType: DatabricksNotebook, externalId: /bench/nap}
tasks:
  - name: of-bundle
    job: of-bundle
    schedules: [{name: daily, cron: "0 ${var.hour} * * *"}]
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """The first command for a task, and a part of the right answer."""

    task: str
    first: str
    answer: str
    at_once: bool = True
    """False if the first command only names the right one."""
    input: str = ""
    before: str = ""
    """The runs that must exist before the command."""


TRIES = (
    Try(task="list the tasks", first="get tasks", answer="sales"),
    Try(task="list failed runs since yesterday of a platform",
        first="runs --status failed --since yesterday --platform lakehouse", answer="Failed"),
    Try(task="see why it waits", first="explain WAITING", answer="one-at-once"),
    Try(task="see why it waits, in other words", first="why WAITING", answer="one-at-once",
        at_once=False),
    Try(task="run it again with another value", first="rerun FAILED -p how=none -p failures=0",
        answer="repeats"),
    Try(task="promote to prod", first="apply --target prod", answer="of-bundle"),
    Try(task="promote to prod, in other words", first="deploy -t prod", answer="Applied",
        at_once=False),
    Try(task="cancel everything of a platform", first="cancel --platform lakehouse",
        answer="cancelled",
        before="WAITING", input="y\n"),
    Try(task="run a task now", first="run sales", answer="accepted"),
    Try(task="run a task and wait for it", first="run sales --wait", answer="Succeeded",
        at_once=False),
    Try(task="watch a run", first="watch FINISHED", answer="Succeeded", at_once=False),
    Try(task="read the log of a task's newest run", first="logs @flaky",
        before="FAILED", answer="flaky"),
    Try(task="follow a log", first="logs -f FINISHED", answer="Succeeded"),
    Try(task="see all about a run", first="describe run FINISHED", answer="Attempts",
        at_once=False),
    Try(task="see all about a task", first="describe task sales", answer="0 6 * * *"),
    Try(task="read a task as YAML", first="get task sales -o yaml", answer="job: sales-load"),
    Try(task="edit a task", first="edit task sales", answer="Nothing is changed"),
    Try(task="delete a task", first="delete task unused", answer="Deleted", input="y\n"),
    Try(task="disable a task", first="disable task slow", answer="disabled"),
    Try(task="enable a task", first="enable task slow", answer="enabled"),
    Try(task="pause a schedule", first="pause sales", answer="paused", at_once=False),
    Try(task="resume a schedule", first="unpause sales", answer="enabled", at_once=False),
    Try(task="see when it runs next", first="next sales", answer="daily", at_once=False),
    Try(task="check a cron expression", first='cron "0 6 * * *"', answer="Every day at 06:00"),
    Try(task="run January again", first="backfill sales --from 2026-01-01 --to 2026-01-04",
        answer="3 created"),
    Try(task="list backfills", first="get backfills", answer="sales"),
    Try(task="cancel a backfill", first="cancel --backfill BACKFILL", answer="is cancelled",
        input="y\n"),
    Try(task="run all failed of the last two hours again",
        first="rerun --status failed --since 2h --task flaky", answer="started again",
        input="y\n"),
    Try(task="see what would change", first="plan", answer="Planned"),
    Try(task="save the plan", first="plan -out plan.json", answer="plan.json", at_once=False),
    Try(task="apply the saved plan", first="apply plan.json", answer="Applied"),
    Try(task="apply a folder", first="apply -f .", answer="Applied"),
    Try(task="check files without a server", first="lint", answer="Valid", at_once=False),
    Try(task="start a project", first="init new-project", answer="polysync.yaml"),
    Try(task="import the notebooks of a platform", first="import lakehouse", answer="created"),
    Try(task="test a connection", first="test platform lakehouse", answer="answers"),
    Try(task="name an environment", first="context add test --url URL", answer="test"),
    Try(task="switch the environment", first="config use-context test", answer="test",
        at_once=False),
    Try(task="list the environments", first="context list", answer="test"),
    Try(task="draw the graph", first="graph sales", answer="sales"),
    Try(task="get the page of a run", first="open FINISHED --print", answer="/console/runs/r"),
    Try(task="see who holds the slots", first="usage", answer="one-at-once"),
    Try(task="see who changed what", first="audit", answer="/definitions"),
    Try(task="write everything to a file", first="export -o all.yaml", answer="all.yaml"),
    Try(task="see the runs of a task", first="runs sales", answer="Succeeded"),
    Try(task="see what runs now", first="runs --status running", answer=""),
    Try(task="see the outputs of a run", first="outputs FINISHED", answer="FINISHED",
        at_once=False),
    Try(task="undo a change", first="rollback task sales", answer="sales", at_once=False),
    Try(task="see messages that failed", first="dead-letters", answer="No message"),
    Try(task="check the installation", first="doctor", answer="API"),
    Try(task="create a task from a job", first="create task sales-load another",
        answer="Task another", at_once=False),
    Try(task="see the version", first="--version", answer="polysync"),
    Try(task="list runs as JSON", first="runs -o json", answer='"items"', at_once=False),
)  # fmt: skip


class Newcomer:
    """A person with a folder of definitions and a host."""

    def __init__(self, system: LocalSystem, folder: Path) -> None:
        self._system = system
        self._env: Mapping[str, str | None] = {
            "POLYSYNC_URL": f"http://127.0.0.1:{system.host.port}/api",
            "POLYSYNC_TOKEN": None,
            "POLYSYNC_KEY": None,
            "POLYSYNC_CONFIG_DIR": str(folder / "config"),
            "VISUAL": None,
            "EDITOR": "true",
        }

    def polysync(self, command: str, text: str = "") -> Result:
        """Type a command and the answer to its question."""
        words = shlex.split(command)
        return CliRunner().invoke(app, words, env=self._env, input=text, catch_exceptions=False)

    def typed(self, command: str) -> str:
        """Return a command with real ids; the runs that it needs exist then."""
        words = [self._real(word) for word in shlex.split(command)]
        return shlex.join(words)

    def end_all(self) -> None:
        """Cancel the runs that wait and run."""
        query = {"status": ["Queued", "Running"], "limit": 100}
        self._system.host.http.post("/task-runs/cancel", params=query).raise_for_status()

    def _real(self, word: str) -> str:
        host = self._system.host
        match word:
            case "URL":
                return f"http://127.0.0.1:{host.port}/api"
            case "FINISHED":
                return self._ended("sales")
            case "FAILED":
                return self._ended("flaky", key=uuid4().hex)
            case "WAITING":
                run_ids = [host.post("/tasks/slow/run", {})["runId"] for _ in range(2)]
                eventually(lambda: host.get(f"/task-runs/{run_ids[-1]}/explain")["waitingFor"])
                return run_ids[-1]
            case "BACKFILL":
                days = {"from": "2026-02-01T00:00:00Z", "to": "2026-02-03T00:00:00Z"}
                return str(host.post("/tasks/slow/backfill", days)["backfillId"])
            case _:
                return word

    def _ended(self, task: str, **parameters: str) -> str:
        body = {"parameters": parameters}
        run_id = self._system.host.post(f"/tasks/{task}/run", body)["runId"]
        self._system.wait_for([run_id], has_ended)
        return run_id


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    folder = tmp_path_factory.mktemp("newcomer")
    with (
        shared_commands(),
        local_system(folder, kind=HostKind.EMBEDDED) as system,
        pytest.MonkeyPatch.context() as patch,
    ):
        bundle = folder / "bundle"
        bundle.mkdir()
        (bundle / "polysync.yaml").write_text(BUNDLE.replace("WORKSPACE", system.databricks.url))
        system.apply(DEFINITIONS)
        system.host.http.patch("/tasks/sales", json={"description": "The sales of a day."})
        found = Newcomer(system, folder)
        found.typed("FAILED FINISHED")
        patch.chdir(bundle)
        yield found


@pytest.mark.parametrize("attempt", TRIES, ids=lambda each: each.task)
def test_the_first_command_works_or_names_the_right_one(newcomer: Newcomer, attempt: Try):
    newcomer.typed(attempt.before)
    typed = newcomer.typed(attempt.first)

    result = newcomer.polysync(typed, attempt.input)
    if not attempt.at_once:
        correction = _CORRECTION.search(result.stderr)
        assert (result.exit_code, bool(correction)) == (2, True), result.output
        assert correction is not None
        result = newcomer.polysync(correction[1], attempt.input)
    newcomer.end_all()

    words = attempt.answer if attempt.answer != "FINISHED" else typed.split()[-1]
    assert (result.exit_code, words in result.output) == (0, True), result.output


def test_most_first_commands_are_right():
    right = [each for each in TRIES if each.at_once]

    assert len(TRIES) >= 40
    assert len(right) / len(TRIES) > 2 / 3
