"""Platform types: Polysync's own, and those of installed packages."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from polysync_core.domain.definitions.document import write_definition
from polysync_core.domain.definitions.jobs import DataType, Job, Parameter
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import Invalid
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms import registry
from polysync_core.platforms.connector import ProviderStatus, SubmitRequest
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.registry import (
    check_job,
    check_platform,
    platform_plugin,
    platform_types,
)
from tests.fakes.builders import NOON
from tests.fakes.http import Reply, ScriptedTransport

HOWTO = Path(__file__).parents[3] / "docs/howto/add-a-job-type.md"

ACME_AUTH = {"method": "AcmeKey", "accountId": "42", "signingKey": "vault://v/t"}

type Install = Callable[..., None]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Install distributions the way pip leaves them: modules, and metadata beside them."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(package: str, source: str, offers: str) -> None:
        (tmp_path / f"{package}.py").write_text(source, encoding="utf-8")
        metadata = tmp_path / f"{package}-1.0.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n", encoding="utf-8"
        )
        (metadata / "entry_points.txt").write_text(
            f"[polysync.platforms]\n{offers}\n", encoding="utf-8"
        )

    registry.platform_plugin.cache_clear()
    yield install
    registry.platform_plugin.cache_clear()


def a_platform(**changes: Any) -> Platform:
    fields = {"name": "p", "type": "AcmeBatch", "auth": ACME_AUTH, **changes}
    return Platform.model_validate(fields)


def refused(action: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(Invalid) as caught:
        action()
    (problem,) = caught.value.problems
    return problem.path, problem.message


def test_an_unknown_platform_type_is_refused_with_the_known_names() -> None:
    path, message = refused(
        lambda: check_platform(a_platform(type="AzureDatabrick"), allow_loopback=False)
    )

    assert path == "type"
    assert "did you mean 'AzureDatabricks'?" in message


def test_the_app_signs_in_with_its_own_identity_by_default() -> None:
    attributes = {
        "subscriptionId": "0b1f6471-1bf0-4dda-aec3-111122223333",
        "resourceGroupName": "rg-data",
        "factoryName": "adf-sales",
    }
    raw = {"name": "p", "type": "AzureDataFactory", "attributes": attributes}
    platform = Platform.model_validate(raw)

    check_platform(platform, allow_loopback=False)

    assert platform.auth.method == "ManagedIdentity"
    assert "auth" not in write_definition(platform)


def test_a_platform_outside_azure_must_name_its_sign_in_method() -> None:
    attributes = {"projectId": "acme-data-1", "region": "europe-west3"}
    raw = {"name": "p", "type": "GoogleCloudFunctions", "attributes": attributes}
    platform = Platform.model_validate(raw)

    path, message = refused(lambda: check_platform(platform, allow_loopback=False))

    assert path == "auth.method"
    assert "ApplicationDefault" in message


def test_a_job_on_a_platform_without_its_package_is_refused_at_its_platform() -> None:
    job = Job(name="j", platform="p", job_type="AcmeBatchJob", external_id="x")

    path, message = refused(lambda: check_job(a_platform(), job))

    assert path == "platform"
    assert "must be one of AzureDatabricks" in message


def test_a_package_that_cannot_be_loaded_is_named_and_its_error_stays_in_the_log(
    install: Install, caplog: pytest.LogCaptureFixture
) -> None:
    install("acme_broken", "raise RuntimeError('hunter2')", "AcmeBatch = acme_broken:PLUGIN")

    path, message = refused(lambda: check_platform(a_platform(), allow_loopback=False))

    assert path == "type"
    assert message.startswith("package 'acme_broken' offers it and cannot be loaded")
    assert "hunter2" in caplog.text


def test_an_object_that_is_not_a_plugin_is_refused(install: Install) -> None:
    install("acme_odd", "PLUGIN = 7", "AcmeBatch = acme_odd:PLUGIN")

    assert "cannot be loaded" in refused(lambda: platform_plugin("AcmeBatch"))[1]


def test_two_packages_that_offer_one_name_are_both_refused(install: Install) -> None:
    install("acme_one", "", "AcmeBatch = acme_one:PLUGIN")
    install("acme_two", "", "AcmeBatch = acme_two:PLUGIN")

    assert "acme_one and acme_two" in refused(lambda: platform_plugin("AcmeBatch"))[1]


def test_a_package_cannot_replace_one_of_polysyncs_own_platforms(install: Install) -> None:
    install("acme_thief", "raise AssertionError", "AzureDatabricks = acme_thief:PLUGIN")

    assert platform_plugin("AzureDatabricks").name == "AzureDatabricks"
    assert platform_types().count("AzureDatabricks") == 1


def example_of(howto: str) -> str:
    """Return the Python code of the how-to, which is one module in parts."""
    parts = [part.partition("```")[0] for part in howto.split("```python\n")[1:]]
    return "\n".join(parts)


def test_the_package_of_the_how_to_works(install: Install) -> None:
    howto = HOWTO.read_text(encoding="utf-8")
    install("acme_polysync", example_of(howto), "AcmeBatch = acme_polysync:PLUGIN")
    platform = a_platform(
        attributes={"serviceUrl": "https://eu.batch.acme.example"},
    )
    job = Job(name="j", platform="p", job_type="AcmeBatchJob", external_id="nightly")

    check_platform(platform, allow_loopback=False)
    check_job(platform, job)
    assert "AcmeBatch" in platform_types()
    assert (
        refused(lambda: check_job(platform, job.model_copy(update={"external_id": "a/../b"})))[0]
        == "externalId"
    )
    assert (
        refused(
            lambda: check_platform(
                platform.model_copy(update={"attributes": {"serviceUrl": "https://evil.example"}}),
                allow_loopback=False,
            )
        )[0]
        == "attributes.serviceUrl"
    )


def test_the_job_type_of_the_how_to_runs(install: Install) -> None:
    install(
        "acme_polysync", example_of(HOWTO.read_text("utf-8")), "AcmeBatch = acme_polysync:PLUGIN"
    )
    transport = ScriptedTransport(
        [
            Reply.json({"id": "r-1"}),
            Reply.json({"state": "strange"}),
            Reply.json({"state": "Done", "outputs": {"rows": 7}}),
            Reply.json({}),
            Reply.json({"jobs": ["nightly"], "next": "2"}),
            Reply.json({"jobs": ["hourly"]}),
        ]
    )
    platform = a_platform(
        attributes={"serviceUrl": "https://eu.batch.acme.example"},
    )
    job = Job(
        name="j",
        platform="p",
        job_type="AcmeBatchJob",
        external_id="nightly",
        parameters=(Parameter(name="rows", data_type=DataType.INT),),
    )
    order = SubmitRequest(job=job, token="t1", run_name="n", parameters={"rows": 3}, begun_at=NOON)

    live = platform_plugin("AcmeBatch").open(
        platform, PluginContext(secrets=OneSecret(), http=HttpOptions(transport=transport))
    )
    acme = live.job("AcmeBatchJob")

    assert acme.submit(order).external_run_id == "r-1"
    assert transport.requests[0].body == b'{"key":"t1","inputs":{"rows":3}}'
    assert acme.read(job, "r-1").status is ProviderStatus.UNKNOWN
    assert acme.read(job, "r-1").outputs == {"rows": 7}
    acme.cancel(job, "r-1")
    assert [found.name for found in live.artefacts()] == ["nightly", "hourly"]
    assert "which takes AcmeBatchJob" in refused(lambda: live.job("Other"))[1]


class OneSecret:
    def resolve(self, reference: str) -> Secret:
        return Secret("a-token")

    def forget(self, reference: str) -> None: ...


@pytest.mark.slow
def test_no_platform_is_imported_before_it_is_used() -> None:
    script = (
        "import pkgutil, sys, polysync_core.composition, polysync_core.platforms as platforms\n"
        "every = {each.name for each in pkgutil.iter_modules(platforms.__path__) if each.ispkg}\n"
        "def loaded(): return {f'{platforms.__name__}.{each}' for each in every} & {*sys.modules}\n"
        "assert len(every) > 7 and not loaded(), loaded()\n"
        "slow = {'azure.identity', 'google.auth', 'msal'} & {*sys.modules}\n"
        "assert not slow, slow\n"
        "platforms.registry.platform_plugin('GoogleCloudFunctions')\n"
        "assert 'polysync_core.platforms.google_functions' in loaded()\n"
        "assert not [each for each in loaded() if '.azure' in each]\n"
    )
    subprocess.run([sys.executable, "-c", script], check=True, timeout=60)


def test_many_unknown_types_read_the_installed_packages_once(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.syspath_prepend(str(tmp_path))
    reads: list[str] = []

    def entry_points(*, group: str) -> tuple[()]:
        reads.append(group)
        return ()

    monkeypatch.setattr("polysync_core.outbound.plugins.entry_points", entry_points)
    for number in range(3):
        with pytest.raises(Invalid):
            platform_plugin(f"Nonsense{number}")

    assert len(reads) == 1
