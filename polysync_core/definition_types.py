"""Builds the catalogue of platform types, job types and vault providers from plugins."""

from __future__ import annotations

from collections.abc import Sequence

from polysync_core.domain.definitions.types.catalogue import (
    AuthField,
    AuthKind,
    JobKind,
    PlatformKind,
    TypeCatalogue,
    VaultKind,
)
from polysync_core.domain.definitions.vaults import VaultProvider
from polysync_core.outbound.sign_in.methods import SignInMethod
from polysync_core.platforms.plugin import Capability, JobTypePlugin
from polysync_core.platforms.registry import platform_plugin, platform_types
from polysync_core.vaults.registry import vault_plugin, vault_providers


def type_catalogue(*, development: bool) -> TypeCatalogue:
    """Return the types that definitions may have on a host."""

    def providers() -> list[str]:
        """Return the providers, without Polysync's own that this host refuses."""
        if development:
            return [str(name) for name in vault_providers()]
        refused = {str(VaultProvider.ENVIRONMENT)}
        return [str(name) for name in vault_providers() if name not in refused]

    return TypeCatalogue(
        platform_types=lambda: [str(name) for name in platform_types()],
        platform=platform_kind,
        vault_providers=providers,
        vault=vault_kind,
    )


def platform_kind(name: str) -> PlatformKind:
    """Describe a platform type; raises `Invalid` for an unknown name."""
    plugin = platform_plugin(name)
    return PlatformKind(
        name=str(plugin.name),
        attributes=plugin.attributes,
        auth=_auth_kinds(plugin.sign_in),
        jobs={str(job): _job_kind(str(job), each) for job, each in plugin.jobs.items()},
    )


def vault_kind(name: str) -> VaultKind:
    """Describe a vault provider; raises `Invalid` for an unknown name."""
    plugin = vault_plugin(name)
    default = plugin.default_auth
    return VaultKind(
        name=str(plugin.name),
        attributes=plugin.attributes,
        auth=_auth_kinds(plugin.sign_in),
        default_auth=None if default is None else default.method,
    )


def _auth_kinds(methods: Sequence[SignInMethod]) -> list[AuthKind]:
    return [
        AuthKind(
            name=str(method.name),
            fields=[
                AuthField(
                    name=field.name,
                    required=field.required,
                    is_secret=field.is_secret,
                    may_be_secret=field.may_be_secret,
                    rule=field.form.rule,
                )
                for field in method.fields
            ],
        )
        for method in methods
    ]


def _job_kind(name: str, plugin: JobTypePlugin) -> JobKind:
    abilities = plugin.capabilities
    return JobKind(
        name=name,
        settings=plugin.settings,
        external_id_hint=plugin.external_id_hint,
        is_discoverable=Capability.DISCOVERY in abilities,
        has_parameters=Capability.PARAMETERS in abilities,
        has_outputs=Capability.OUTPUTS in abilities,
        can_cancel=Capability.CANCEL in abilities,
        lists_runs=Capability.RUNS in abilities,
    )
