"""Stores the user's CLI contexts in a private configuration file."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import cast

import typer

from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.api.reader import Reader, as_object
from polysync_core.cli.environments.context import Context, require_context_name
from polysync_core.domain.json_types import JsonValue

_FOLDER = "POLYSYNC_CONFIG_DIR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Contexts:
    """The contexts by name, and the name of the current one."""

    current: str | None = None
    by_name: Mapping[str, Context] = field(default_factory=dict[str, Context])

    def find(self, name: str) -> Context:
        """Return a context.

        Raises:
            CommandFailed: there is no such context.
        """
        if name in self.by_name:
            return self.by_name[name]
        known = ", ".join(sorted(self.by_name))
        hint = f"the contexts are {known}" if known else "add one with `polysync context add`"
        raise CommandFailed(f"There is no context '{name}': {hint}.")

    @property
    def sorted(self) -> Sequence[Context]:
        """The contexts by name."""
        return [self.by_name[name] for name in sorted(self.by_name)]

    def with_context(self, context: Context, *, use: bool) -> Contexts:
        """Return the contexts with one more; the first one becomes the current one."""
        current = context.name if use or self.current is None else self.current
        return Contexts(current=current, by_name={**self.by_name, context.name: context})

    def without(self, name: str) -> Contexts:
        """Return the contexts without one."""
        self.find(name)
        rest = {key: each for key, each in self.by_name.items() if key != name}
        return Contexts(current=None if self.current == name else self.current, by_name=rest)

    def using(self, name: str) -> Contexts:
        """Return the contexts with another current one."""
        self.find(name)
        return replace(self, current=name)


def config_folder() -> Path:
    """Return the folder of the user's configuration."""
    return Path(os.environ.get(_FOLDER) or typer.get_app_dir("polysync"))


def load_contexts() -> Contexts:
    """Read the contexts; a missing file means none.

    Raises:
        CommandFailed: the file cannot be read or is malformed.
    """
    file = _file()
    try:
        content = as_object(cast("JsonValue", json.loads(file.read_bytes())), what=str(file))
    except FileNotFoundError:
        return Contexts()
    except (OSError, ValueError) as error:
        raise CommandFailed(f"{file} cannot be read: correct it, or delete it.") from error
    reader = Reader(str(file), content)
    entries = reader.object("contexts")
    contexts = {
        name: Context.decode(name, as_object(entry, what=f"context {name} of {file}"))
        for name, entry in entries.items()
    }
    return Contexts(current=reader.text("current"), by_name=contexts)


def save_contexts(contexts: Contexts) -> None:
    """Write the contexts; the file is replaced only when the new one is complete."""
    entries = {name: each.as_json() for name, each in sorted(contexts.by_name.items())}
    content = {"current": contexts.current, "contexts": entries}
    write_private(_file(), json.dumps(content, indent=2) + "\n")


def sign_in_file(context: str) -> Path:
    """Return the file with the account of a context; it holds no token."""
    require_context_name(context)
    return config_folder() / "sign-in" / f"{context}.json"


def write_private(file: Path, text: str) -> None:
    """Write a file that only its owner can read.

    Raises:
        CommandFailed: the file cannot be written.
    """
    try:
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        # The new file has the mode 0600 from its start.
        handle, temporary = tempfile.mkstemp(prefix=f".{file.name}-", dir=file.parent)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                stream.write(text)
            Path(temporary).replace(file)
        except BaseException:
            Path(temporary).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CommandFailed(f"{file} cannot be written: {error.strerror}.") from error


def _file() -> Path:
    return config_folder() / "contexts.json"
