"""Reads the settings of the app from environment variables, and validates them."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from polysync_core.appkit.configuration import (
    AppKitConfiguration,
    JobsSetting,
    options_problems,
    principal_problems,
    service_principal_of,
)
from polysync_core.appkit.named_jobs import JobOptions, discover, id_problems
from polysync_core.appkit.user_tokens import Hosting
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.security.access_keys import AccessKey, BadAccessKeys, read_access_keys
from polysync_core.domain.security.secrets import Secret
from polysync_core.domain.security.token_issuer import ROLES_CLAIM, TokenIssuer
from polysync_core.domain.strict_documents import read_json
from polysync_core.outbound.hosts import read_private_hosts
from polysync_core.outbound.identity import AppIdentity, Delegation
from polysync_core.outbound.lineage.sending import LineageTarget
from polysync_core.outbound.urls import read_url
from polysync_core.setting_values import (
    SettingError,
    collector,
    flag,
    folder,
    is_connection_string,
    lineage_target,
    number,
    origins,
    public_url,
    short_text,
)
from polysync_core.storage.sqlite.database import SCHEME, path_of

STORAGE = "POLYSYNC_STORAGE"
"""The storage account: a connection string, or `POLYSYNC_STORAGE__…` for the app's identity."""

APPKIT = "POLYSYNC_APPKIT"
"""The options of the jobs `DATABRICKS_JOB_<NAME>`, as JSON."""
DELIVERIES = "webhook-deliveries"
"""The queue of deliveries to webhooks; abandoned ones go to its `-poison` queue."""
RUN_REQUESTS = "run-requests"
"""The queue of run requests by other systems; refused ones go to its `-poison` queue."""
COLOURS = ("grey", "blue", "green", "amber", "red")
"""The colours behind the name of a deployment; the first one is the default."""
_OWN_QUEUES = {DELIVERIES, f"{DELIVERIES}-poison", RUN_REQUESTS, f"{RUN_REQUESTS}-poison"}


