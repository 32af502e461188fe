"""Checks the data file of the embedded host and the free space on its disk."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

from polysync_core.cli.diagnosis.check import Check, Outcome
from polysync_core.domain.errors import Unavailable
from polysync_core.storage.sqlite.database import FILE_NAME
from polysync_core.storage.sqlite.inspection import inspect

_FREE_BYTES = 2**30
"""A warning comes below this space: the file grows with each run until the purge."""


def check_data_folder(folder: Path) -> Iterator[Check]:
    """Yield the checks of a file and its disk; none without a file."""
    path = (folder / FILE_NAME).absolute()
    if not path.exists():
        return
    try:
        state = inspect(path)
    except Unavailable as error:
        yield Check("data file", Outcome.FAILED, f"{error}")
        return
    size = f"{path.stat().st_size / 2**20:,.1f} MB"
    yield Check("data file", Outcome.OK, f"{path}, {size}, schema {state.schema_version}")
    free = shutil.disk_usage(folder).free
    space = f"{free / 2**30:,.1f} GB are free"
    if free < _FREE_BYTES:
        yield Check("disk", Outcome.WARNING, f"Only {space}: free some space.")
    else:
        yield Check("disk", Outcome.OK, space)
