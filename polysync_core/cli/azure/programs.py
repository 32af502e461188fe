"""Runs the Azure CLI program `az`, and parses its JSON output."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Mapping, Sequence
from typing import cast

type Command = Callable[[Sequence[str]], str]
"""Runs a program and returns its output; raises `ProgramFailed`."""


class ProgramFailed(Exception):
    """A program failed; the message is the last line of its error output."""


class ProgramMissing(ProgramFailed):
    """A program is not installed."""


class UnreadableAnswer(ProgramFailed):
    """The answer of a program does not have the expected form."""


def run(command: Sequence[str]) -> str:
    """Run a program and return its output."""
    program = shutil.which(command[0])
    if program is None:
        raise ProgramMissing(f"{command[0]} is not installed")
    done = subprocess.run(  # noqa: S603 - fixed arguments, and no shell
        [program, *command[1:]], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise ProgramFailed(f"{command[0]}: {lines[-1]}")
    return done.stdout


class Answers:
    """Reads the JSON answers of `az`."""

    def __init__(self, command: Command) -> None:
        self.command = command

    def read(self, *arguments: str) -> object:
        """Run `az` and return its answer."""
        printed = self.command(["az", *arguments, "-o", "json"])
        try:
            return json.loads(printed)
        except ValueError:
            raise UnreadableAnswer(_unreadable(arguments)) from None

    def record(self, *arguments: str) -> Mapping[str, object]:
        """Run `az` and return its answer, which must be an object."""
        return _record(self.read(*arguments), arguments)

    def records(self, *arguments: str) -> list[Mapping[str, object]]:
        """Run `az` and return its answer, which must be a list of objects."""
        return [_record(each, arguments) for each in self._list(arguments)]

    def texts(self, *arguments: str) -> list[str]:
        """Run `az` and return its answer, which must be a list of texts."""
        found = self._list(arguments)
        if not all(isinstance(each, str) for each in found):
            raise UnreadableAnswer(_unreadable(arguments))
        return cast("list[str]", found)

    def _list(self, arguments: Sequence[str]) -> list[object]:
        answer = self.read(*arguments)
        if not isinstance(answer, list):
            raise UnreadableAnswer(_unreadable(arguments))
        return cast("list[object]", answer)


def text_of(record: Mapping[str, object], field: str) -> str:
    """Return a text of an answer."""
    value = record.get(field)
    if not isinstance(value, str):
        raise UnreadableAnswer(f"an answer of az has no text {field!r}: run `az upgrade`")
    return value


def record_of(record: Mapping[str, object], field: str) -> Mapping[str, object]:
    """Return an object of an answer; a missing object is empty."""
    return cast("Mapping[str, object]", record.get(field) or {})


def texts_of(record: Mapping[str, object], field: str) -> list[str]:
    """Return a list of texts of an answer."""
    value = record.get(field)
    if not isinstance(value, list) or not all(
        isinstance(each, str) for each in cast("list[object]", value)
    ):
        raise UnreadableAnswer(f"an answer of az has no list of texts {field!r}: run `az upgrade`")
    return cast("list[str]", value)


def _record(value: object, arguments: Sequence[str]) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise UnreadableAnswer(_unreadable(arguments))
    return cast("Mapping[str, object]", value)


def _unreadable(arguments: Sequence[str]) -> str:
    command = " ".join(arguments[:3])
    return f"the answer of `az {command}` cannot be read: run `az upgrade`, then check again"
