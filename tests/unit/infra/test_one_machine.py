"""The unit files and the Containerfile of a host on one machine fit the product."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from polysync_core.api.app import PREFIX
from polysync_core.api.security.roles import API_ROLES
from polysync_core.cli.main import app
from polysync_embedded.host import STOP_SECONDS
from polysync_embedded.running import EXIT_HANDLERS_LIMIT
from tests.unit.infra.templates import ROOT

FOLDER = ROOT / "infra" / "one-machine"
UNITS = sorted(each.name for each in FOLDER.glob("polysync*"))
HOWTO = ROOT / "docs" / "howto" / "operate-one-machine.md"
PROGRAM = "/opt/polysync/bin/polysync"


def values(unit: str, name: str) -> list[str]:
    """Return the values of a key in a unit file."""
    return re.findall(rf"^{name}=(.*)$", (FOLDER / unit).read_text(), re.MULTILINE)


def instructions(name: str) -> list[str]:
    """Return the arguments of an instruction in the Containerfile."""
    joined = (FOLDER / "Containerfile").read_text().replace("\\\n", " ")
    return [line.removeprefix(f"{name} ") for line in joined.splitlines() if line.startswith(name)]


def check_command(words: list[str]) -> None:
    """Let the command line parse the options, without running the command."""
    group = get_command(app)
    command = group.commands[words[0]]  # pyright: ignore[reportAttributeAccessIssue]
    command.make_context(words[0], list(words[1:]), resilient_parsing=False)


def polysync_commands(text: str) -> list[list[str]]:
    # A quoted name with a date in it is one word for the shell.
    plain = re.sub(r'"[^"]*"', "FILE", text).replace("'", "")
    found = re.findall(rf"{re.escape(PROGRAM)} ([^\n`]+)", plain)
    return [shlex.split(each) for each in found]


@pytest.mark.parametrize("unit", [each for each in UNITS if each.endswith(".service")])
def test_the_units_call_commands_that_exist(unit: str) -> None:
    (command,) = polysync_commands("\n".join(values(unit, "ExecStart")))
    check_command(command)


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        text = (FOLDER / unit).read_text().replace(PROGRAM, str(shutil.which("true")))
        (tmp_path / unit).write_text(text)
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(tmp_path / unit for unit in UNITS)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (verified.returncode, verified.stderr) == (0, "")


def test_the_unit_gives_the_host_time_to_stop() -> None:
    (seconds,) = values("polysync.service", "TimeoutStopSec")
    assert int(seconds) > STOP_SECONDS + EXIT_HANDLERS_LIMIT
    assert values("polysync.service", "KillSignal") == ["SIGTERM"]


def test_the_unit_keeps_the_data_private() -> None:
    (start,) = values("polysync.service", "ExecStart")
    (state,) = values("polysync.service", "StateDirectory")
    assert f"--data /var/lib/{state} " in f"{start} "
    assert values("polysync.service", "StateDirectoryMode") == ["0700"]
    for unit in ("polysync.service", "polysync-backup.service"):
        assert values(unit, "User") == ["polysync"]
        assert values(unit, "UMask") == ["0077"]
        assert values(unit, "ProtectSystem") == ["strict"]
        assert values(unit, "NoNewPrivileges") == ["yes"]


def test_the_backup_reads_the_folder_of_the_host() -> None:
    (backup,) = polysync_commands("\n".join(values("polysync-backup.service", "ExecStart")))
    (host,) = polysync_commands("\n".join(values("polysync.service", "ExecStart")))
    data = [words[words.index("--data") + 1] for words in (backup, host)]
    assert data[0] == data[1]


def test_the_containerfile_copies_files_that_exist() -> None:
    copied = [shlex.split(each)[:-1] for each in instructions("COPY") if "--from" not in each]
    sources = [each for words in copied for each in words]
    assert {"pyproject.toml", "constraints.txt", "polysync_embedded"} <= set(sources)
    assert [each for each in sources if not (ROOT / each).exists()] == []


def test_the_image_has_every_package_of_the_wheel() -> None:
    roots = re.findall(r"^ROOTS = \((.*)\)$", (ROOT / "setup.py").read_text(), re.MULTILINE)
    wanted = {*re.findall(r'"(\w+)"', roots[0]), "docs", "examples"}
    copied = {word for each in instructions("COPY") for word in shlex.split(each)[:-1]}
    assert wanted <= copied


def test_the_container_starts_a_command_that_exists() -> None:
    assert instructions("ENTRYPOINT") == ['["polysync"]']
    (command,) = instructions("CMD")
    words = json.loads(command)
    check_command(words)
    assert words[words.index("--data") + 1] in instructions("VOLUME")
    assert words[words.index("--port") + 1] in instructions("EXPOSE")


def test_the_container_is_checked_stopped_and_run_safely() -> None:
    (check,) = instructions("HEALTHCHECK")
    (route,) = re.findall(rf"'{PREFIX}(/[a-z]+)'", check)
    assert API_ROLES.is_open("GET", route)
    assert instructions("STOPSIGNAL") == ["SIGTERM"]
    assert int(instructions("USER")[0]) >= 1000


def test_the_page_names_commands_and_files_that_exist() -> None:
    text = HOWTO.read_text()
    commands = [each for each in polysync_commands(text) if "pip" not in each[0]]
    assert commands
    for each in commands:
        check_command(each)
    files = re.findall(r"infra/[\w/-]+\.?\w*", text)
    assert [each for each in files if not list(ROOT.glob(f"{each.rstrip('.')}*"))] == []
