"""Implements `polysync azure check`, which checks an Azure subscription before a deployment."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Annotated

import typer

from polysync_core.cli.options import AsJson

_NAME = re.compile(r"[A-Za-z0-9-]{1,40}")


class Backend(StrEnum):
    """The storage provider of the orchestrations."""

    STORAGE = "AzureStorage"
    SCHEDULER = "DurableTaskScheduler"


Environment = Annotated[
    str,
    typer.Argument(
        metavar="ENVIRONMENT", envvar="AZURE_ENV_NAME", help="Name of the environment: dev, prod."
    ),
]
Location = Annotated[
    str, typer.Option("--location", envvar="AZURE_LOCATION", help="Region of the deployment.")
]
Subscription = Annotated[
    str | None,
    typer.Option(envvar="AZURE_SUBSCRIPTION_ID", help="Subscription; default: the one of az."),
]
BackendOption = Annotated[
    Backend, typer.Option("--backend", envvar="POLYSYNC_BACKEND", help="The parameter `backend`.")
]
Private = Annotated[
    bool,
    typer.Option(
        "--private-networking",
        envvar="POLYSYNC_PRIVATE_NETWORKING",
        help="The parameter `privateNetworking` is true.",
    ),
]
Recover = Annotated[
    bool,
    typer.Option(
        "--vault-recover",
        envvar="POLYSYNC_VAULT_RECOVER",
        help="The parameter `vaultRecover` is true.",
    ),
]

FileEvents = Annotated[
    bool,
    typer.Option("--file-events", help="The parameter `fileEvents` names storage accounts."),
]


def check(  # noqa: PLR0913 - one parameter per option
    environment: Environment,
    location: Location,
    subscription: Subscription = None,
    backend: BackendOption = Backend.STORAGE,
    private: Private = False,
    recover: Recover = False,
    file_events: FileEvents = False,
    as_json: AsJson = False,
) -> None:
    """Check sign-in, rights, providers, region and names before a deployment."""
    from polysync_core.cli.azure.deployment import Deployment
    from polysync_core.cli.azure.preflight import check_deployment
    from polysync_core.cli.azure.programs import run
    from polysync_core.cli.diagnosis.check import any_failed
    from polysync_core.cli.terminal import Terminal
    from polysync_core.cli.views.checks import show_checks

    if _NAME.fullmatch(environment) is None:
        problem = f"{environment!r} must have 1 to 40 letters, digits and hyphens"
        raise typer.BadParameter(problem, param_hint="ENVIRONMENT")
    deployment = Deployment(
        environment=environment,
        location=location,
        subscription=subscription,
        uses_scheduler=backend is Backend.SCHEDULER,
        is_private=private,
        recovers_vault=recover,
        receives_file_events=file_events,
    )
    checks = list(check_deployment(deployment, run))
    show_checks(Terminal(as_json=as_json), checks)
    if any_failed(checks):
        raise typer.Exit(1)
