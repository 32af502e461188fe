"""Checks that Azure resource providers are registered, and that the region offers all services."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from polysync_core.cli.azure.account import Account
from polysync_core.cli.azure.deployment import Deployment, same_region
from polysync_core.cli.azure.programs import Answers, text_of
from polysync_core.cli.diagnosis.check import CheckResult, CheckStatus


def check_providers(
    answers: Answers, account: Account, deployment: Deployment
) -> Iterator[CheckResult]:
    """Yield a check for each resource provider."""
    missing = missing_providers(answers, account.subscription, deployment)
    for each in deployment.providers:
        subject = f"provider {each}"
        if each in missing:
            register = " ".join(["az", *register_provider(each, account.subscription)])
            detail = f"It is not registered: run `{register}`."
            yield CheckResult(subject, CheckStatus.FAILED, detail)
        else:
            yield CheckResult(subject, CheckStatus.OK, "registered")


def missing_providers(answers: Answers, subscription: str, deployment: Deployment) -> list[str]:
    """Return the resource providers that the subscription has not registered."""
    query = "[].{namespace:namespace, state:registrationState}"
    listed = answers.records("provider", "list", "--subscription", subscription, "--query", query)
    registered = {
        text_of(each, "namespace").lower()
        for each in listed
        if text_of(each, "state").lower() == "registered"
    }
    return [each for each in deployment.providers if each.lower() not in registered]


def register_provider(namespace: str, subscription: str) -> list[str]:
    """Return the arguments of `az` that register a provider."""
    options = ["--namespace", namespace, "--wait", "--subscription", subscription]
    return ["provider", "register", *options]


def check_region(
    answers: Answers, account: Account, deployment: Deployment
) -> Iterator[CheckResult]:
    """Yield a check for each service that some regions do not offer."""
    if deployment.location is None:
        yield CheckResult("region", CheckStatus.WARNING, "Not checked: no region is chosen yet.")
        return
    named = ("--subscription", account.subscription)
    listed = answers.records("functionapp", "list-flexconsumption-locations", *named)
    offered = [text_of(each, "name") for each in listed]
    yield _offered("Flex Consumption", deployment.location, offered)
    if deployment.uses_scheduler:
        query = ("--query", "resourceTypes[?resourceType=='schedulers'].locations[]")
        namespace = ("--namespace", "Microsoft.DurableTask")
        offered = answers.texts("provider", "show", *namespace, *query, *named)
        yield _offered("Durable Task Scheduler", deployment.location, offered)


def _offered(service: str, location: str, regions: Sequence[str]) -> CheckResult:
    if any(same_region(each, location) for each in regions):
        return CheckResult(service, CheckStatus.OK, f"{location} offers it")
    detail = (
        f"{location} does not offer it. Choose one of {', '.join(sorted(regions)) or 'none'} and "
        "run `azd env set AZURE_LOCATION REGION`, or pass it with --location."
    )
    return CheckResult(service, CheckStatus.FAILED, detail)
