"""Implements `dbutils.widgets`, `dbutils.notebook.exit` and a part of `dbutils.fs`."""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple, NoReturn


class NotebookExit(BaseException):
    """The notebook called `dbutils.notebook.exit`; this is not an error.

    It is a BaseException, so that `except Exception` in a notebook does not catch it.
    """

    def __init__(self, value: str) -> None:
        super().__init__(value)
        self.value = value


class InputWidgetNotDefined(Exception):
    """No input widget of that name is defined."""


class Widgets:
    """`dbutils.widgets`: declared defaults, overridden by the parameters of the run."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._given = dict(parameters)
        self._declared: dict[str, str] = {}

    # The next four methods use the parameter names of the real API; notebooks pass them by name.
    def text(self, name: str, defaultValue: str = "", label: str | None = None) -> None:
        """Declare a free text widget."""
        self._declared[name] = str(defaultValue)

    def dropdown(
        self,
        name: str,
        defaultValue: str,
        choices: Sequence[str],
        label: str | None = None,
    ) -> None:
        """Declare a widget with fixed choices; the default must be one of them."""
        if defaultValue not in choices:
            raise ValueError(f"The default value {defaultValue!r} is not among the choices.")
        self._declared[name] = str(defaultValue)

    def combobox(
        self,
        name: str,
        defaultValue: str,
        choices: Sequence[str],
        label: str | None = None,
    ) -> None:
        """Declare a widget that suggests choices and accepts any text."""
        self._declared[name] = str(defaultValue)

    def multiselect(
        self,
        name: str,
        defaultValue: str,
        choices: Sequence[str],
        label: str | None = None,
    ) -> None:
        """Declare a widget with several choices; its value is a comma-separated text."""
        self.dropdown(name, defaultValue, choices, label)

    def get(self, name: str) -> str:
        """Return the value of a parameter or widget; raise if neither exists."""
        if name in self._given:
            return self._given[name]
        if name in self._declared:
            return self._declared[name]
        raise InputWidgetNotDefined(f"No input widget named {name} is defined")

    def getArgument(self, name: str, defaultValue: str | None = None) -> str:
        """Return the value of a parameter or widget, or the default if it is given."""
        if defaultValue is not None and name not in self._given and name not in self._declared:
            return defaultValue
        return self.get(name)

    def with_arguments(self, given: Mapping[str, str]) -> Widgets:
        """Return the widgets of a notebook that `%run` starts with arguments."""
        inner = Widgets({**self._given, **given})
        inner._declared = self._declared
        return inner

    def getAll(self) -> dict[str, str]:
        """Return all parameters and declared widgets with their values."""
        return {**self._declared, **self._given}

    def remove(self, name: str) -> None:
        """Remove a declared widget."""
        if self._declared.pop(name, None) is None:
            raise InputWidgetNotDefined(f"No input widget named {name} is defined")

    def removeAll(self) -> None:
        """Remove all declared widgets."""
        self._declared.clear()


class Notebook:
    """`dbutils.notebook`."""

    def exit(self, value: object = "") -> NoReturn:
        """End the notebook successfully; `get-output` returns the value."""
        raise NotebookExit(str(value))


class FileInfo(NamedTuple):
    """One entry of `dbutils.fs.ls`, with the names of the real API."""

    path: str
    name: str
    size: int
    modificationTime: int


class FileSystem:
    """`dbutils.fs`, limited to the lake folder; `dbfs:/x` and `/x` are `<lake>/x`."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def _resolve(self, path: str) -> Path:
        relative = path.removeprefix("dbfs:").removeprefix("/dbfs/").lstrip("/")
        target = (self._root / relative).resolve()
        if not target.is_relative_to(self._root):
            raise PermissionError(f"{path} is outside the lake.")
        return target

    def _info(self, entry: Path) -> FileInfo:
        stat = entry.stat()
        tail = "/" if entry.is_dir() else ""
        return FileInfo(
            path=f"dbfs:/{entry.relative_to(self._root).as_posix()}{tail}",
            name=entry.name + tail,
            size=0 if tail else stat.st_size,
            modificationTime=int(stat.st_mtime * 1000),
        )

    def ls(self, path: str) -> list[FileInfo]:
        """List a folder, or the single file at the path."""
        target = self._resolve(path)
        entries = sorted(target.iterdir()) if target.is_dir() else [target]
        return [self._info(entry) for entry in entries]

    def mkdirs(self, path: str) -> bool:
        """Create a folder and its parents."""
        self._resolve(path).mkdir(parents=True, exist_ok=True)
        return True

    def put(self, path: str, contents: str, overwrite: bool = False) -> bool:
        """Write a text file."""
        target = self._resolve(path)
        if target.exists() and not overwrite:
            raise FileExistsError(f"{path} exists; pass overwrite=True to replace it.")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(contents, encoding="utf-8")
        return True

    def head(self, path: str, maxBytes: int = 65536) -> str:
        """Return the beginning of a file as text."""
        with self._resolve(path).open("rb") as file:
            return file.read(maxBytes).decode("utf-8", errors="replace")

    def rm(self, path: str, recurse: bool = False) -> bool:
        """Remove a file or an empty folder; with `recurse`, also a non-empty folder."""
        target = self._resolve(path)
        if not target.exists():
            return False
        if not target.is_dir():
            target.unlink()
        elif recurse:
            shutil.rmtree(target)
        else:
            target.rmdir()
        return True


class DbUtils:
    """The `dbutils` of one run."""

    def __init__(self, *, parameters: Mapping[str, str], lake: Path) -> None:
        self.widgets = Widgets(parameters)
        self.notebook = Notebook()
        self.fs = FileSystem(lake)
