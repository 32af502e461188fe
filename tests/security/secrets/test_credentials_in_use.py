"""No text, output, error or artefact repeats a credential of the connection."""

from __future__ import annotations

import asyncio
import base64
import json
from typing import Any
from urllib.parse import quote

import pytest

from polysync_core.api.jobs.streams import snapshot_events
from polysync_core.appkit.run_stream import RunStream
from polysync_core.domain.errors import PolysyncError
from polysync_core.domain.security.redaction import MARKER
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.credentials import CredentialsInUse, NotedSecrets
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.sign_in.authenticators import HeaderToken, VaultToken
from polysync_core.platforms.azure_databricks.client import RunClient
from polysync_core.platforms.azure_databricks.job import DatabricksJobConnector
from polysync_core.platforms.azure_databricks.job_discovery import JobDiscovery
from polysync_core.platforms.connector import Artefact, ArtefactSchema, JobConnector
from polysync_core.platforms.filtered_connector import FilteredConnector
from polysync_core.platforms.platform_client import HttpOptions, PlatformClient
from tests.fakes.appkit import FakeWorkspace, jobs_in
from tests.fakes.builders import NOON, a_job
from tests.fakes.http import Reply, ScriptedTransport, Step, VirtualTime
from tests.security.secrets.canaries import encoded

TOKEN = "dapi-canary-4711-token"
BASE64 = base64.b64encode(f"token:{TOKEN}".encode()).decode()
JOB = a_job(job_type="DatabricksWorkflow", external_id="42")


class Vault:
    def resolve(self, reference: str) -> Secret:
        return Secret(TOKEN)

    def forget(self, reference: str) -> None: ...


class Inner:
    """A connection to Databricks with a token from a vault."""

    def __init__(self, credentials: CredentialsInUse, *steps: Step) -> None:
        http = HttpOptions(
            transport=ScriptedTransport(steps),
            timer=VirtualTime().timer,
            credentials=credentials,
        )
        base = BaseAddress("https://adb-1.7.azuredatabricks.net", "adb-1", AddressScope.PUBLIC)
        secrets = NotedSecrets(Vault(), credentials)
        self.client = PlatformClient(base, HeaderToken(VaultToken("r", secrets)), http=http)

    def job(self, job_type: str) -> JobConnector:
        runs = RunClient(self.client, lambda: NOON)
        return DatabricksJobConnector(self.client, runs, JobDiscovery(self.client))

    def artefacts(self, **_: Any) -> Any:
        answer: Any = self.client.get("x", read=lambda answer: answer)
        schema = ArtefactSchema(parameters=(), notes=(str(answer["note"]),))
        yield Artefact(
            external_id="1", job_type="t", name="n", description=answer["said"], schema=schema
        )

    def test(self) -> str:
        return str(self.client.get("x", read=lambda answer: answer)["said"])


def connected(*steps: Step) -> FilteredConnector:
    credentials = CredentialsInUse()
    return FilteredConnector(Inner(credentials, *steps), credentials)


def a_databricks_run(**state: Any) -> Reply:
    run = {"run_id": 7, "job_id": 42, "state": {"life_cycle_state": "INTERNAL_ERROR", **state}}
    return Reply.json(run)


def test_a_report_repeats_no_credential_and_brings_them_for_the_outputs() -> None:
    said = f"Bearer {TOKEN} or {BASE64}"
    live = connected(a_databricks_run(result_state="FAILED", state_message=said))

    report = live.job("DatabricksWorkflow").read(JOB, "7")

    assert report.message is not None
    assert f"Bearer {MARKER}" in report.message
    assert BASE64 not in report.message
    assert report.credentials == (Secret(TOKEN),)
    assert TOKEN not in repr(report)


