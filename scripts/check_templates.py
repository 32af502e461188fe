"""Checks the Bicep templates of the deployment by compiler, linter, formatter and snapshots.

    python -m scripts.check_templates            # check
    python -m scripts.check_templates --write    # write new snapshots after a change

A snapshot lists every resource that a deployment with its parameters would make. The program of
Bicep is `POLYSYNC_BICEP`, `bicep` on the path, or the one that the Azure CLI has installed. Without
the program the check fails in CI; elsewhere it prints one line.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "infra" / "bicep"
SNAPSHOTS = FOLDER / "snapshots"
VARIABLE = "POLYSYNC_BICEP"
_OF_AZURE_CLI = Path.home() / ".azure" / "bin" / "bicep"
_TARGET = (
    *("--subscription-id", "00000000-0000-0000-0000-000000000001"),
    *("--tenant-id", "00000000-0000-0000-0000-0000000000ff"),
    *("--location", "westeurope"),
)


class Bicep:
    """The program of Bicep."""

    def __init__(self, program: str) -> None:
        self._program = program

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the program."""
        return subprocess.run(  # noqa: S603 - fixed arguments, and no shell
            [self._program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            # The program then needs no library for languages.
            env={**os.environ, "DOTNET_SYSTEM_GLOBALIZATION_INVARIANT": "1"},
        )


def find_bicep() -> str | None:
    """Return the path of the program; None if this machine has none."""
    named = os.environ.get(VARIABLE) or shutil.which("bicep")
    return named or (str(_OF_AZURE_CLI) if _OF_AZURE_CLI.is_file() else None)


def findings(bicep: Bicep) -> Iterator[str]:
    """Yield the problems of the templates: lint, format and snapshots."""
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        snapshots = [
            threads.submit(_snapshot, bicep, "validate", file)
            for file in sorted(SNAPSHOTS.glob("*.bicepparam"))
        ]
        yield from _lint(bicep)
        yield from _format(bicep)
        for each in snapshots:
            yield from each.result()


def write_snapshots(bicep: Bicep) -> None:
    """Write the snapshot of each parameter file."""
    for file in sorted(SNAPSHOTS.glob("*.bicepparam")):
        if problems := _snapshot(bicep, "overwrite", file):
            raise SystemExit(problems[0])


def _snapshot(bicep: Bicep, mode: str, file: Path) -> list[str]:
    done = bicep.run("snapshot", str(file), "--mode", mode, *_TARGET)
    if done.returncode == 0:
        return []
    return [f"{file.relative_to(ROOT)}: {(done.stdout + done.stderr).strip()}"]


def _format(bicep: Bicep) -> Iterator[str]:
    with tempfile.TemporaryDirectory(prefix="polysync-bicep-") as name:
        copy = Path(name) / "bicep"
        shutil.copytree(FOLDER, copy)
        done = bicep.run("format", "--pattern", f"{copy}/**/*.bicep*")
        if done.returncode != 0:
            yield f"bicep format: {done.stderr.strip()}"
        for formatted in sorted(copy.rglob("*.bicep*")):
            file = FOLDER / formatted.relative_to(copy)
            if formatted.is_file() and formatted.read_bytes() != file.read_bytes():
                yield f"{file.relative_to(ROOT)}: not formatted (bicep format)"


def _lint(bicep: Bicep) -> Iterator[str]:
    main = FOLDER / "main.bicep"
    # Lint ends with 0 although it warns, so its report is read.
    done = bicep.run("lint", str(main), "--no-restore", "--diagnostics-format", "sarif")
    try:
        runs = json.loads(done.stdout or done.stderr)["runs"]
    except ValueError:
        yield f"bicep lint: {(done.stdout + done.stderr).strip()}"
        return
    for result in (result for run in runs for result in run["results"]):
        yield f"{result['ruleId']}: {result['message']['text']}"


def main(arguments: Sequence[str]) -> int:
    """Check the templates or write their snapshots; return the exit code."""
    program = find_bicep()
    if program is None:
        print(f"The templates were NOT checked: set {VARIABLE} to the program of Bicep.")
        return 1 if os.environ.get("CI") else 0
    bicep = Bicep(program)
    if "--write" in arguments:
        write_snapshots(bicep)
    found = list(findings(bicep))
    print(*found, sep="\n" if found else "", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
