"""Does the steps of azd's hooks around a deployment.

    python -m scripts.azd_steps before-up | after-provision | after-up | after-down

Only the standard library is needed, because azd runs the hooks with the Python of the user.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping, Sequence

from scripts.azure_cli import Command, CommandFailed, run
from scripts.register import Graph, allow_browsers, register_for_azd

_PRIVATE = "POLYSYNC_PRIVATE_NETWORKING"


def before_up(variables: Mapping[str, str], command: Command) -> None:
    """Check the tenant, register the application and the provider of delegated subnets."""
    check_tenant(variables, command)
    register_for_azd(variables, command)
    if variables.get(_PRIVATE, "").lower() == "true":
        # Resource Manager registers the providers of resources, and not those of delegations.
        command(["az", "provider", "register", "--namespace", "Microsoft.App", "--wait"])


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


def check_tenant(variables: Mapping[str, str], command: Command) -> None:
    """Raise `CommandFailed` if `az` is signed in to another tenant than the subscription's.

    A registration in another tenant would never match the tokens that the app accepts.
    """
    show = ["az", "account", "show", "--query", "tenantId", "-o", "tsv"]
    signed_in = command(show).strip()
    wanted = variables.get("AZURE_TENANT_ID", "")
    if not wanted and (subscription := variables.get("AZURE_SUBSCRIPTION_ID")):
        wanted = command([*show, "--subscription", subscription]).strip()
    if wanted and wanted != signed_in:
        raise CommandFailed(
            f"az is signed in to the tenant {signed_in}, and the subscription belongs to {wanted}: "
            f"run `az login --tenant {wanted}`"
        )


def main(arguments: Sequence[str], variables: Mapping[str, str], command: Command = run) -> int:
    """Do the step that the command line names; return the exit code."""
    if len(arguments) != 1 or arguments[0] not in STEPS:
        print(f"Name one step: {', '.join(STEPS)}.", file=sys.stderr)
        return 2
    try:
        STEPS[arguments[0]](variables, command)
    except CommandFailed as failure:
        print(f"The step {arguments[0]} failed: {failure}", file=sys.stderr)
        return 1
    except KeyError as missing:
        print(f"The variable {missing} is missing: run this step through azd.", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], dict(os.environ)))
