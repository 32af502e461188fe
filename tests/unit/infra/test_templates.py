"""The templates parse, fit together and have safe defaults."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
import yaml

from polysync_core.api.app import PREFIX
from polysync_core.api.security.roles import OPEN
from polysync_core.console.paths import BASE
from polysync_core.console.roles import OPEN as CONSOLE_OPEN
from polysync_core.domain.security.roles import Role
from scripts.azd_steps import STEPS
from scripts.choose_backend import PROVIDERS
from tests.unit.infra.templates import (
    BICEP,
    ROOT,
    Template,
    body_of,
    filled,
    template,
    template_names,
    templates,
    variable,
    words_outside_strings,
)

pytestmark = pytest.mark.slow

TOKEN = "abcdefghijklm"  # the form of uniqueString(): 13 lower-case letters and digits
BUILT_IN = {"tenant", "subscription", "environment"}

NAMES = {
    # https://learn.microsoft.com/azure/azure-resource-manager/management/resource-name-rules
    "appName": r"[a-z0-9][a-z0-9-]{0,30}[a-z0-9]",  # at most 32: the host truncates its id
    "applicationInsightsName": r"[A-Za-z0-9-]{1,255}",
    "dataStorageName": r"[a-z0-9]{3,24}",
    "hostStorageName": r"[a-z0-9]{3,24}",
    "identityName": r"[A-Za-z0-9][A-Za-z0-9_-]{2,127}",
    "networkName": r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}[A-Za-z0-9]",
    "packageContainerName": r"[a-z0-9](?:-?[a-z0-9]){2,62}",
    "planName": r"[A-Za-z0-9-]{1,60}",
    "schedulerName": r"[A-Za-z][A-Za-z0-9-]{1,62}[A-Za-z0-9]",
    # https://learn.microsoft.com/azure/azure-functions/durable/durable-functions-task-hubs
    "taskHubName": r"[A-Za-z][A-Za-z0-9]{2,44}",
    "vaultName": r"[A-Za-z](?:-?[A-Za-z0-9]){2,23}",
    "workspaceName": r"[A-Za-z0-9][A-Za-z0-9-]{2,61}[A-Za-z0-9]",
}

SAFE: list[tuple[str, str, dict[str, Any]]] = [
    (
        "modules/storage.bicep",
        "Microsoft.Storage/storageAccounts",
        {
            "allowSharedKeyAccess": False,
            "allowBlobPublicAccess": False,
            "allowCrossTenantReplication": False,
            "defaultToOAuthAuthentication": True,
            "minimumTlsVersion": "TLS1_2",
            "supportsHttpsTrafficOnly": True,
        },
    ),
    (
        "modules/vault.bicep",
        "Microsoft.KeyVault/vaults",
        {"enableRbacAuthorization": True, "enableSoftDelete": True, "enablePurgeProtection": True},
    ),
    ("modules/monitoring.bicep", "Microsoft.Insights/components", {"DisableLocalAuth": True}),
    ("modules/app.bicep", "Microsoft.Web/sites", {"httpsOnly": True}),
]


@pytest.mark.parametrize("name", template_names())
def test_a_template_parses(name: str) -> None:
    assert template(name).content


@pytest.mark.parametrize("name", template_names())
def test_every_parameter_has_a_description_that_begins_with_required_or_optional(name: str) -> None:
    for parameter, declared in template(name).part("parameters").items():
        described = [d["argument"] for d in declared["decorators"] if d["type"] == "description"]
        word = "Required. " if declared["default"] is None else "Optional. "
        assert [text.startswith(word) for text in described] == [True], parameter


@pytest.mark.parametrize("name", template_names())
def test_no_parameter_has_a_name_that_suggests_a_secret(name: str) -> None:
    """The linter rule `secure-secrets-in-params` checks names and is an error here."""
    secret = re.compile("password|pwd|secret|accountkey|acctkey", re.IGNORECASE)
    assert [each for each in template(name).part("parameters") if secret.search(each)] == []


@pytest.mark.parametrize("name", template_names())
def test_every_output_has_a_description(name: str) -> None:
    for output, declared in template(name).part("outputs").items():
        kinds = [each["type"] for each in declared["decorators"]]
        assert kinds == ["description"], output


@pytest.mark.parametrize("name", template_names())
def test_every_declaration_is_used(name: str) -> None:
    read = template(name)
    words = read.names_used()
    declared = [*read.part("parameters"), *read.part("variables")]
    assert [each for each in declared if words.count(each) < 2] == []


@pytest.mark.parametrize("name", template_names())
def test_every_name_in_an_expression_is_declared(name: str) -> None:
    read = template(name)
    known = BUILT_IN | set(re.findall(r"for (\w+) in", read.code()))
    known |= set(re.findall(r"for \((\w+), \w+\) in", read.code()))
    for kind in ("parameters", "variables", "resources", "modules"):
        known |= set(read.part(kind))
    holes = re.findall(r"\$\{(\w+)[.}]", read.code())
    assert set(holes) <= known


@pytest.mark.parametrize("name", template_names())
def test_a_default_refers_to_parameters_only(name: str) -> None:
    """The compiler rejects variables and resources in a default (BCP072)."""
    read = template(name)
    others = [each for kind in ("variables", "resources", "modules") for each in read.part(kind)]
    defaults = re.findall(r"^param \w+ \w+ = (.*)$", read.code(), re.MULTILINE)
    words = {word for each in defaults for word in words_outside_strings(each)}
    assert words & set(others) == set()


def test_every_abbreviation_is_used() -> None:
    used = set(re.findall(r"\{abbreviations\.(\w+)\}", (BICEP / "main.bicep").read_text()))
    assert used == set(json.loads((BICEP / "abbreviations.json").read_text()))


def _modules() -> list[tuple[Template, str, Template, dict[str, Any]]]:
    return [
        (parent, name, template(each["detail"]["path"].removeprefix("./")), body_of(each["config"]))
        for parent in templates()
        for name, each in parent.part("modules").items()
    ]


def test_modules_are_local_files_so_that_no_registry_is_needed() -> None:
    kinds = {each["type"] for parent in templates() for each in parent.part("modules").values()}
    assert kinds == {"local"}


def test_a_module_receives_exactly_its_parameters() -> None:
    for _, name, module, body in _modules():
        parameters = module.part("parameters")
        needed = {each for each, how in parameters.items() if how["default"] is None}
        given = set(body["params"])
        assert (needed - given, given - set(parameters)) == (set(), set()), name


def test_used_outputs_exist() -> None:
    for parent in templates():
        by_name = {name: module for of, name, module, _ in _modules() if of is parent}
        used = re.findall(r"(\w+)\.\??outputs\.(\w+)", parent.code())
        missing = [(m, o) for m, o in used if o not in by_name[m].part("outputs")]
        assert missing == []


def test_every_template_is_used() -> None:
    assert {module.name for _, _, module, _ in _modules()} | {"main.bicep"} == set(template_names())


def _names() -> dict[str, str]:
    main = template("main.bicep")
    abbreviations = json.loads((BICEP / "abbreviations.json").read_text())
    values = {f"abbreviations.{kind}": text for kind, text in abbreviations.items()}
    values |= {"token": TOKEN, "taskHubVersion": "999"}
    return {name: filled(variable(main, name), values) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_a_derived_name_follows_the_rules_of_its_service(name: str) -> None:
    assert re.fullmatch(NAMES[name], _names()[name])


def test_every_derived_name_is_checked() -> None:
    named = {each for each in template("main.bicep").part("variables") if each.endswith("Name")}
    assert named == set(NAMES)


def test_each_environment_has_its_own_names() -> None:
    main = (BICEP / "main.bicep").read_text()
    assert "uniqueString(subscription().id, environmentName, location)" in main
    assert [name for name, text in _names().items() if TOKEN not in text] == [
        "packageContainerName"
    ]


@pytest.mark.parametrize(("name", "kind", "wanted"), SAFE, ids=[kind for _, kind, _ in SAFE])
def test_defaults_are_safe(name: str, kind: str, wanted: dict[str, Any]) -> None:
    (body,) = template(name).resources(kind).values()
    assert wanted.items() <= body["properties"].items()


def test_no_template_reads_a_key_or_secret() -> None:
    for each in templates():
        asked = [p for p, how in each.part("parameters").items() if "secure" in str(how)]
        read = re.findall(r"\.(list\w*|getSecret)\(", each.code())
        assert (asked, read) == ([], []), each.name


def _choice(condition: str, yes: str, no: str) -> dict[str, Any]:
    operands = {"condition": condition, "true_value": yes, "false_value": no}
    return {"operator": {"type": "conditional", "operands": operands}}


def test_without_access_keys_everything_but_health_requires_a_token() -> None:
    resources = template("modules/authentication.bicep").resources("Microsoft.Web/sites/config")
    settings = resources["authentication"]["properties"]
    assert settings["platform"]["enabled"] is True
    assert settings["globalValidation"] == {
        "requireAuthentication": {
            "operator": {"type": "not", "operands": {"bool_value": "keysAllowed"}}
        },
        "unauthenticatedClientAction": _choice("keysAllowed", "AllowAnonymous", "Return401"),
        "excludedPaths": [
            *(f"{PREFIX}{path}" for _, path in OPEN),
            "/",
            *sorted(
                f"{BASE}{path.replace('{file}', '*')}"
                for method, path in CONSOLE_OPEN
                if method == "GET"
            ),
        ],
    }
    entra = settings["identityProviders"]["azureActiveDirectory"]
    assert list(entra["registration"]) == ["clientId", "openIdIssuer"]


def test_requests_without_a_token_pass_only_if_there_are_access_keys() -> None:
    main = template("main.bicep")
    assert main.part("parameters")["accessKeys"]["default"] == ""
    assert "keysAllowed: !empty(accessKeys)\n" in main.code()


def test_the_mcp_webhook_requires_a_host_key_if_app_service_requires_no_token() -> None:
    code = template("modules/app.bicep").code()
    assert "__webhookAuthorizationLevel: empty(accessKeys) ? 'Anonymous' : 'System'\n" in code


def test_acting_for_users_is_one_parameter_and_off_by_default() -> None:
    """The app needs two settings and the users' tokens from App Service."""
    main = template("main.bicep")
    assert main.part("parameters")["actForUsers"]["default"] is False
    for line in (
        "delegationTenantId: actForUsers ? authTenantId : ''",
        "delegationClientId: actForUsers ? authClientId : ''",
        "keepUserTokens: actForUsers",
    ):
        assert f"    {line}\n" in main.code()
    resources = template("modules/authentication.bicep").resources("Microsoft.Web/sites/config")
    store = resources["authentication"]["properties"]["login"]["tokenStore"]
    assert store == {"enabled": "keepUserTokens"}