class Environment(StrEnum):
    """The kind of environment that the app runs in."""

    PRODUCTION = "production"
    DEVELOPMENT = "development"
    """A developer's machine: no authentication, secrets from environment variables."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """The configuration of one deployment."""

    environment: Environment
    deployment_name: str | None
    """The name that each page of the console shows, such as `Production`; None shows nothing."""
    deployment_colour: str
    """The colour behind the name."""
    deployment_contact: str | None
    """The text that says who gives roles; None shows nothing."""
    app_service_authentication: bool
    """True if App Service authenticates callers before requests reach the app."""
    access_keys: tuple[AccessKey, ...]
    """The access keys of machine callers."""
    token_issuer: TokenIssuer | None
    """The issuer whose tokens identify callers; None if the app itself checks no tokens."""
    allowed_origins: frozenset[str]
    """The origins whose pages may call the API (CORS)."""
    app_identity: AppIdentity
    """The app's managed identity, and the private hosts that the app may reach."""
    secrets_folder: Path | None
    """The folder with the secrets of this machine, for vaults of files."""
    allow_loopback_platforms: bool
    """True if platforms may be simulators on this machine, over plain HTTP."""
    public_url: str | None
    """The address of this deployment, with which links in messages begin; None leaves them out."""
    run_events_queue: str | None
    """The queue that receives every change of a run's status; None if no consumer reads one."""
    webhook_attempts: int
    """The number of delivery attempts before an event for a webhook is abandoned."""
    webhook_first_delay: int
    """Seconds before the second attempt; the back-off grows with each attempt."""
    lineage: LineageTarget | None
    """The place that receives the lineage of runs; None if lineage is off."""
    run_retention_days: int
    """The minimum number of days that ended runs and their audit entries are kept."""
    engine_retention_days: int
    """The number of days that the engine keeps histories of ended orchestrations."""
    drift_check: bool
    """True if all Jobs are compared with their artefacts each night."""
    service_name: str
    """The name of this app in telemetry."""
    application_insights: str
    """The connection string of Application Insights, empty if unused. It holds no secret."""
    otlp_endpoint: str
    """The address of an OpenTelemetry collector, empty if unused."""
    prometheus: bool
    """True if the API serves metrics to Prometheus."""
    storage: Mapping[str, str]
    """The variables `POLYSYNC_STORAGE` or `POLYSYNC_STORAGE__…`, unchanged."""
    appkit: AppKitConfiguration
    """The jobs of `DATABRICKS_JOB_<NAME>`."""

    @property
    def development(self) -> bool:
        """True on a developer's machine."""
        return self.environment is Environment.DEVELOPMENT

    @property
    def sends_telemetry(self) -> bool:
        """True if traces, metrics and logs are exported."""
        return bool(self.application_insights or self.otlp_endpoint)

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Settings:
        """Return the settings, or raise `SettingError` naming the wrong variable."""
        return cls(
            environment=_environment(variables),
            deployment_name=short_text(variables, "POLYSYNC_NAME", most=40),
            deployment_colour=_colour(variables),
            deployment_contact=short_text(variables, "POLYSYNC_CONTACT", most=200),
            app_service_authentication=_app_service_authentication(variables),
            access_keys=_access_keys(variables, "POLYSYNC_ACCESS_KEYS"),
            token_issuer=_token_issuer(variables),
            allowed_origins=origins(variables, "POLYSYNC_ALLOWED_ORIGINS"),
            app_identity=_app_identity(variables),
            secrets_folder=folder(variables, "POLYSYNC_SECRETS_FOLDER"),
            allow_loopback_platforms=_loopback(variables),
            public_url=public_url(variables),
            run_events_queue=_queue_name(variables, "POLYSYNC_RUN_EVENTS_QUEUE"),
            webhook_attempts=number(variables, "POLYSYNC_WEBHOOK_ATTEMPTS", 8, most=50),
            webhook_first_delay=number(
                variables, "POLYSYNC_WEBHOOK_FIRST_DELAY_SECONDS", 10, most=3600
            ),
            lineage=lineage_target(variables),
            run_retention_days=number(variables, "POLYSYNC_RUN_RETENTION_DAYS", 90, most=3650),
            engine_retention_days=number(variables, "POLYSYNC_ENGINE_RETENTION_DAYS", 7, most=365),
            drift_check=flag(variables, "POLYSYNC_DRIFT_CHECK"),
            service_name=variables.get("OTEL_SERVICE_NAME") or "polysync",
            application_insights=_application_insights(variables),
            otlp_endpoint=collector(variables, "OTEL_EXPORTER_OTLP_ENDPOINT"),
            prometheus=flag(variables, "POLYSYNC_PROMETHEUS"),
            storage=_storage(variables),
            appkit=read_appkit(variables),
        )


def _colour(variables: Mapping[str, str]) -> str:
    colour = variables.get("POLYSYNC_COLOUR") or COLOURS[0]
    if colour not in COLOURS:
        raise SettingError(f"POLYSYNC_COLOUR must be one of {', '.join(COLOURS)}.")
    return colour


def read_appkit(
    variables: Mapping[str, str],
    jobs: Mapping[str, JobOptions] | None = None,
    *,
    is_program: bool = False,
) -> AppKitConfiguration:
    """Return the configuration of AppKit's jobs; options in `jobs` replace those of the setting.

    A program (`is_program`) may also call a simulator on its own machine. Raises `SettingError`
    with the name of the setting that is wrong.
    """
    setting = _appkit_setting(variables)
    configured = setting.options() | dict(jobs or {})
    _refuse(options_problems(jobs or {}) + principal_problems(variables))
    token = variables.get("DATABRICKS_TOKEN")
    appkit = AppKitConfiguration(
        jobs=discover(variables, configured),
        host=variables.get("DATABRICKS_HOST") or None,
        token=Secret(token) if token else None,
        service_principal=None if token else service_principal_of(variables),
        timeout=setting.call_timeout,
        poll_interval=setting.poll_interval,
        max_event_size=setting.stream_config.max_event_size,
        hosting=_hosting(variables),
        app_identity=_app_identity(variables),
        allow_loopback=is_program or _loopback(variables),
    )
    if _environment(variables) is Environment.PRODUCTION:
        _refuse(id_problems(appkit.jobs, configured, variables))
    _check_host(appkit)
    return appkit


