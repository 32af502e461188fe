"""Implements the hooks that the Azure Developer CLI (azd) runs around a deployment.

    python -m scripts.azd_steps before-up | after-provision | after-up | after-down

Only the standard library is needed, because azd runs the hooks with the Python of the user.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence

from polysync_core.cli.azure.deployment import deployment_of_azd
from polysync_core.cli.azure.preflight import check_deployment, register_providers
from polysync_core.cli.azure.programs import Command, ProgramFailed, run
from polysync_core.cli.diagnosis.check import CheckResult, CheckStatus, any_failed
from scripts.register import Graph, allow_browsers, register_for_azd


def before_up(variables: Mapping[str, str], command: Command) -> None:
    """Register missing providers, check the deployment, and register the application.

    The first `azd up` runs this step before it asks for the subscription. Then only the sign-in is
    checked; azd runs the step again before it creates anything.
    """
    deployment = deployment_of_azd(variables)
    chosen = deployment.subscription
    _require(check_deployment(deployment, command, sign_in_only=True))
    if chosen is not None:
        for each in register_providers(deployment, chosen, command):
            print(f"The resource provider {each} is registered now. This may take minutes.")
        _require(check_deployment(deployment, command))
    register_for_azd(variables, command)


def _require(results: Iterable[CheckResult]) -> None:
    """Print the problems; raise `ProgramFailed` if a check failed."""
    problems = [each for each in results if each.outcome is not CheckStatus.OK]
    for each in problems:
        print(f"{each.outcome}: {each.subject}: {each.detail}", file=sys.stderr)
    if any_failed(problems):
        raise ProgramFailed("correct what failed, then repeat the command")


def after_provision(variables: Mapping[str, str], command: Command) -> None:
    """Let the registration send people in browsers back to the app."""
    allow_browsers(Graph(command), variables["AZURE_ENV_NAME"], variables["POLYSYNC_URL"])


def after_up(variables: Mapping[str, str], command: Command) -> None:
    """Print the address of the console and the first steps; run the smoke test if possible."""
    url = variables["POLYSYNC_URL"]
    print(f"Console: {url.removesuffix('/api')}/console/")
    print("First step: write a secret into the vault, and define a Platform in the console.")
    print("A role may take ten minutes to become effective. Until then the app answers 503.")
    if variables.get("POLYSYNC_ALWAYS_READY_DURABLE", "0") == "0":
        print("The app scales to zero, so the first run after an idle time starts late.")
        print("POLYSYNC_ALWAYS_READY_DURABLE=1 avoids this; docs/reference/cost.md has the price.")
    scope = f"{variables['POLYSYNC_AUTH_CLIENT_ID']}/.default"
    token = ["az", "account", "get-access-token", "--scope", scope]
    os.environ["POLYSYNC_TOKEN"] = command([*token, "--query", "accessToken", "-o", "tsv"]).strip()
    print(command([sys.executable, "-m", "scripts.smoke", url, "--timeout", "900"]), end="")


def after_down(variables: Mapping[str, str], command: Command) -> None:
    """Name the objects that `azd down` leaves, and the commands that remove them."""
    name = variables["AZURE_ENV_NAME"]
    print(f"The registration polysync-{name} remains. To delete it:")
    print(f"  az ad app delete --id {variables.get('POLYSYNC_AUTH_CLIENT_ID', 'CLIENT_ID')}")
    print("The vault remains, deleted and protected. To use it again with this environment:")
    print("  azd env set POLYSYNC_VAULT_RECOVER true")


STEPS: Mapping[str, Callable[[Mapping[str, str], Command], None]] = {
    "before-up": before_up,
    "after-provision": after_provision,
    "after-up": after_up,
    "after-down": after_down,
}


def main(arguments: Sequence[str], variables: Mapping[str, str], command: Command = run) -> int:
    """Do the step that the command line names; return the exit code."""
    if len(arguments) != 1 or arguments[0] not in STEPS:
        print(f"Name one step: {', '.join(STEPS)}.", file=sys.stderr)
        return 2
    try:
        STEPS[arguments[0]](variables, command)
    except ProgramFailed as failure:
        print(f"The step {arguments[0]} failed: {failure}", file=sys.stderr)
        return 1
    except KeyError as missing:
        print(f"The variable {missing} is missing: run this step through azd.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], dict(os.environ)))
