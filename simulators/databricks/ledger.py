"""What outlives the simulator: its runs, and a line for every submit that it was asked for."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, TextIO

from simulators.databricks.runs import (
    Run,
    internal_error,
    run_from_record,
    run_to_record,
)

_LOST = internal_error("The driver was lost when the service stopped.", "DRIVER_ERROR")


class Ledger:
    """Append-only files below the data folder.

    `runs.jsonl` holds each run when it is submitted and again when it has ended; the last line of
    a run counts. `submissions.jsonl` holds each accepted submit, repeats included, so that anyone
    can count what was really started.
    """

    def __init__(self, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self._path = data / "runs.jsonl"
        self._runs = _open(self._path)
        self._submissions = _open(data / "submissions.jsonl")

    def load(self, *, at: int) -> list[Run]:
        """Return the stored runs, oldest first; what had not ended died with the simulator."""
        runs: dict[int, Run] = {}
        for line in self._path.read_text(encoding="utf-8").splitlines():
            run = _read(line)
            if run is not None:
                runs[run.run_id] = run
        for run in runs.values():
            if not run.state.is_final:
                run.tasks = {key: task.enter(_LOST, at=at) for key, task in run.tasks.items()}
                self.save(run)
        return list(runs.values())

    def save(self, run: Run) -> None:
        """Store a run as it is now."""
        _append(self._runs, run_to_record(run))

    def note_submission(self, run: Run, *, at: int, repeat: bool) -> None:
        """Store that a submit was accepted, and whether it only found an existing run."""
        _append(
            self._submissions,
            {
                "time": at,
                "run_id": run.run_id,
                "token": run.submission.token,
                "path": run.submission.tasks[0].notebook_path,
                "repeat": repeat,
            },
        )

    def close(self) -> None:
        """Close the files."""
        self._runs.close()
        self._submissions.close()


def _open(path: Path) -> TextIO:
    written = path.read_bytes() if path.exists() else b""
    file = path.open("a", encoding="utf-8")
    if written and not written.endswith(b"\n"):
        # A kill in the middle of a write: what comes next must not be glued to that half line.
        file.write("\n")
    return file


def _append(file: TextIO, value: dict[str, Any]) -> None:
    file.write(json.dumps(value) + "\n")
    file.flush()


def _read(line: str) -> Run | None:
    try:
        return run_from_record(json.loads(line))
    except json.JSONDecodeError:
        # A kill in the middle of a write leaves half a line; the run's earlier line stands.
        return None
