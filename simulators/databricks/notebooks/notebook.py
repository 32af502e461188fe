"""Executes the cells of one notebook in the current process."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
import traceback
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

from simulators.databricks.notebooks.dbutils import DbUtils, NotebookExit
from simulators.databricks.notebooks.source import Cell, CellKind, is_notebook, read_cells

MAX_RESULT_BYTES = 5 * 1024 * 1024
"""The maximum length of an exit value in `get-output`."""
_OWN_FILES = {__file__, Path(__file__).with_name("dbutils.py").as_posix()}


class Ending(StrEnum):
    """The end of a notebook: success or failure."""

    SUCCESS = "success"
    FAILURE = "failure"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """The result of an executed notebook."""

    ending: Ending
    result: str | None = None
    """The value of `dbutils.notebook.exit`, cut to 5 MB; None without a call."""
    truncated: bool = False
    error: str | None = None
    error_trace: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the outcome as JSON."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Outcome:
        """Return the outcome from the JSON of `as_json`."""
        return cls(**{**value, "ending": Ending(value["ending"])})


class UnsupportedCell(Exception):
    """The simulator executes Python, %md and %run cells only."""


class NoSpark:
    """Replaces `spark`; every use raises an error."""

    def __getattr__(self, name: str) -> object:
        raise NotImplementedError(f"There is no Spark in the simulator (spark.{name}).")


def run_notebook(file: Path, parameters: Mapping[str, str], lake: Path) -> Outcome:
    """Execute the cells of a notebook in order; an error becomes the outcome."""
    dbutils = DbUtils(parameters=parameters, lake=lake)
    namespace: dict[str, Any] = {
        "__name__": "__main__",
        "dbutils": dbutils,
        "display": _display,
        "displayHTML": _display,
        "spark": NoSpark(),
        "getArgument": dbutils.widgets.getArgument,
    }
    try:
        _run_cells(file, namespace)
    except NotebookExit as ended:
        return _success(ended.value)
    except BaseException as error:
        return _failure(error)
    return Outcome(ending=Ending.SUCCESS)


def _run_cells(file: Path, namespace: dict[str, Any]) -> None:
    for cell in _read_cells(file.read_text(encoding="utf-8")):
        match cell.kind:
            case CellKind.MARKDOWN:
                pass
            case CellKind.PYTHON:
                exec(_compile(cell, str(file)), namespace)  # noqa: S102 - intended
            case CellKind.MAGIC:
                _run_magic(cell, file, namespace)


@lru_cache(maxsize=256)
def _read_cells(text: str) -> tuple[Cell, ...]:
    return tuple(read_cells(text))


@lru_cache(maxsize=4096)
def _compile(cell: Cell, file: str) -> CodeType:
    # The leading blank lines give tracebacks the line numbers of the file.
    return compile("\n" * (cell.first_line - 1) + cell.text, file, "exec")


def preload(file: Path) -> None:
    """Compile a notebook in advance, so that all forked processes share the code."""
    with contextlib.suppress(OSError, UnicodeDecodeError, SyntaxError):
        # The run itself reports an error in the notebook, with its line number.
        for cell in _read_cells(file.read_text(encoding="utf-8")):
            if cell.kind is CellKind.PYTHON:
                _compile(cell, str(file))


def _run_magic(cell: Cell, file: Path, namespace: dict[str, Any]) -> None:
    if cell.command != "%run":
        raise UnsupportedCell(f"The simulator cannot run a {cell.command or 'magic'} cell.")
    path, arguments = _command(cell.text)
    included = (file.parent / f"{path}.py").resolve()
    if path.startswith("/") or not included.is_file():
        raise FileNotFoundError(
            f"Notebook not found: {path} (use a path relative to this notebook)."
        )
    if not is_notebook(included.read_text(encoding="utf-8")):
        raise FileNotFoundError(f"{path} is not a notebook.")
    dbutils = namespace["dbutils"]
    outer = dbutils.widgets
    dbutils.widgets = outer.with_arguments(arguments)
    namespace["getArgument"] = dbutils.widgets.getArgument
    try:
        _run_cells(included, namespace)
    finally:
        dbutils.widgets = outer
        namespace["getArgument"] = outer.getArgument


def _command(text: str) -> tuple[str, dict[str, str]]:
    """Return the path and the arguments of `%run ./path $name="value"`."""
    words = shlex.split(text.removeprefix("%run"))
    path = words[0] if words else ""
    pairs = (word.removeprefix("$").partition("=") for word in words[1:])
    return path, {name: value for name, _, value in pairs}


def _display(*values: object, **_: object) -> None:
    print(*values)


def _success(value: str) -> Outcome:
    outcome = Outcome(ending=Ending.SUCCESS, result=value)
    encoded = value.encode("utf-8", errors="surrogatepass")
    if len(encoded) <= MAX_RESULT_BYTES:
        return outcome
    cut = encoded[:MAX_RESULT_BYTES].decode("utf-8", errors="ignore")
    return replace(outcome, result=cut, truncated=True)


def _failure(error: BaseException) -> Outcome:
    summary = "".join(traceback.format_exception_only(error)).strip().splitlines()
    trace = "".join(traceback.format_exception(_without_own_frames(error)))
    # The real service shows the trace on the notebook's page; the simulator writes it to the log.
    sys.stderr.write(trace)
    return Outcome(ending=Ending.FAILURE, error=summary[-1] if summary else "", error_trace=trace)


def _without_own_frames(error: BaseException) -> BaseException:
    frame = error.__traceback__
    while frame is not None and frame.tb_frame.f_code.co_filename in _OWN_FILES:
        frame = frame.tb_next
    return error.with_traceback(frame)


def prepare_environment(lake: Path) -> None:
    """Set the working directory and environment of a notebook process."""
    lake.mkdir(parents=True, exist_ok=True)
    os.environ["LAKEHOUSE_ROOT"] = str(lake)
    os.chdir(lake)
