"""`polysync open`."""

from __future__ import annotations

import pytest

from tests.fakes.app import FakeApp
from tests.fakes.builders import a_platform
from tests.fakes.command_line import AppCommands

CONSOLE = "http://127.0.0.1:7071/console"


def run(polysync: AppCommands) -> str:
    return polysync("run", "sales-load-daily").stdout.split()[1]


@pytest.mark.parametrize(
    ("words", "path"),
    [
        (["sales-load-daily"], "tasks/sales-load-daily"),
        (["job", "other"], "jobs/other"),
        (["lakehouse"], "platforms/lakehouse"),
        (["profile", "cap"], "contention-profiles/cap"),
    ],
)
def test_the_page_of_an_object_is_printed(
    polysync: AppCommands, words: list[str], path: str
) -> None:
    assert polysync("open", *words, "--print").stdout == f"{CONSOLE}/{path}\n"


def test_the_page_of_a_run_has_its_whole_id(polysync: AppCommands) -> None:
    run_id = run(polysync)
    for words in ([run_id[:8]], ["@sales-load-daily"], ["--last"], ["run", run_id]):
        assert polysync("open", *words, "--print").stdout == f"{CONSOLE}/runs/{run_id}\n"


def test_the_browser_is_opened(polysync: AppCommands, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []

    def launch(url: str) -> int:
        opened.append(url)
        return 0

    monkeypatch.setattr("typer.launch", launch)
    assert polysync("open", "lakehouse").exit_code == 0
    assert opened == [f"{CONSOLE}/platforms/lakehouse"]


def test_without_a_browser_the_address_is_named(
    polysync: AppCommands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("typer.launch", lambda _url: 3)
    result = polysync("open", "lakehouse")
    assert result.exit_code == 1
    assert f"{CONSOLE}/platforms/lakehouse" in result.stderr


def test_the_page_on_the_platform_must_be_known(polysync: AppCommands, app: FakeApp) -> None:
    assert polysync("open", "lakehouse", "--platform", "--print").exit_code == 1
    app.define(a_platform(attributes={"workspaceUrl": "https://adb-1.azuredatabricks.net"}))
    result = polysync("open", "lakehouse", "--platform", "--print")
    assert result.stdout == "https://adb-1.azuredatabricks.net\n"
    app.define(a_platform(attributes={"workspaceUrl": "file:///etc/passwd"}))
    assert polysync("open", "lakehouse", "--platform", "--print").exit_code == 1


def test_an_unknown_target_is_an_error(polysync: AppCommands) -> None:
    assert polysync("open", "no-such-thing", "--print").exit_code == 1
