"""Walks all types in the registry: the form of each stores the typed values."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polysync_core.console.forms.definitions.definition_form import FormContext, definition_form
from polysync_core.console.forms.raw import nested
from polysync_core.console.forms.reading import read
from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.kinds import SPECS
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.platforms.registry import platform_plugin
from tests.fakes.app import FakeApp
from tests.unit.console.browser import parsed, sent, submit
from tests.unit.console.editing.examples import (
    EXTERNAL_IDS,
    JOB_TYPES,
    PLATFORM_TYPES,
    PROVIDERS,
    TYPES,
    auth_of,
    object_of,
)

pytestmark = pytest.mark.slow

LOCAL = Vault(name="local", provider="Environment")
FEWEST = {
    "AzureDatabricks": {"computeType": "Serverless"},
    "AzureLogicApps": {"logicAppType": "Consumption"},
    "GoogleCloudComposer": {"environmentName": "daily"},
}
"""The choices that need the fewest other attributes."""
SIGN_INS = [
    pytest.param(name, method, id=f"{name}-{method.name}")
    for name in PLATFORM_TYPES
    for method in TYPES.platform(name).auth
]
VAULT_SIGN_INS = [
    pytest.param(name, method, id=f"{name}-{method.name}")
    for name in PROVIDERS
    for method in TYPES.vault(name).auth
]


def typed(document: Any, path: str = "") -> dict[str, str]:
    """Return the texts of a document by the names of its controls."""
    is_json = path.startswith("settings.") or path.endswith("clusterSettings")
    if isinstance(document, dict) and not is_json:
        return {
            name: text
            for key, value in document.items()
            for name, text in typed(value, f"{path}.{key}" if path else key).items()
        }
    return {path: document if isinstance(document, str) else json.dumps(document)}


def create(app: FakeApp, section: str, document: dict[str, Any], type_name: str) -> Any:
    """Fill in the form of a new definition, review it and save it; return the last answer."""
    form = app.browser.get(f"/{section}/new")
    chosen = {type_name: document[type_name]} if type_name else {}
    if section == "jobs":
        chosen["platform"] = document["platform"]
    shown = submit(app.browser, form, chosen, do="refresh")
    plan = submit(app.browser, shown, typed(document), do="review")
    if plan.status_code != 200:
        return plan
    return submit(app.browser, plan, do="save")


def stored(app: FakeApp, kind: Kind, name: str) -> Definition:
    return app.services.definition_editing.get(kind, name).definition


@pytest.mark.parametrize(("name", "method"), SIGN_INS)
@pytest.mark.parametrize("is_full", [True, False], ids=["full", "required"])
def test_a_platform_of_each_type_and_sign_in(name: str, method: Any, is_full: bool) -> None:
    app = FakeApp(LOCAL)
    attributes = object_of(TYPES.platform(name).attributes, is_full=is_full)
    if method.name == "FunctionKey":
        attributes.pop("audience", None)
    if not is_full:
        attributes |= FEWEST.get(name, {})
    document = {
        "name": "mine",
        "type": name,
        "auth": auth_of(method, is_full=is_full),
        "attributes": attributes,
    }
    answer = create(app, "platforms", document, "type")
    assert answer.status_code == 303, parsed(answer.text).css_first("#problems").text()
    expected = read_definition(Kind.PLATFORM, document)
    assert stored(app, Kind.PLATFORM, "mine") == expected


@pytest.mark.parametrize(("name", "method"), VAULT_SIGN_INS)
@pytest.mark.parametrize("is_full", [True, False], ids=["full", "required"])
def test_a_vault_of_each_provider_and_sign_in(name: str, method: Any, is_full: bool) -> None:
    app = FakeApp(LOCAL)
    document = {
        "name": "mine",
        "provider": name,
        "auth": auth_of(method, is_full=is_full),
        "attributes": object_of(TYPES.vault(name).attributes, is_full=is_full),
    }
    answer = create(app, "vaults", document, "provider")
    assert answer.status_code == 303, parsed(answer.text).css_first("#problems").text()
    assert stored(app, Kind.VAULT, "mine") == read_definition(Kind.VAULT, document)


RECEIVER_FIELDS: dict[str, dict[str, Any]] = {
    "Teams": {"url": "vault://local/teams"},
    "Slack": {"url": "vault://local/slack"},
    "Webhook": {"url": "https://hooks.example.com/x", "secret": "vault://local/key"},
    "Email": {
        "to": ["team@example.com"],
        "sender": "polysync@example.com",
        "service": "Smtp",
        "host": "smtp.example.com",
    },
}


@pytest.mark.parametrize("name", SPECS[Kind.RECEIVER].type_names)
def test_a_receiver_of_each_type(name: str) -> None:
    app = FakeApp(LOCAL)
    document = {"name": "mine", "type": name, **RECEIVER_FIELDS[name]}
    addresses = {f"to[{index}]": each for index, each in enumerate(document.pop("to", []))}
    form = app.browser.get("/receivers/new")
    shown = submit(app.browser, form, {"type": name}, do="refresh")
    plan = submit(app.browser, shown, typed(document) | addresses, do="review")
    assert plan.status_code == 200, parsed(plan.text).css_first("#problems").text()
    answer = submit(app.browser, plan, do="save")
    assert answer.status_code == 303
    expected = document | ({"to": [*addresses.values()]} if addresses else {})
    assert stored(app, Kind.RECEIVER, "mine") == read_definition(Kind.RECEIVER, expected)


@pytest.mark.parametrize(
    ("section", "type_name", "value"),
    [("platforms", "type", name) for name in PLATFORM_TYPES]
    + [("vaults", "provider", name) for name in PROVIDERS]
    + [("limits", "type", name) for name in SPECS[Kind.CONTENTION_PROFILE].type_names]
    + [("receivers", "type", name) for name in SPECS[Kind.RECEIVER].type_names]
    + [("calendars", "", ""), ("webhooks", "", "")],
)
def test_an_empty_form_names_the_missing_fields(section: str, type_name: str, value: str) -> None:
    app = FakeApp()
    form = app.browser.get(f"/{section}/new")
    shown = submit(app.browser, form, {type_name: value} if type_name else {}, do="refresh")
    answer = submit(app.browser, shown, do="review")
    assert answer.status_code == 422
    page = parsed(answer.text)
    links = [link.attributes["href"] or "" for link in page.css("#problems a")]
    assert "#f-name" in links
    assert all(page.css_first(link) is not None for link in links)


@pytest.mark.parametrize(
    "section", ["platforms", "vaults", "limits", "calendars", "webhooks", "receivers"]
)
def test_wrong_texts_stay_in_the_form(section: str) -> None:
    app = FakeApp()
    form = app.browser.get(f"/{section}/new")
    answer = submit(app.browser, form, {"name": "Wrong Name!", "displayName": "Kept"}, do="review")
    page = parsed(answer.text)
    assert answer.status_code == 422
    assert page.css_first("#f-name").attributes["value"] == "Wrong Name!"  # type: ignore[union-attr]
    assert page.css_first("#f-displayName").attributes["value"] == "Kept"  # type: ignore[union-attr]


@pytest.mark.parametrize(("platform_type", "job_type"), JOB_TYPES)
@pytest.mark.parametrize("is_full", [True, False], ids=["full", "required"])
def test_a_job_of_each_type(platform_type: str, job_type: str, is_full: bool) -> None:
    context = FormContext(types=TYPES, platform_type=lambda _: platform_type)
    parameter = "full_refresh" if job_type == "DatabricksPipeline" else "token"
    settings = TYPES.platform(platform_type).jobs[job_type].settings
    document = {
        "name": "mine",
        "platform": "any",
        "jobType": job_type,
        "externalId": EXTERNAL_IDS.get(job_type, "name"),
        "parameters": [{"name": parameter}],
        "settings": object_of(settings, is_full=is_full),
    }
    group = definition_form(Kind.JOB, document, context)
    texts = typed({**document, "parameters": None}) | {"parameters[0].name": parameter}
    del texts["parameters"]

    reading = read(group, nested(sent([*texts.items()])))

    job = read_definition(Kind.JOB, reading.document)
    assert job == read_definition(Kind.JOB, document)
    assert isinstance(job, Job)
    assert not list(platform_plugin(platform_type).jobs[job_type].check(job))
