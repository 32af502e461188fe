"""Registers the app of a deployment in Microsoft Entra ID, for sign-in.

    python -m scripts.register dev

Callers sign in to this application. The script creates or updates the registration that
docs/howto/deploy.md describes: app roles, a scope for the Azure CLI, and no secret. The person who
runs the script becomes an administrator. `azd up` runs it, unless POLYSYNC_AUTH_CLIENT_ID is set.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polysync_core.cli.azure.programs import Command, ProgramFailed, run

GRAPH = "https://graph.microsoft.com/v1.0"
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
SCOPE = "5f0d3a52-9f0c-4c55-a1f3-0f5d0d6c2a10"
"""The id of `user_impersonation`, the same in every registration."""
ROLES = Path(__file__).parents[1] / "infra" / "entra" / "app-roles.json"
PAUSES = (2.0, 4.0, 8.0)
"""Seconds before each repetition of a read."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Calls Microsoft Graph through the Azure CLI, as its signed-in user."""

    run: Command
    sleep: Callable[[float], None] = time.sleep

    def get(self, path: str) -> Any:
        """Return the object at a path; a new object may need several reads."""
        command = ["az", "rest", "--method", "GET", "--url", f"{GRAPH}/{path}"]
        for pause in PAUSES:
            try:
                return json.loads(self.run(command))
            except ProgramFailed:
                self.sleep(pause)
        return json.loads(self.run(command))

    def send(self, method: str, path: str, body: Any, *, create: bool = False) -> None:
        """Send JSON; `create` allows the request to create the object."""
        options = ["az", "rest", "--method", method, "--url", f"{GRAPH}/{path}"]
        headers = ["Content-Type=application/json"] + ["Prefer=create-if-missing"] * create
        self.run([*options, "--headers", *headers, "--body", json.dumps(body)])


def register(graph: Graph, environment: str) -> str:
    """Create or update the registration of an environment; return its client id."""
    named = f"applications(uniqueName='polysync-{environment}')"
    application = {
        "displayName": f"polysync-{environment}",
        "signInAudience": "AzureADMyOrg",
        "appRoles": json.loads(ROLES.read_text()),
        "api": _api([]),
    }
    graph.send("PATCH", named, application, create=True)
    client_id = graph.get(f"{named}?$select=appId")["appId"]
    # The identifier URI needs the client id, and the authorisation needs the scope.
    known = [{"appId": AZURE_CLI, "delegatedPermissionIds": [SCOPE]}]
    graph.send("PATCH", named, {"identifierUris": [f"api://{client_id}"], "api": _api(known)})
    enterprise = f"servicePrincipals(appId='{client_id}')"
    # A caller without a role gets no token.
    graph.send("PATCH", enterprise, {"appRoleAssignmentRequired": True}, create=True)
    _assign_administrator(graph, graph.get(f"{enterprise}?$select=id")["id"])
    return client_id


def _api(known: list[dict[str, Any]]) -> dict[str, Any]:
    what = "Use Polysync as the signed-in user"
    scope = {
        "id": SCOPE,
        "value": "user_impersonation",
        "type": "User",
        "isEnabled": True,
        "adminConsentDisplayName": "Use Polysync",
        "adminConsentDescription": what,
        "userConsentDisplayName": "Use Polysync",
        "userConsentDescription": what,
    }
    return {
        "requestedAccessTokenVersion": 2,
        "oauth2PermissionScopes": [scope],
        "preAuthorizedApplications": known,
    }


def _assign_administrator(graph: Graph, enterprise_id: str) -> None:
    """Make the signed-in user an administrator, unless the user has a role."""
    person = graph.get("me?$select=id")["id"]
    held = graph.get(f"servicePrincipals/{enterprise_id}/appRoleAssignedTo?$top=999")["value"]
    if any(each["principalId"] == person for each in held):
        return
    roles = json.loads(ROLES.read_text())
    administrator = next(each["id"] for each in roles if each["value"].endswith(".Administrator"))
    assignment = {
        "principalId": person,
        "resourceId": enterprise_id,
        "appRoleId": administrator,
    }
    graph.send("POST", f"servicePrincipals/{enterprise_id}/appRoleAssignedTo", assignment)


def allow_browsers(graph: Graph, environment: str, url: str) -> None:
    """Let App Service sign in people who open the console at this address.

    Without a client secret, App Service takes ID tokens from the sign-in page.
    https://learn.microsoft.com/azure/app-service/configure-authentication-provider-aad
    """
    named = f"applications(uniqueName='polysync-{environment}')"
    redirect = f"{url.removesuffix('/api')}/.auth/login/aad/callback"
    known: list[str] = graph.get(f"{named}?$select=web")["web"]["redirectUris"]
    web = {
        "redirectUris": [*known, *([] if redirect in known else [redirect])],
        "implicitGrantSettings": {"enableIdTokenIssuance": True},
    }
    graph.send("PATCH", named, {"web": web})


def register_for_azd(variables: Mapping[str, str], command: Command) -> None:
    """Register the application of azd's environment, unless azd knows its client id."""
    if variables.get("POLYSYNC_AUTH_CLIENT_ID"):
        return
    client_id = register(Graph(command), variables["AZURE_ENV_NAME"])
    command(["azd", "env", "set", "POLYSYNC_AUTH_CLIENT_ID", client_id])
    if not variables.get("POLYSYNC_AUTH_ALLOWED_APPLICATIONS"):
        command(["azd", "env", "set", "POLYSYNC_AUTH_ALLOWED_APPLICATIONS", AZURE_CLI])


def main(arguments: Sequence[str], variables: Mapping[str, str], command: Command = run) -> int:
    """Register, print the client id, and return the exit code."""
    parser = argparse.ArgumentParser(prog="register", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("environment", nargs="?", default=variables.get("AZURE_ENV_NAME", ""))
    options = parser.parse_args(arguments)
    if re.fullmatch(r"[A-Za-z0-9-]{1,40}", options.environment) is None:
        parser.error(
            f"environment: {options.environment!r} must have 1 to 40 letters, digits and hyphens"
        )
    try:
        client_id = register(Graph(command), options.environment)
    except ProgramFailed as failure:
        print(
            f"The application could not be registered: {failure}. Run `az login` as a user who may "
            "register applications. Or ask such a user to follow docs/howto/deploy.md, and set "
            "POLYSYNC_AUTH_CLIENT_ID to the client id.",
            file=sys.stderr,
        )
        return 1
    print(client_id)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], dict(os.environ)))
