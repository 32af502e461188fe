"""Tests of the connection tests of vaults and platforms."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.application.platforms.connection_tests import ConnectionTests
from polysync_core.domain.definitions.platforms import (
    Platform,
)
from polysync_core.domain.definitions.vaults import Vault, VaultProvider
from polysync_core.domain.errors import NotFound, PlatformRefused, PolysyncError, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from tests.fakes.app import FakeApp

PLATFORM = Platform.model_validate(
    {"name": "v", "type": "AzureDatabricks", "auth": {"method": "DefaultCredential"}}
)
VAULT = Vault(name="v", provider=VaultProvider.ENVIRONMENT)


class Source:
    def __init__(self, answer: str | PolysyncError) -> None:
        self.answer = answer

    def read(self, name: str) -> Secret:
        raise NotImplementedError

    def test(self) -> str:
        if isinstance(self.answer, PolysyncError):
            raise self.answer
        return self.answer


def connection_tests(answer: str | PolysyncError) -> ConnectionTests:
    source: Any = Source(answer)
    app = FakeApp(
        VAULT,
        PLATFORM,
        open_vault=lambda *_, **__: source,
        open_connector=lambda *_, **__: source,
    )
    return app.services.connection_tests


def test_a_target_that_answers_is_ok_and_its_message_is_returned() -> None:
    result = connection_tests("Reached it.").test_vault("v")
    assert (result.ok, result.message) == (True, "Reached it.")
    assert result.latency_ms >= 0


@pytest.mark.parametrize(
    "error",
    [
        PlatformRefused("The token was refused.", cause=FailureCause.SECRET),
        Unavailable("It does not answer."),
    ],
)
def test_a_failed_target_is_an_outcome_and_not_an_error(error: PolysyncError) -> None:
    result = connection_tests(error).test_platform("v")
    assert (result.ok, result.message) == (False, str(error))


def test_the_words_of_a_platform_are_part_of_the_result() -> None:
    error = PlatformRefused("The call was refused.", cause=FailureCause.SUBMIT)
    error.platform_message = "Source IP address 20.1.2.3 is blocked."

    result = connection_tests(error).test_platform("v")

    assert result.platform_message == "Source IP address 20.1.2.3 is blocked."


def test_the_words_of_a_vault_are_not_part_of_the_result() -> None:
    error = PlatformRefused("The call was refused.", cause=FailureCause.SECRET)
    error.platform_message = "anything"
    assert connection_tests(error).test_vault("v").platform_message is None


def test_an_undefined_target_is_not_found() -> None:
    with pytest.raises(NotFound):
        connection_tests("ok").test_platform("other")
