"""Defines the options of `polysync dev`, and prepares environment variables and data folder."""

from __future__ import annotations

import errno
import os
import pwd
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from polysync_core.settings import STORAGE, Environment
from polysync_core.storage.sqlite.database import FILE_NAME, SCHEME

HOST = "127.0.0.1"
"""Only programs of this machine reach this address."""
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

    host: str = HOST
    """The address to listen on."""
    port: int = PORT
    """0 means any free port."""
    data: Path = DATA
    log_format: LogFormat = LogFormat.TEXT
    simulators: bool = False
    """True if the simulators of the examples run beside the host."""

    @property
    def database(self) -> Path:
        """The file that holds everything that is stored."""
        return self.data.absolute() / FILE_NAME


def prepare_environment(
    options: Options, environment: str, variables: Mapping[str, str] = os.environ
) -> None:
    """Set the storage and the defaults of one machine; other variables of the user have priority.

    Raises:
        StartRefused: a variable names another storage.
    """
    for name in variables:
        if name == STORAGE or name.startswith(f"{STORAGE}__"):
            raise StartRefused(
                f"{name} is set, but this host stores in the folder of --data: unset {name}."
            )
    defaults = {
        "POLYSYNC_PROMETHEUS": "true",
        # The durable library reads this variable when it is imported.
        "AZURE_FUNCTIONS_DURABLE_STRICT_TYPING": "1",
    }
    if environment == Environment.DEVELOPMENT:
        defaults["POLYSYNC_ALLOW_LOOPBACK_PLATFORMS"] = "true"
    if credentials := variables.get("CREDENTIALS_DIRECTORY"):
        # systemd sets this variable for a unit with LoadCredential.
        defaults["POLYSYNC_SECRETS_FOLDER"] = credentials
    for name, value in defaults.items():
        os.environ.setdefault(name, value)
    os.environ["POLYSYNC_ENVIRONMENT"] = environment
    os.environ[STORAGE] = f"{SCHEME}{options.database}"


def prepare_folder(options: Options) -> None:
    """Create the data folder for its owner alone; version control ignores the default one.

    Raises:
        StartRefused: the folder cannot be created, or it belongs to another user.
    """
    try:
        options.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        if options.data == DATA:
            DATA.chmod(0o700)
            ignore_in_version_control(DATA)
        _require_own(options)
    except OSError as error:
        is_full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        remedy = "free some space" if is_full else "choose another folder with --data"
        raise StartRefused(
            f"{options.data} cannot be used ({error.strerror}): {remedy}."
        ) from error


def _require_own(options: Options) -> None:
    """Refuse the data of another user, whose host could not write the file any more."""
    is_new = not options.database.exists()
    if is_new and os.access(options.data, os.W_OK | os.X_OK):
        return
    owner = (options.data if is_new else options.database).stat().st_uid
    if owner != os.geteuid():
        raise StartRefused(
            f"{options.data} belongs to another user ({_name_of(owner)}): start the host as this "
            "user, or choose another folder with --data."
        )


def _name_of(user: int) -> str:
    try:
        return pwd.getpwuid(user).pw_name
    except KeyError:
        return str(user)


def ignore_in_version_control(folder: Path) -> None:
    """Let Git ignore the content of a folder."""
    ignore = folder / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n")
