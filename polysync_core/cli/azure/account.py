"""Checks that the Azure CLI is signed in to the right subscription and tenant."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from polysync_core.cli.azure.deployment import Deployment
from polysync_core.cli.azure.programs import (
    Answers,
    ProgramFailed,
    ProgramMissing,
    UnreadableAnswer,
    record_of,
    text_of,
)
from polysync_core.cli.diagnosis.check import CheckResult, CheckStatus

_USABLE = {"PastDue", "Warned"}
"""The states of a subscription that still accepts deployments."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """The person or application that `az` is signed in as, and the subscription."""

    person: str
    tenant: str
    subscription: str
    subscription_tenant: str
    state: str


def read_account(answers: Answers, subscription: str | None) -> Account | CheckResult:
    """Return the account, or the failed check."""
    try:
        default = answers.record("account", "show")
        chosen = default
        if subscription is not None and subscription.lower() != text_of(default, "id").lower():
            chosen = answers.record("account", "show", "--subscription", subscription)
        return Account(
            person=text_of(record_of(default, "user"), "name"),
            tenant=text_of(default, "tenantId"),
            subscription=text_of(chosen, "id"),
            subscription_tenant=str(chosen.get("homeTenantId") or text_of(chosen, "tenantId")),
            state=text_of(chosen, "state"),
        )
    except ProgramFailed as failure:
        return CheckResult("sign-in", CheckStatus.FAILED, _remedy(failure))


def check_account(account: Account, deployment: Deployment) -> Iterator[CheckResult]:
    """Yield the checks of the sign-in."""
    signed_in = f"az is signed in as {account.person}"
    yield CheckResult("sign-in", CheckStatus.OK, signed_in)
    yield _check_state(account)
    yield _check_tenant(account, deployment.tenant or account.subscription_tenant)


def _check_state(account: Account) -> CheckResult:
    if account.state == "Enabled":
        return CheckResult("subscription", CheckStatus.OK, account.subscription)
    usable = account.state in _USABLE
    detail = (
        f"{account.subscription} is in the state {account.state}: pay or enable it in the portal, "
        "or choose another with `az account set --subscription ID`."
    )
    return CheckResult(
        "subscription", CheckStatus.WARNING if usable else CheckStatus.FAILED, detail
    )


def _check_tenant(account: Account, wanted: str) -> CheckResult:
    """Compare the tenants: tokens of a registration in another tenant would never match."""
    if account.tenant.lower() == wanted.lower():
        return CheckResult("tenant", CheckStatus.OK, wanted)
    detail = (
        f"az is signed in to the tenant {account.tenant}, and the subscription belongs to "
        f"{wanted}: run `az login --tenant {wanted}`."
    )
    return CheckResult("tenant", CheckStatus.FAILED, detail)


def _remedy(failure: ProgramFailed) -> str:
    match failure:
        case ProgramMissing():
            return "az is not installed: install the Azure CLI (https://aka.ms/azure-cli)."
        case UnreadableAnswer():
            return f"{failure}."
        case _:
            return f"{failure} Run `az login`, with `--tenant` for the tenant of the subscription."
