"""The settings of the token issuer."""

from __future__ import annotations

import pytest

from polysync_core.domain.security.token_issuer import TokenIssuer
from polysync_core.settings import SettingError, Settings

STORAGE = {"POLYSYNC_STORAGE": "UseDevelopmentStorage=true"}
DEVELOPMENT = {"POLYSYNC_ENVIRONMENT": "development"}
AUDIENCE = {"POLYSYNC_OIDC_AUDIENCE": "polysync"}


def issuer(text: str, **others: str) -> TokenIssuer | None:
    variables = STORAGE | AUDIENCE | {"POLYSYNC_OIDC_ISSUER": text} | others
    return Settings.read(variables).token_issuer


@pytest.mark.parametrize(
    "address",
    [
        "https://id.example.com",
        "https://tenant.eu.auth0.com/",
        "https://keycloak.corp.example:8443/realms/main",
        "https://login.microsoftonline.com/11111111-2222-3333-4444-555555555555/v2.0",
    ],
)
def test_an_issuer_is_an_https_address(address: str) -> None:
    expected = TokenIssuer(issuer=address, audience="polysync")
    assert issuer(f" {address} ") == expected
    claim = "realm_access.roles"
    assert issuer(address, POLYSYNC_OIDC_ROLES_CLAIM=claim) == TokenIssuer(
        issuer=address, audience="polysync", roles_claim=claim
    )


@pytest.mark.parametrize(
    "address",
    [
        "http://id.example.com",
        "http://127.0.0.1:8080",
        "https://127.0.0.1",
        "https://user@id.example.com",
        "https://id.example.com/#x",
        "https://id.example.com/?tenant=x",
        "https://id.example.com/../x",
        "id.example.com",
        "https://localhost",
    ],
)
def test_other_addresses_are_refused_with_the_name_of_the_setting(address: str) -> None:
    with pytest.raises(SettingError, match="POLYSYNC_OIDC_ISSUER"):
        issuer(address)


def test_development_may_use_an_issuer_on_this_machine() -> None:
    assert issuer("http://127.0.0.1:8080/realms/x", **DEVELOPMENT) is not None


def test_both_settings_or_none() -> None:
    assert Settings.read(STORAGE).token_issuer is None
    with pytest.raises(SettingError, match="POLYSYNC_OIDC_AUDIENCE is missing"):
        issuer("https://id.example.com", POLYSYNC_OIDC_AUDIENCE=" ")
    with pytest.raises(SettingError, match="POLYSYNC_OIDC_ISSUER is missing"):
        issuer("")


def test_app_service_checks_tokens_itself() -> None:
    with pytest.raises(SettingError, match="App Service already checks tokens: remove it"):
        issuer("https://id.example.com", WEBSITE_AUTH_ENABLED="True")
