"""Creates a client with which a Python program starts Databricks jobs by job key."""

from __future__ import annotations

from collections.abc import Mapping

from polysync_core.appkit.jobs import AppKitJobs
from polysync_core.appkit.named_jobs import JobOptions
from polysync_core.appkit.workspaces import Workspaces
from polysync_core.settings import read_appkit


def connect(
    variables: Mapping[str, str], jobs: Mapping[str, JobOptions] | None = None
) -> AppKitJobs:
    """Return the jobs that the environment names, with the options of the program.

    `variables` is the environment of the process, or a mapping that replaces it. The workspace may
    be a simulator on this machine. Raises `SettingError` with the name of the setting that is
    missing or wrong.
    """
    configuration = read_appkit(variables, jobs, is_program=True)
    workspaces = Workspaces(configuration=configuration)
    return AppKitJobs(configuration=configuration, workspaces=lambda: workspaces)