def _appkit_setting(variables: Mapping[str, str]) -> JobsSetting:
    try:
        return JobsSetting.read(read_json((variables.get(APPKIT) or "{}").encode()))
    except Invalid as error:
        problem = str(error)
    raise SettingError(f"{APPKIT} cannot be used: {problem}")


def _hosting(variables: Mapping[str, str]) -> Hosting:
    names = ("POLYSYNC_DELEGATION_TENANT_ID", "POLYSYNC_DELEGATION_CLIENT_ID", "AZURE_CLIENT_ID")
    tenant_id, client_id, identity_client_id = (variables.get(name, "") for name in names)
    delegation = None
    if tenant_id or client_id:
        for name in names:
            if not variables.get(name):
                raise SettingError(
                    f"{name} is missing: acting for users requires {', '.join(names)}."
                )
        if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.-]*", tenant_id) is None:
            raise SettingError(f"{names[0]} must name a tenant by its id or its domain.")
        delegation = Delegation(
            tenant_id=tenant_id, client_id=client_id, identity_client_id=identity_client_id
        )
    return Hosting(
        # Databricks Apps sets this variable.
        databricks_app=bool(variables.get("DATABRICKS_APP_NAME")),
        app_service_authentication=_app_service_authentication(variables),
        validates_entra_tokens=_validates_entra_tokens(variables),
        delegation=delegation,
    )


def _validates_entra_tokens(variables: Mapping[str, str]) -> bool:
    issuer = _token_issuer(variables)
    return issuer is not None and issuer.is_entra


def _refuse(problems: Sequence[Problem]) -> None:
    if problems:
        raise SettingError("; ".join(map(str, problems)))


def _check_host(appkit: AppKitConfiguration) -> None:
    names = [name for name, job in appkit.jobs.items() if job.options.platform is None]
    if not names:
        return
    if appkit.host is None:
        raise SettingError(
            f"DATABRICKS_HOST is missing: it names the workspace of the job '{names[0]}'."
        )
    # This import costs start-up time, so only apps with such jobs need it.
    from polysync_core.appkit.workspaces import workspace_address

    try:
        workspace_address(appkit.host, allow_loopback=appkit.allow_loopback)
    except Invalid as error:
        problem = "; ".join(each.message for each in error.problems)
    else:
        return
    raise SettingError(f"DATABRICKS_HOST cannot be used: {problem}.")


def _app_service_authentication(variables: Mapping[str, str]) -> bool:
    # App Service sets this variable if its authentication is on.
    return flag(variables, "WEBSITE_AUTH_ENABLED")


def _loopback(variables: Mapping[str, str]) -> bool:
    name = "POLYSYNC_ALLOW_LOOPBACK_PLATFORMS"
    loopback = flag(variables, name)
    if loopback and _environment(variables) is not Environment.DEVELOPMENT:
        raise SettingError(f"{name} requires POLYSYNC_ENVIRONMENT=development.")
    return loopback


def _environment(variables: Mapping[str, str]) -> Environment:
    text = variables.get("POLYSYNC_ENVIRONMENT", Environment.PRODUCTION)
    try:
        environment = Environment(text)
    except ValueError:
        environment = None
    if environment is None:
        allowed = " or ".join(Environment)
        raise SettingError(f"POLYSYNC_ENVIRONMENT is {text!r}; it must be {allowed}.")
    # App Service sets this variable on each of its instances.
    if environment is Environment.DEVELOPMENT and variables.get("WEBSITE_INSTANCE_ID"):
        raise SettingError("POLYSYNC_ENVIRONMENT=development is not allowed in Azure.")
    return environment


