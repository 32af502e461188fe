"""Checks that the deployment's Azure resource names are free or already its own."""

from __future__ import annotations

import json
from collections.abc import Iterator, Set

from polysync_core.cli.azure.account import Account
from polysync_core.cli.azure.deployment import Deployment, global_names, same_region
from polysync_core.cli.azure.programs import Answers, UnreadableAnswer, record_of, text_of
from polysync_core.cli.azure.rights import MANAGEMENT
from polysync_core.cli.diagnosis.check import CheckResult, CheckStatus

_AVAILABILITY = {
    "Microsoft.KeyVault/vaults": "Microsoft.KeyVault/checkNameAvailability?api-version=2023-07-01",
    "Microsoft.Storage/storageAccounts": (
        "Microsoft.Storage/checkNameAvailability?api-version=2023-05-01"
    ),
    "Microsoft.Web/sites": "Microsoft.Web/checkNameAvailability?api-version=2024-04-01",
}
_TAG = "azd-env-name"


def check_group(
    answers: Answers, account: Account, deployment: Deployment
) -> Iterator[CheckResult]:
    """Yield the check of the resource group: its region and its environment."""
    query = "[].{name:name, location:location, tags:tags}"
    options = ("--subscription", account.subscription, "--query", query)
    listed = answers.records("group", "list", *options)
    wanted = deployment.group.lower()
    found = [each for each in listed if text_of(each, "name").lower() == wanted]
    if not found:
        yield CheckResult("resource group", CheckStatus.OK, f"{deployment.group} is free")
        return
    location = text_of(found[0], "location")
    if record_of(found[0], "tags").get(_TAG) != deployment.environment:
        detail = (
            f"{deployment.group} exists and does not have the tag {_TAG}={deployment.environment}: "
            "choose another environment with `azd env new NAME`."
        )
        yield CheckResult("resource group", CheckStatus.FAILED, detail)
    elif deployment.location is not None and not same_region(location, deployment.location):
        detail = (
            f"{deployment.group} is in {location} and cannot move: run "
            f"`azd env set AZURE_LOCATION {location}`, or see docs/howto/move-region.md."
        )
        yield CheckResult("resource group", CheckStatus.FAILED, detail)
    else:
        yield CheckResult("resource group", CheckStatus.OK, f"{deployment.group} is updated")


def check_names(
    answers: Answers, account: Account, deployment: Deployment
) -> Iterator[CheckResult]:
    """Yield a check for each name that must be free in all of Azure."""
    if deployment.location is None:
        yield CheckResult("names", CheckStatus.WARNING, "Not checked: no region is chosen yet.")
        return
    names = global_names(deployment.environment, deployment.location, account.subscription)
    options = ("--subscription", account.subscription)
    tagged = ("--tag", f"{_TAG}={deployment.environment}", "--query", "[].name")
    own = {each.lower() for each in answers.texts("resource", "list", *tagged, *options)}
    kept = ("list-deleted", "--resource-type", "vault", "--query", "[].name")
    deleted = {each.lower() for each in answers.texts("keyvault", *kept, *options)}
    (vault,) = names["Microsoft.KeyVault/vaults"]
    yield _check_deleted_vault(vault, deleted, own, deployment)
    for kind, of_kind in names.items():
        for name in of_kind:
            if name not in own | deleted:
                yield _check_name(answers, account, kind, name)


def _check_deleted_vault(
    vault: str, deleted: Set[str], own: Set[str], deployment: Deployment
) -> CheckResult:
    subject = "deleted vault"
    if vault in deleted and not deployment.recovers_vault:
        detail = (
            f"The vault {vault} is deleted but kept, so its name is taken: run "
            "`azd env set POLYSYNC_VAULT_RECOVER true`, or pass vaultRecover=true."
        )
        return CheckResult(subject, CheckStatus.FAILED, detail)
    if deployment.recovers_vault and vault not in deleted | own:
        detail = (
            f"No deleted vault has the name {vault}, so none can be recovered: run "
            "`azd env set POLYSYNC_VAULT_RECOVER false`."
        )
        return CheckResult(subject, CheckStatus.FAILED, detail)
    done = "is recovered" if vault in deleted else "has no deleted vault"
    return CheckResult(subject, CheckStatus.OK, f"the name {vault} {done}")


def _check_name(answers: Answers, account: Account, kind: str, name: str) -> CheckResult:
    path = f"/subscriptions/{account.subscription}/providers/{_AVAILABILITY[kind]}"
    body = json.dumps({"name": name, "type": kind})
    sent = ("--headers", "Content-Type=application/json", "--body", body)
    answer = answers.record("rest", "--method", "POST", "--url", f"{MANAGEMENT}{path}", *sent)
    available = answer.get("nameAvailable")
    if not isinstance(available, bool):
        raise UnreadableAnswer("an answer of az has no field 'nameAvailable': run `az upgrade`")
    if available:
        return CheckResult(f"name {name}", CheckStatus.OK, "free")
    detail = (
        f"Another resource has it ({answer.get('message') or answer.get('reason')}). Choose "
        "another environment with `azd env new NAME`: every name is derived from it."
    )
    return CheckResult(f"name {name}", CheckStatus.FAILED, detail)
