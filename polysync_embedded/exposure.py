"""Decides from the listen address whether sign-in is required, and refuses an unsafe start."""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address

from polysync_core.settings import Environment
from polysync_embedded.options import Options, StartRefused

_ENVIRONMENT = "POLYSYNC_ENVIRONMENT"
_SIGN_IN = ("POLYSYNC_ACCESS_KEYS", "POLYSYNC_OIDC_ISSUER")
_APP_SERVICE = "WEBSITE_AUTH_ENABLED"

type Address = IPv4Address | IPv6Address


def read_address(host: str) -> Address:
    """Return the address of `--host`; a name could have several addresses.

    Raises:
        StartRefused: the text is not an address.
    """
    try:
        return ip_address("127.0.0.1" if host.lower() == "localhost" else host.strip("[]"))
    except ValueError as error:
        raise StartRefused(
            f"{host!r} is not an IP address: give --host an address of this machine, or 0.0.0.0 "
            "for all of them."
        ) from error


def decide_environment(options: Options, variables: Mapping[str, str]) -> str:
    """Return the environment of the app: production beyond this machine, otherwise development.

    The variable of the user has priority, but development mode trusts every local caller, so it
    never listens beyond this machine.

    Raises:
        StartRefused: a caller would need no sign-in, or no caller could sign in.
    """
    is_local = read_address(options.host).is_loopback
    default = Environment.DEVELOPMENT if is_local else Environment.PRODUCTION
    environment = variables.get(_ENVIRONMENT) or default.value
    if not is_local and environment == Environment.DEVELOPMENT:
        raise StartRefused(
            f"--host {options.host} listens beyond this machine, and {_ENVIRONMENT} is "
            f"development, which needs no sign-in: unset {_ENVIRONMENT}."
        )
    if environment == Environment.PRODUCTION:
        _require_sign_in(options, variables, is_local=is_local)
    return environment


def _require_sign_in(options: Options, variables: Mapping[str, str], *, is_local: bool) -> None:
    if variables.get(_APP_SERVICE, "").lower() == "true":
        # Every caller could forge the header that App Service protects.
        raise StartRefused(
            f"{_APP_SERVICE} is true, but App Service does not protect this host: "
            f"unset {_APP_SERVICE}."
        )
    if not any(variables.get(name, "").strip() for name in _SIGN_IN):
        why = (
            f"{_ENVIRONMENT} is production"
            if is_local
            else f"--host {options.host} listens beyond this machine"
        )
        raise StartRefused(f"{why}, so callers must sign in: set {' or '.join(_SIGN_IN)}.")
    if options.simulators:
        raise StartRefused(
            "--simulators needs development mode: remove it, or listen on 127.0.0.1 only."
        )