@pytest.mark.parametrize(
    "reply",
    [
        Reply(302, headers={"location": f"https://{TOKEN}.evil.example/"}),
        Reply.json({"message": f"Bearer {TOKEN}"}, status=403),
        Reply.json({"message": f"Bearer {TOKEN}"}, status=400),
        Reply.json({"message": f"Bearer {TOKEN}"}, status=503),
    ],
)
def test_an_error_repeats_no_credential(reply: Reply) -> None:
    with pytest.raises(PolysyncError) as caught:
        connected(reply).job("DatabricksWorkflow").read(JOB, "7")

    said = f"{caught.value} {caught.value.platform_message}"
    assert TOKEN not in said
    assert MARKER in said


def test_tests_and_artefacts_repeat_no_credential() -> None:
    answer = Reply.json({"said": f"Hello {TOKEN}", "note": BASE64})

    assert connected(answer).test() == f"Hello {MARKER}"
    (artefact,) = connected(answer).artefacts()
    assert artefact.description == f"Hello {MARKER}"
    assert artefact.schema is not None
    (note,) = artefact.schema.notes
    assert note.endswith(MARKER)
    assert BASE64[10:-10] not in note


def test_the_signature_of_a_url_is_a_credential() -> None:
    credentials = CredentialsInUse()
    credentials.note_query({"sp": "/triggers/manual/run", "sig": "AbCdEfGh", "n": 1})
    assert credentials.secrets == (Secret("AbCdEfGh"),)


def test_old_credentials_are_forgotten() -> None:
    credentials = CredentialsInUse()
    for number in range(100):
        credentials.note(Secret(f"token-{number}"))
    assert credentials.secrets[-1] == Secret("token-99")
    assert len(credentials.secrets) == 32


async def frames_of(stream: RunStream) -> str:
    return "".join([frame async for frame in snapshot_events(stream)])


@pytest.mark.parametrize("read", ["get_run", "list_runs", "last_run", "stream"])
def test_the_appkit_surface_repeats_no_credential(read: str) -> None:
    workspace = FakeWorkspace()
    jobs = jobs_in(workspace, variables={"DATABRICKS_TOKEN": TOKEN})
    job, forms = jobs("etl"), encoded(TOKEN)
    workspace.runs[77] = {
        "run_id": 77,
        "job_id": job.job_id,
        "run_page_url": f"https://adb-1.2.azuredatabricks.net/?o=1&token={quote(TOKEN)}",
        "tasks": [{"said": [f"Bearer {form}"], form: form} for form in forms],
    }

    said = {
        "get_run": lambda: str(job.get_run(77)),
        "list_runs": lambda: str(job.list_runs()),
        "last_run": lambda: str(job.last_run()),
        "stream": lambda: asyncio.run(frames_of(job.stream(lambda: 77))),
    }[read]()

    assert said.count(MARKER) >= 2 * len(forms)
    assert [form for form in forms if form in said or json.dumps(form)[1:-1] in said] == []


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("https://h/x?sv=1&sig=KEY", "https://h/x?sv=1"),
        ("https://h/x?code=KEY", "https://h/x"),
        ("see https://h/x?access_token=KEY and y", "see https://h/x and y"),
        ("https://h/x?region=DE", "https://h/x?region=DE"),
    ],
)
def test_an_address_in_an_output_of_any_platform_loses_its_key(value: str, kept: str) -> None:
    credentials = CredentialsInUse()
    run = {
        "run_id": 7,
        "state": {"life_cycle_state": "TERMINATED", "result_state": "SUCCESS"},
        "tasks": [{"task_key": "t", "run_id": 8}],
    }
    result = json.dumps({"link": value, "links": [{"a": value}]})
    inner = Inner(credentials, Reply.json(run), Reply.json({"notebook_output": {"result": result}}))
    job = JOB.model_copy(update={"settings": {"outputsFromExitValue": True}})

    report = FilteredConnector(inner, credentials).job("DatabricksJob").read(job, "7")

    assert report.outputs == {"link": kept, "links": [{"a": kept}]}
