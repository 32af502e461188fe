"""Holds the options of the host, and sets the environment of the app."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from polysync_core.settings import STORAGE, Environment
from polysync_core.storage.sqlite.database import FILE_NAME, SCHEME

PORT = 7071
"""The usual port of a Functions app on one machine, which the command line calls by default."""
DATA = Path(".polysync")


class StartRefused(Exception):
    """The host cannot start with these options. The message is one sentence for the user."""


class LogFormat(StrEnum):
    """The form of the log lines."""

    TEXT = "text"
    """One line for people."""
    JSON = "json"
    """One JSON object a line, for programs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """The options of the command line."""

    port: int = PORT
    """0 means any free port."""
    data: Path = DATA
    log_format: LogFormat = LogFormat.TEXT
    simulators: bool = False
    """Whether the simulators of the examples run beside the host."""

    @property
    def database(self) -> Path:
        """The file that holds everything that is stored."""
        return self.data.absolute() / FILE_NAME


def prepare_environment(options: Options, variables: Mapping[str, str] = os.environ) -> None:
    """Set the storage and the defaults of one machine; other variables of the user have priority.

    Raises:
        StartRefused: a variable names another storage.
    """
    for name in variables:
        if name == STORAGE or name.startswith(f"{STORAGE}__"):
            raise StartRefused(
                f"{name} is set, but this host stores in the folder of --data: unset {name}."
            )
    environment = variables.get("POLYSYNC_ENVIRONMENT") or Environment.DEVELOPMENT.value
    defaults = {
        "POLYSYNC_ENVIRONMENT": environment,
        "POLYSYNC_PROMETHEUS": "true",
        # The durable library reads this variable when it is imported.
        "AZURE_FUNCTIONS_DURABLE_STRICT_TYPING": "1",
    }
    if environment == Environment.DEVELOPMENT:
        defaults["POLYSYNC_ALLOW_LOOPBACK_PLATFORMS"] = "true"
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    os.environ[STORAGE] = f"{SCHEME}{options.database}"


def prepare_folder(options: Options) -> None:
    """Create the data folder; version control ignores the default one.

    Raises:
        StartRefused: the folder cannot be created.
    """
    try:
        options.data.mkdir(parents=True, exist_ok=True)
        if options.data == DATA:
            ignore_in_version_control(DATA)
    except OSError as error:
        raise StartRefused(
            f"{options.data} cannot be used ({error.strerror}): choose another folder with --data."
        ) from error


def ignore_in_version_control(folder: Path) -> None:
    """Let Git ignore the content of a folder."""
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