def _storage(variables: Mapping[str, str]) -> dict[str, str]:
    """Return the variables of the storage account: a connection string or an identity."""
    configured = {
        name: value
        for name, value in variables.items()
        if value and (name == STORAGE or name.startswith(f"{STORAGE}__"))
    }
    if STORAGE in configured:
        if len(configured) > 1:
            part = min(configured.keys() - {STORAGE})
            raise SettingError(
                f"{STORAGE} and {part} contradict each other: set either the connection string or "
                "the identity."
            )
        setting = configured[STORAGE]
        if path_of(setting) is None and not is_connection_string(setting):
            raise SettingError(
                f"{STORAGE} is not a connection string of a storage account: copy the whole text "
                "with AccountName=… and AccountKey=… from the access keys of the account, or name "
                f"a file with {SCHEME}PATH."
            )
        return configured
    if not configured:
        raise SettingError(
            f"{STORAGE} (a connection string) or {STORAGE}__accountName (for the app's "
            "identity) is missing: one of them must name the storage account."
        )
    if f"{STORAGE}__accountName" not in configured:
        for address in (f"{STORAGE}__tableServiceUri", f"{STORAGE}__queueServiceUri"):
            if address not in configured:
                raise SettingError(f"{address} is missing; or set {STORAGE}__accountName.")
    return configured


def _application_insights(variables: Mapping[str, str]) -> str:
    name = "APPLICATIONINSIGHTS_CONNECTION_STRING"
    text = variables.get(name, "")
    if text and not re.search(r"(?i)(?:^|;)\s*InstrumentationKey=[0-9a-f-]{36}\s*(?:;|$)", text):
        raise SettingError(
            f"{name} is not a connection string of Application Insights: copy the whole text "
            "InstrumentationKey=… from the overview of the resource."
        )
    return text


def _access_keys(variables: Mapping[str, str], name: str) -> tuple[AccessKey, ...]:
    try:
        return read_access_keys(variables.get(name, ""))
    except BadAccessKeys as error:
        raise SettingError(f"{name}: {error}.") from error


def _token_issuer(variables: Mapping[str, str]) -> TokenIssuer | None:
    names = ("POLYSYNC_OIDC_ISSUER", "POLYSYNC_OIDC_AUDIENCE")
    issuer, audience = (variables.get(name, "").strip() for name in names)
    if not issuer and not audience:
        return None
    if not issuer or not audience:
        missing = names[1] if issuer else names[0]
        raise SettingError(f"{missing} is missing: the sign-in by token needs both settings.")
    if _app_service_authentication(variables):
        raise SettingError(f"{names[0]} is set, but App Service already checks tokens: remove it.")
    try:
        development = _environment(variables) is Environment.DEVELOPMENT
        read_url(issuer, path=names[0], allow_loopback=development, allow_port=True)
    except Invalid as error:
        raise SettingError(f"{error}.") from error
    if "?" in issuer:
        raise SettingError(
            f"{names[0]} is {issuer!r}; an issuer has no query: remove the part from '?'."
        )
    claim = variables.get("POLYSYNC_OIDC_ROLES_CLAIM", "").strip() or ROLES_CLAIM
    return TokenIssuer(issuer=issuer, audience=audience, roles_claim=claim)


def _app_identity(variables: Mapping[str, str]) -> AppIdentity:
    name = "POLYSYNC_PRIVATE_HOSTS"
    try:
        hosts = read_private_hosts(variables.get(name, ""))
    except Invalid as error:
        raise SettingError(f"{name}: {error}.") from error
    # Azure's libraries read this variable too.
    return AppIdentity(identity=variables.get("AZURE_CLIENT_ID") or None, private_hosts=hosts)


def _queue_name(variables: Mapping[str, str], name: str) -> str | None:
    """Return a valid queue name; None for an absent or empty setting.

    https://learn.microsoft.com/rest/api/storageservices/naming-queues-and-metadata
    """
    text = variables.get(name)
    if not text:
        return None
    if not 3 <= len(text) <= 63 or re.fullmatch(r"[a-z0-9]+(?:-[a-z0-9]+)*", text) is None:
        raise SettingError(
            f"{name} is {text!r}; a queue name has 3 to 63 lower-case letters, digits and "
            "single hyphens."
        )
    if text in _OWN_QUEUES:
        # The app would read its own events from that queue and abandon each of them.
        raise SettingError(f"{name} is {text!r}, a queue that the app reads; choose another name.")
    return text
