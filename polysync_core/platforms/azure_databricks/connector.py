"""The connector to Azure Databricks."""

from __future__ import annotations

from collections.abc import Iterator

from polysync_core.access.auth import ENTRA_METHODS, check_auth
from polysync_core.access.hosts import BaseAddress
from polysync_core.access.references import Secrets
from polysync_core.domain.definitions.auth import Auth, AuthMethod
from polysync_core.domain.definitions.jobs import Job, JobType
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.platforms.azure_databricks.attributes import DatabricksAttributes
from polysync_core.platforms.azure_databricks.notebook import NotebookRuns, check_notebook
from polysync_core.platforms.azure_databricks.refusals import refused
from polysync_core.platforms.azure_databricks.runs import Runs
from polysync_core.platforms.azure_databricks.widgets import widgets_of
from polysync_core.platforms.azure_databricks.workspace import Workspace
from polysync_core.platforms.connector import Artefact, ArtefactSchema, Order, Report, Submitted
from polysync_core.platforms.credentials import Credential, ReferencedToken
from polysync_core.platforms.http import PlatformClient, Wire

ENTRA_SCOPE = "2ff814a6-3304-4ab8-85cb-cd0e6f879c1d/.default"
"""The resource that every Azure Databricks workspace is, in every cloud."""

_METHODS = ENTRA_METHODS | {AuthMethod.PERSONAL_ACCESS_TOKEN}


class DatabricksConnector:
    """A live connection to one workspace; implements `Connector` for Databricks notebooks."""

    def __init__(
        self,
        attributes: DatabricksAttributes,
        base: BaseAddress,
        credential: Credential,
        wire: Wire,
    ) -> None:
        client = PlatformClient(base, credential, refused=refused, wire=wire)
        self._root = attributes.default_notebook_path
        self._host = base.host
        self._workspace = Workspace(client)
        self._runs = Runs(client, wire.timekeeper.now)
        self._notebooks = NotebookRuns(client, self._runs, attributes.compute())

    def submit(self, order: Order) -> Submitted:
        """Start the artefact once for `order.token`; after `Uncertain`, call it again."""
        self.check(order.job)
        return self._notebooks.submit(order)

    def read(self, job: Job, external_run_id: str) -> Report:
        """Return the state of a run, and at its end the outputs that its Job asks for."""
        return self._notebooks.read(job, external_run_id)

    def cancel(self, job: Job, external_run_id: str) -> None:
        """Ask Databricks to stop a run."""
        self._runs.cancel(external_run_id)

    def test(self) -> str:
        """Read the entry of the folder where discovery begins."""
        self._workspace.check_access(self._root)
        return f"Reached the workspace at {self._host}; {self._root} is readable."

    def artefacts(self, *, search: str | None = None) -> Iterator[Artefact]:
        """Yield the notebooks below `defaultNotebookPath`."""
        return self._workspace.notebooks(self._root, search=search)

    def describe(self, external_id: str, job_type: JobType) -> ArtefactSchema:
        """Read a notebook's widgets."""
        problems = _unsupported(job_type, "jobType")
        if problems:
            raise Invalid(problems)
        return widgets_of(self._workspace.export(external_id))

    def check(self, job: Job) -> None:
        """Raise `Invalid` where the Job cannot be right."""
        problems = check_job(job)
        if problems:
            raise Invalid(problems)


def check_job(job: Job) -> list[Problem]:
    """Return what cannot be right in a Job on Databricks."""
    return _unsupported(job.job_type, "jobType") or check_notebook(job)


def check_platform(platform: Platform, *, allow_loopback: bool) -> list[Problem]:
    """Return what cannot be right in the definition of a Databricks platform."""
    problems = check_auth(platform.auth, _METHODS, "Azure Databricks")
    try:
        DatabricksAttributes.of(platform).base_address(allow_loopback=allow_loopback)
    except Invalid as error:
        problems += error.problems
    return problems


def open_databricks(
    platform: Platform, *, secrets: Secrets, allow_loopback: bool, wire: Wire | None = None
) -> DatabricksConnector:
    """Return a connector for a checked platform; nothing is sent yet."""
    attributes = DatabricksAttributes.of(platform)
    return DatabricksConnector(
        attributes,
        attributes.base_address(allow_loopback=allow_loopback),
        _credential(platform.auth, attributes, secrets),
        wire or Wire(),
    )


def _credential(auth: Auth, attributes: DatabricksAttributes, secrets: Secrets) -> Credential:
    if auth.method is AuthMethod.PERSONAL_ACCESS_TOKEN and auth.personal_access_token:
        return ReferencedToken(auth.personal_access_token, secrets)
    # Costs start-up time, which workspaces with a personal access token need not pay.
    from polysync_core.access.entra import EntraToken, azure_credential

    secret = auth.client_secret
    return EntraToken(
        lambda: azure_credential(auth, attributes.cloud, secrets),
        ENTRA_SCOPE,
        forget_secret=lambda: secrets.forget(secret) if secret else None,
    )


def _unsupported(job_type: JobType, path: str) -> list[Problem]:
    if job_type is JobType.DATABRICKS_NOTEBOOK:
        return []
    return [Problem(path, f"Azure Databricks runs {JobType.DATABRICKS_NOTEBOOK}; not {job_type}")]
