"""Tests the connections to the token issuer, every vault and every platform."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from http import HTTPStatus

from polysync.errors import ApiProblem
from polysync_core.cli.api.client import ApiClient
from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.api.reader import Reader
from polysync_core.cli.diagnosis.check import CheckResult, CheckStatus

_AT_ONCE = 8


def check_connections(api: ApiClient) -> Iterator[CheckResult]:
    """Yield the checks of all vaults and of all platforms, by name."""
    for kind in ("vault", "platform"):
        definitions, _ = api.items(f"{kind}s")
        names = sorted(str(each.get("name")) for each in definitions)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            yield from pool.map(partial(_test, api, kind), names)


def check_token_issuer(api: ApiClient) -> Iterator[CheckResult]:
    """Yield the check of the token issuer, if the host has one."""
    result = _tested(api, "token issuer", "token-issuer")
    if result is not None:
        yield result


def _test(api: ApiClient, kind: str, name: str) -> CheckResult:
    subject = f"{kind} {name}"
    missing = CheckResult(subject, CheckStatus.FAILED, "It was deleted during the check.")
    return _tested(api, subject, f"{kind}s", name) or missing


def _tested(api: ApiClient, subject: str, *path: str) -> CheckResult | None:
    """Return the result of one test; None if its object does not exist."""
    try:
        answer = api.post(*path, "test", has="ok")
    except CommandFailed as failure:
        if isinstance(failure, ApiProblem) and failure.status == HTTPStatus.NOT_FOUND:
            return None
        return CheckResult(subject, CheckStatus.FAILED, " ".join([str(failure), *failure.details]))
    reader = Reader("the answer", answer)
    message = reader.text("message") or ""
    if answer["ok"] is True:
        return CheckResult(subject, CheckStatus.OK, f"{message} ({reader.number('latencyMs')} ms)")
    said = reader.text("platformMessage")
    return CheckResult(
        subject, CheckStatus.FAILED, f"{message} The platform says: {said}" if said else message
    )
