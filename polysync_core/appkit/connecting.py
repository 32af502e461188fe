"""Jobs for a program of its own: neither Functions nor storage is needed."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.appkit.jobs import LakeflowJobs
from polysync_core.appkit.keys import JobOptions
from polysync_core.appkit.workspaces import Workspaces
from polysync_core.settings import read_lakeflow


def connect(
    variables: Mapping[str, str], jobs: Mapping[str, JobOptions] | None = None
) -> LakeflowJobs:
    """Return the jobs that the environment names, with what the program says of them.

    `variables` is the environment of the process, or a mapping in its place. Raises `SettingError`
    with the name of the setting that is missing or wrong.
    """
    configuration = read_lakeflow(variables, jobs)
    workspaces = Workspaces(configuration=configuration)
    return LakeflowJobs(configuration=configuration, workspaces=lambda: workspaces)
