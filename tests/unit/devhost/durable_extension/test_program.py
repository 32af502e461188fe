"""The program of the Durable extension: its path, and the functions that it serves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from devhost.app.functions import Function
from devhost.durable_extension.program import VARIABLE, program_path, served_bindings
from polysync_embedded.options import StartRefused


def test_an_executable_file_is_found_by_the_variable(tmp_path: Path) -> None:
    program = tmp_path / "durable-host"
    program.touch(mode=0o755)
    assert program_path({VARIABLE: str(program)}) == program


@pytest.mark.parametrize("environment", [{}, {VARIABLE: ""}], ids=["not set", "empty"])
def test_a_missing_variable_is_refused_with_the_remedy(environment: dict[str, str]) -> None:
    with pytest.raises(StartRefused, match=rf"{VARIABLE} is not set: build devhost/\S+, and set"):
        program_path(environment)


def test_a_path_without_a_file_is_refused(tmp_path: Path) -> None:
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(StartRefused, match=f"{VARIABLE} names no file: {path}"):
            program_path({VARIABLE: str(path)})


def test_a_file_that_is_not_executable_is_refused(tmp_path: Path) -> None:
    program = tmp_path / "durable-host"
    program.touch(mode=0o644)
    with pytest.raises(StartRefused, match="names a file that is not executable"):
        program_path({VARIABLE: str(program)})


def test_the_program_gets_the_durable_and_queue_functions_with_all_their_bindings() -> None:
    queue = {"type": "queueTrigger", "name": "message", "queueName": "work"}
    client = {"type": "durableClient", "name": "client"}

    served = served_bindings(
        [
            function("on_message", queue, client),
            function("double", {"type": "activityTrigger", "name": "number"}),
            function("hello", {"type": "httpTrigger", "name": "req"}, client),
            function("tick", {"type": "timerTrigger", "name": "timer"}),
        ]
    )

    assert served == {
        "on_message": [queue, client],
        "double": [{"type": "activityTrigger", "name": "number"}],
    }


def function(name: str, *bindings: dict[str, Any]) -> Function:
    return Function(id=name, name=name, trigger=bindings[0], bindings=bindings)
