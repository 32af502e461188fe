"""Checks that the signed-in user may create Azure resources and assign roles."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from polysync_core.cli.azure.account import Account
from polysync_core.cli.azure.deployment import Deployment
from polysync_core.cli.azure.programs import Answers, texts_of
from polysync_core.cli.diagnosis.check import CheckResult, CheckStatus

MANAGEMENT = "https://management.azure.com"
_ASSIGN = "Microsoft.Authorization/roleAssignments/write"
_BASE = (
    "Microsoft.Resources/deployments/write",
    "Microsoft.Resources/subscriptions/resourceGroups/write",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permission:
    """The actions that one role grants."""

    actions: Sequence[str]
    excluded: Sequence[str]

    def allows(self, action: str) -> bool:
        """Return whether the role grants the action."""
        return _matches(self.actions, action) and not _matches(self.excluded, action)


def check_rights(
    answers: Answers, account: Account, deployment: Deployment
) -> Iterator[CheckResult]:
    """Yield the checks of the caller's effective rights, also by groups and custom roles."""
    held = _permissions(answers, account.subscription)
    needed = (*_BASE, *(f"{each}/write" for each in deployment.types))
    lacking = [each for each in needed if not any(role.allows(each) for role in held)]
    yield _result("right to create", account, "Contributor", lacking)
    may_assign = any(role.allows(_ASSIGN) for role in held)
    yield _result(
        "right to assign roles",
        account,
        "User Access Administrator",
        [] if may_assign else [_ASSIGN],
    )


def _result(subject: str, account: Account, role: str, lacking: Sequence[str]) -> CheckResult:
    if not lacking:
        return CheckResult(subject, CheckStatus.OK, f"{account.person} has it")
    detail = (
        f"{account.person} may not {', '.join(lacking)}. Ask an owner of the subscription to run "
        f'`az role assignment create --assignee {account.person} --role "{role}" '
        f"--scope /subscriptions/{account.subscription}`."
    )
    return CheckResult(subject, CheckStatus.FAILED, detail)


def _permissions(answers: Answers, subscription: str) -> list[Permission]:
    """Return the effective permissions, which include groups, inherited and custom roles.

    https://learn.microsoft.com/rest/api/authorization/permissions
    """
    path = f"/subscriptions/{subscription}/providers/Microsoft.Authorization/permissions"
    url = f"{MANAGEMENT}{path}?api-version=2022-04-01"
    query = ("--query", "value[].{actions:actions, notActions:notActions}")
    found = answers.records("rest", "--method", "GET", "--url", url, *query)
    return [
        Permission(actions=texts_of(each, "actions"), excluded=_excluded(each)) for each in found
    ]


def _excluded(role: Mapping[str, object]) -> list[str]:
    return texts_of(role, "notActions") if role.get("notActions") else []


def _matches(patterns: Sequence[str], action: str) -> bool:
    return any(
        re.fullmatch(re.escape(each).replace(r"\*", ".*"), action, re.IGNORECASE)
        for each in patterns
    )
