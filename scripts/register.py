"""Register the application that callers of a deployment sign in to, in Microsoft Entra.

    python -m scripts.register dev

It makes what docs/howto/deploy.md describes, or brings it up to date: the registration with its app
roles and a scope for the Azure CLI, and no secret; whoever is signed in becomes its administrator.
`azd up` calls it by itself, and does without where POLYSYNC_AUTH_CLIENT_ID is set already.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

GRAPH = "https://graph.microsoft.com/v1.0"
AZURE_CLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"
SCOPE = "5f0d3a52-9f0c-4c55-a1f3-0f5d0d6c2a10"
"""The id of `user_impersonation`, the same in every registration, as those of the roles are."""
ROLES = Path(__file__).parents[1] / "infra" / "entra" / "app-roles.json"
PAUSES = (2.0, 4.0, 8.0)
"""Seconds before something is looked for again."""

type Command = Callable[[Sequence[str]], str]
"""Runs a program and returns what it prints; raises `CommandFailed`."""


class CommandFailed(Exception):
    """The message is the last that the program said."""


@dataclass(frozen=True, slots=True)
class Graph:
    """Microsoft Graph as the Azure CLI reaches it, signed in as whoever uses it."""

    run: Command
    sleep: Callable[[float], None] = time.sleep

    def get(self, path: str) -> Any:
        """Return what a path answers; what was made a moment ago may not be found at once."""
        command = ["az", "rest", "--method", "GET", "--url", f"{GRAPH}/{path}"]
        for pause in PAUSES:
            try:
                return json.loads(self.run(command))
            except CommandFailed:
                self.sleep(pause)
        return json.loads(self.run(command))

    def send(self, method: str, path: str, body: Any, *, create: bool = False) -> None:
        """Send JSON; with `create`, make what is not there yet."""
        told = ["az", "rest", "--method", method, "--url", f"{GRAPH}/{path}"]
        headers = ["Content-Type=application/json"] + ["Prefer=create-if-missing"] * create
        self.run([*told, "--headers", *headers, "--body", json.dumps(body)])


def register(graph: Graph, environment: str) -> str:
    """Make the registration of an environment, or bring it up to date; return its client id."""
    named = f"applications(uniqueName='polysync-{environment}')"
    application = {
        "displayName": f"polysync-{environment}",
        "signInAudience": "AzureADMyOrg",
        "appRoles": json.loads(ROLES.read_text()),
        "api": _api([]),
    }
    graph.send("PATCH", named, application, create=True)
    client_id = graph.get(f"{named}?$select=appId")["appId"]
    # An address may name the client id, and the scope be referred to, only once they exist.
    known = [{"appId": AZURE_CLI, "delegatedPermissionIds": [SCOPE]}]
    graph.send("PATCH", named, {"identifierUris": [f"api://{client_id}"], "api": _api(known)})
    enterprise = f"servicePrincipals(appId='{client_id}')"
    # Nobody gets a token who has no role.
    graph.send("PATCH", enterprise, {"appRoleAssignmentRequired": True}, create=True)
    _appoint(graph, graph.get(f"{enterprise}?$select=id")["id"])
    return client_id


def _api(known: list[dict[str, Any]]) -> dict[str, Any]:
    what = "Use Polysync as the person who is signed in"
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


def _appoint(graph: Graph, enterprise_id: str) -> None:
    """Make whoever is signed in an administrator, unless they have some role already."""
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


def run(command: Sequence[str]) -> str:
    """Run a program and return what it prints."""
    program = shutil.which(command[0])
    if program is None:
        raise CommandFailed(f"{command[0]} is not installed")
    done = subprocess.run(  # noqa: S603 - a list of our own, and no shell
        [program, *command[1:]], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
        raise CommandFailed(f"{command[0]}: {said[-1]}")
    return done.stdout


def main(arguments: Sequence[str], variables: Mapping[str, str], command: Command = run) -> int:
    """Register, print the client id or tell azd of it, and return the exit code."""
    parser = argparse.ArgumentParser(prog="register", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("environment", nargs="?", default=variables.get("AZURE_ENV_NAME", ""))
    parser.add_argument(
        "--azd", action="store_true", help="keep the client id in azd's environment"
    )
    told = parser.parse_args(arguments)
    if re.fullmatch(r"[A-Za-z0-9-]{1,40}", told.environment) is None:
        parser.error(
            f"environment: {told.environment!r} must have 1 to 40 letters, digits and hyphens"
        )
    if told.azd and variables.get("POLYSYNC_AUTH_CLIENT_ID"):
        return 0
    try:
        client_id = register(Graph(command), told.environment)
        if told.azd:
            command(["azd", "env", "set", "POLYSYNC_AUTH_CLIENT_ID", client_id])
            if not variables.get("POLYSYNC_AUTH_ALLOWED_APPLICATIONS"):
                command(["azd", "env", "set", "POLYSYNC_AUTH_ALLOWED_APPLICATIONS", AZURE_CLI])
    except CommandFailed as failure:
        print(
            f"The application could not be registered: {failure}. Run `az login` as somebody who "
            "may register applications; or have it registered as docs/howto/deploy.md says, and "
            "give its client id as POLYSYNC_AUTH_CLIENT_ID.",
            file=sys.stderr,
        )
        return 1
    print(client_id)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], dict(os.environ)))
