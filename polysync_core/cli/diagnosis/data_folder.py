"""Checks the embedded host's SQLite file and the free space on its disk."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from polysync_core.cli.diagnosis.check import CheckResult, CheckStatus
from polysync_core.domain.errors import Unavailable
from polysync_core.storage.sqlite.database import FILE_NAME
from polysync_core.storage.sqlite.inspection import inspect

_FREE_BYTES = 2**30
"""A warning comes below this space: the file grows with each run until the purge."""


def check_data_folder(folder: Path) -> Iterator[CheckResult]:
    """Yield the checks of a file and its disk; none without a file."""
    path = (folder / FILE_NAME).absolute()
    if not path.exists():
        return
    try:
        state = inspect(path)
    except Unavailable as error:
        yield CheckResult("data file", CheckStatus.FAILED, f"{error}")
        return
    size = f"{path.stat().st_size / 2**20:,.1f} MB"
    yield CheckResult("data file", CheckStatus.OK, f"{path}, {size}, schema {state.schema_version}")
    if os.statvfs(folder).f_flag & os.ST_RDONLY:
        detail = "The disk is read-only: mount it for writing, or move the folder to another disk."
        yield CheckResult("disk", CheckStatus.FAILED, detail)
        return
    free = shutil.disk_usage(folder).free
    space = f"{free / 2**30:,.1f} GB are free"
    if free < _FREE_BYTES:
        yield CheckResult("disk", CheckStatus.WARNING, f"Only {space}: free some space.")
    else:
        yield CheckResult("disk", CheckStatus.OK, space)
