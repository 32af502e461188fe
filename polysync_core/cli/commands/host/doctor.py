"""Implements `polysync doctor`, which diagnoses data file, API, sign-in, vaults and platforms."""

from __future__ import annotations

from pathlib import Path

import typer

from polysync_core.cli.commands.host.backup import DATA, DataFolder
from polysync_core.cli.options import DEFAULT_URL, AsJson, Url


def doctor(data: DataFolder = DATA, url: Url = DEFAULT_URL, as_json: AsJson = False) -> None:
    """Check data file, API, version, clock, token issuer, vaults and platforms."""
    from importlib.metadata import version

    from polysync_core.cli.api.errors import CommandFailed
    from polysync_core.cli.diagnosis.api import check_api
    from polysync_core.cli.diagnosis.check import CheckResult, CheckStatus, any_failed
    from polysync_core.cli.diagnosis.connections import check_connections, check_token_issuer
    from polysync_core.cli.diagnosis.data_folder import check_data_folder
    from polysync_core.cli.session import open_session
    from polysync_core.cli.views.checks import show_checks
    from polysync_core.domain.clock import utc_now

    with open_session(url, as_json=as_json) as session:
        checks = list(check_data_folder(Path(data)))
        try:
            checks += check_api(session.api, own_version=version("polysync"), now=utc_now())
            checks += check_token_issuer(session.api)
            checks += check_connections(session.api)
        except CommandFailed as failure:
            checks.append(
                CheckResult("API", CheckStatus.FAILED, " ".join([str(failure), *failure.details]))
            )
        show_checks(session.terminal, checks)
    if any_failed(checks):
        raise typer.Exit(1)
