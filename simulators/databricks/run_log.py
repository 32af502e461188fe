"""Stores runs and accepted submits in append-only files, and loads stored runs."""

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


class RunLog:
    """Append-only files in the data folder.

    `runs.jsonl` contains each run at its submit and at its end; the last line of a run counts.
    `submissions.jsonl` contains each accepted submit, repeats included, so that tests can count
    the started runs.
    """

    def __init__(self, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self._path = data / "runs.jsonl"
        self._runs = _open(self._path)
        self._submissions = _open(data / "submissions.jsonl")

    def load(self, *, at: int) -> list[Run]:
        """Return the stored runs, oldest first; mark active runs as lost."""
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
        """Append the current state of a run."""
        _append(self._runs, run_to_record(run))

    def record_submission(self, run: Run, *, at: int, repeat: bool) -> None:
        """Append an accepted submit; `repeat` marks a submit that found an existing run."""
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
        # A killed process left a partial line: the next record must start on a new line.
        file.write("\n")
    return file


def _append(file: TextIO, value: dict[str, Any]) -> None:
    file.write(json.dumps(value) + "\n")
    file.flush()


def _read(line: str) -> Run | None:
    try:
        return run_from_record(json.loads(line))
    except json.JSONDecodeError:
        # A killed process left a partial line; the earlier line of the run counts.
        return None
