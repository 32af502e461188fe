"""Validates a CLI context (app address and sign-in) before it is stored."""

from __future__ import annotations

from dataclasses import replace

import httpx

from polysync.addresses import api_address
from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.environments.context import Context, SignIn, require_context_name
from polysync_core.domain.bundles.variables import value_problem


def check_context(context: Context) -> Context:
    """Return the context with its complete address.

    Raises:
        CommandFailed: a part is malformed, missing, contradictory, or looks like a secret.
    """
    require_context_name(context.name)
    address = api_address(context.url)
    if address.userinfo:
        raise CommandFailed("The address holds a password: leave it out, and choose --sign-in.")
    _check_sign_in(context, address)
    for name, value in context.variables.items():
        if problem := value_problem(value):
            raise CommandFailed(f"Variable {name}: {problem}.")
    return replace(context, url=str(address).rstrip("/"))


def _check_sign_in(context: Context, address: httpx.URL) -> None:
    method = context.sign_in
    if method.is_entra and context.app_id is None:
        raise CommandFailed(
            f"--sign-in {method} needs --app-id, the client id of the app registration."
        )
    if method.is_entra and address.scheme != "https":
        raise CommandFailed(f"--sign-in {method} needs an address with https://.")
    has_key_source = context.key_variable is not None or context.key_command is not None
    if has_key_source and method is not SignIn.ACCESS_KEY:
        raise CommandFailed("--key-variable and --key-command need --sign-in AccessKey.")
    if context.key_variable is not None and context.key_command is not None:
        raise CommandFailed("Give either --key-variable or --key-command.")
