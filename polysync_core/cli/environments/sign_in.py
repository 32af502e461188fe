"""Obtains the token or access key for API requests, and signs users in and out."""

from __future__ import annotations

import importlib
import os
import shlex
import subprocess
from collections.abc import Callable
from typing import Any

from polysync.credentials import Credentials
from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.environments.context import Context, SignIn
from polysync_core.cli.environments.store import sign_in_file, write_private

_CACHE_NAME = "polysync"
_KEY_SECONDS = 60
"""The maximum duration of the command that prints an access key."""


def environment_credentials() -> Credentials:
    """Return the credentials of POLYSYNC_TOKEN and POLYSYNC_KEY.

    They are no options, because every user of a machine can see the arguments of a command.
    """
    return Credentials(key=os.environ.get("POLYSYNC_KEY"), token=os.environ.get("POLYSYNC_TOKEN"))


def credentials_of(context: Context) -> Credentials:
    """Return the credentials of a context; tokens are requested when they are needed.

    Raises:
        CommandFailed: the context has no access key.
    """
    match context.sign_in:
        case SignIn.ENVIRONMENT:
            return environment_credentials()
        case SignIn.ACCESS_KEY:
            return Credentials(key=_access_key(context))
        case _:
            return Credentials(token=lambda: entra_token(context))


def entra_token(context: Context) -> str:
    """Return a token of Entra for the app, from the cache while it is valid.

    Raises:
        CommandFailed: no token can be got without a person.
    """
    credential = _credential(context, record=_record_of(context))
    return _translated(context, lambda: str(credential.get_token(context.scope).token))


def log_in(context: Context, show: Callable[[str], None]) -> str:
    """Sign a person in, keep the account for later commands, and return its name.

    Raises:
        CommandFailed: the sign-in failed, or this machine has no keyring for the tokens.
    """
    credential = _credential(context, record=None, show=show)
    record = _translated(context, lambda: credential.authenticate(scopes=[context.scope]))
    write_private(sign_in_file(context.name), record.serialize())
    return str(record.username)


def log_out(context: str) -> bool:
    """Forget the account of a context; return whether there was one."""
    file = sign_in_file(context)
    is_known = file.exists()
    file.unlink(missing_ok=True)
    return is_known


def _access_key(context: Context) -> str:
    if context.key_command is not None:
        return _printed_key(context)
    variable = context.key_variable or "POLYSYNC_KEY"
    key = os.environ.get(variable)
    if not key:
        raise CommandFailed(f"Context {context.name} takes its access key from {variable}: set it.")
    return key


def _printed_key(context: Context) -> str:
    try:
        words = shlex.split(context.key_command or "")
        # The user chose the command for this purpose; no shell interprets it.
        ended = subprocess.run(  # noqa: S603
            words, check=False, stdout=subprocess.PIPE, timeout=_KEY_SECONDS, text=True
        )
    except (OSError, subprocess.TimeoutExpired, ValueError, IndexError) as error:
        raise CommandFailed(
            f"The command of context {context.name} for its access key does not work."
        ) from error
    key = ended.stdout.strip()
    if ended.returncode or not key:
        raise CommandFailed(
            f"The command of context {context.name} for its access key printed no key "
            f"(exit code {ended.returncode})."
        )
    return key


def _record_of(context: Context) -> str | None:
    """Return the account that `polysync login` has stored.

    Raises:
        CommandFailed: a person must sign in first.
    """
    if not context.sign_in.has_login:
        return None
    file = sign_in_file(context.name)
    if not file.exists():
        raise CommandFailed(
            f"You are not signed in to context {context.name}: run `polysync login {context.name}`."
        )
    return file.read_text(encoding="utf-8")


def _credential(
    context: Context, *, record: str | None, show: Callable[[str], None] | None = None
) -> Any:
    """Return the credential of the Azure SDK for a context."""
    sdk: Any = importlib.import_module("azure.identity")
    tenant = {} if context.tenant_id is None else {"tenant_id": context.tenant_id}
    match context.sign_in:
        case SignIn.AZURE_CLI:
            return sdk.AzureCliCredential(**tenant)
        case SignIn.DEFAULT_CREDENTIAL:
            return sdk.DefaultAzureCredential(exclude_interactive_browser_credential=True)
        case _:
            options = {
                **tenant,
                # The tokens are encrypted by the keyring, and never stored in clear.
                "cache_persistence_options": sdk.TokenCachePersistenceOptions(name=_CACHE_NAME),
                "authentication_record": record and sdk.AuthenticationRecord.deserialize(record),
                "disable_automatic_authentication": True,
            }
    if context.sign_in is SignIn.BROKER:
        return _broker().InteractiveBrowserBrokerCredential(parent_window_handle=0, **options)
    prompt = _prompt(show) if show else None
    return sdk.DeviceCodeCredential(prompt_callback=prompt, **options)


def _broker() -> Any:
    try:
        return importlib.import_module("azure.identity.broker")
    except ImportError as error:
        raise CommandFailed(
            "The sign-in by Broker needs the package azure-identity-broker: install it, or use "
            "--sign-in DeviceCode."
        ) from error


def _prompt(show: Callable[[str], None]) -> Callable[[str, str, object], None]:
    return lambda address, code, _expires: show(f"Open {address} and enter the code {code}.")


def _translated[T](context: Context, action: Callable[[], T]) -> T:
    """Run an action of the Azure SDK, and translate its errors into sentences."""
    sdk: Any = importlib.import_module("azure.identity")
    core: Any = importlib.import_module("azure.core.exceptions")
    try:
        return action()
    except sdk.AuthenticationRequiredError as error:
        raise CommandFailed(
            f"The sign-in to context {context.name} has ended: run `polysync login {context.name}`."
        ) from error
    except core.ClientAuthenticationError as error:
        remedy = "run `az login`" if context.sign_in is SignIn.AZURE_CLI else "sign in again"
        raise CommandFailed(
            f"Entra gave no token for context {context.name}: {remedy}.",
            details=[str(error.message).strip().splitlines()[0][:300]],
        ) from error
    except ValueError as error:
        # The SDK refuses to store tokens in clear.
        raise CommandFailed(
            "This machine has no keyring that could encrypt the tokens.",
            details=[
                "Use `--sign-in AzureCli` with `az login`, or set POLYSYNC_TOKEN for "
                "`--sign-in Environment`."
            ],
        ) from error
