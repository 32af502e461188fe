"""Runs all checks of an Azure subscription before a deployment, and registers missing providers."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from polysync_core.cli.azure.account import Account, check_account, read_account
from polysync_core.cli.azure.deployment import Deployment
from polysync_core.cli.azure.programs import Answers, Command, ProgramFailed
from polysync_core.cli.azure.regions import (
    check_providers,
    check_region,
    missing_providers,
    register_provider,
)
from polysync_core.cli.azure.resource_names import check_group, check_names
from polysync_core.cli.azure.rights import check_rights
from polysync_core.cli.diagnosis.check import CheckResult, CheckStatus

type _Check = Callable[[Answers, Account, Deployment], Iterator[CheckResult]]

_CHECKS: dict[str, _Check] = {
    "rights": check_rights,
    "providers": check_providers,
    "region": check_region,
    "resource group": check_group,
    "names": check_names,
}


def check_deployment(
    deployment: Deployment, command: Command, *, sign_in_only: bool = False
) -> Iterator[CheckResult]:
    """Yield the checks of a deployment; a failed check does not stop the others."""
    answers = Answers(command)
    account = read_account(answers, deployment.subscription)
    if isinstance(account, CheckResult):
        yield account
        return
    yield from check_account(account, deployment)
    for subject, check in ({} if sign_in_only else _CHECKS).items():
        try:
            yield from check(answers, account, deployment)
        except ProgramFailed as failure:
            yield CheckResult(subject, CheckStatus.FAILED, f"It could not be checked: {failure}")


def register_providers(
    deployment: Deployment, subscription: str, command: Command
) -> Iterator[str]:
    """Register the resource providers that the subscription lacks; yield each name before."""
    for each in missing_providers(Answers(command), subscription, deployment):
        yield each
        command(["az", *register_provider(each, subscription)])