def test_azd_passes_every_required_parameter_and_no_unknown_one() -> None:
    given = json.loads((BICEP / "main.parameters.json").read_text())["parameters"]
    declared = template("main.bicep").part("parameters")
    needed = {name for name, how in declared.items() if how["default"] is None}
    assert needed <= set(given) <= set(declared)
    with_default = {name for name, each in given.items() if "=" in each["value"]}
    assert with_default == set(given) - needed


def test_an_empty_required_parameter_is_rejected_by_its_name() -> None:
    """azd and the workflow pass an empty string for an unset variable."""
    declared = template("main.bicep").part("parameters")
    required = {name: how for name, how in declared.items() if how["default"] is None}
    assert set(required) == {"environmentName", "location", "authClientId"}
    for name, how in required.items():
        assert "min_length" in {each["type"] for each in how["decorators"]}, name


def test_the_defaults_of_azd_equal_those_of_the_template() -> None:
    given = json.loads((BICEP / "main.parameters.json").read_text())["parameters"]
    declared = template("main.bicep").part("parameters")
    for name, each in given.items():
        default = re.fullmatch(r"\$\{\w+=(.*)\}", each["value"])
        if default is not None:
            expected = declared[name]["default"]
            text = str(expected).lower() if isinstance(expected, bool) else str(expected)
            assert default[1] == text, name


def test_azd_finds_the_template_and_the_app() -> None:
    project = yaml.safe_load((ROOT / "azure.yaml").read_text())
    assert (ROOT / project["infra"]["path"] / f"{project['infra']['module']}.bicep").is_file()
    ((service, how),) = project["services"].items()
    assert how == {"project": ".", "language": "python", "host": "function"}
    tags = template("modules/app.bicep").resources("Microsoft.Web/sites")["app"]["tags"]
    assert tags["function"]["parameters"]["arg_2"] == {"'azd-service-name'": service}


def test_azd_registers_the_application_before_it_asks_for_its_client_id() -> None:
    """`azd up` asks for parameters before preprovision, and `azd provision` runs no preup."""
    hooks = yaml.safe_load((ROOT / "azure.yaml").read_text())["hooks"]
    for name in ("preup", "preprovision"):
        commands = {each["run"].partition(" ")[2] for each in hooks[name].values()}
        assert commands == {"-m scripts.azd_steps before-up"}
    given = json.loads((BICEP / "main.parameters.json").read_text())["parameters"]
    assert given["authClientId"]["value"] == "${POLYSYNC_AUTH_CLIENT_ID}"


def test_every_hook_names_a_script_and_one_of_its_steps() -> None:
    hooks = yaml.safe_load((ROOT / "azure.yaml").read_text())["hooks"]
    for name, systems in hooks.items():
        assert set(systems) == {"posix", "windows"}, name
        for how in systems.values():
            _, option, module, *arguments = how["run"].split()
            assert option == "-m"
            assert (ROOT / f"{module.replace('.', '/')}.py").is_file()
            known = STEPS if module == "scripts.azd_steps" else PROVIDERS
            assert set(arguments) <= set(known), name


def test_the_runtime_has_the_python_version_of_the_repository() -> None:
    (app,) = template("modules/app.bicep").resources("Microsoft.Web/sites").values()
    version = (ROOT / ".python-version").read_text().strip()
    runtime = app["properties"]["functionAppConfig"]["runtime"]
    assert runtime == {"name": "python", "version": ".".join(version.split(".")[:2])}


def test_app_roles_are_unique_and_for_users_and_applications() -> None:
    roles = json.loads((ROOT / "infra" / "entra" / "app-roles.json").read_text())
    assert [role["value"] for role in roles] == list(Role)
    assert len({role["id"] for role in roles}) == len(roles)
    assert all(role["allowedMemberTypes"] == ["User", "Application"] for role in roles)


def test_the_package_of_the_app_has_no_deployment_files() -> None:
    left_out = (ROOT / ".funcignore").read_text().split()
    assert {"infra", "tests", "scripts", ".git*", "azure.yaml"} <= set(left_out)
    assert not {"docs", "*.md"} & set(left_out)  # the app serves the documentation
    assert "constraints.txt" not in left_out  # requirements.txt refers to it
