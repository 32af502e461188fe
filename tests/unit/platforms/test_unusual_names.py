"""Legal but unusual names of artefacts are accepted, sent encoded and come back unchanged."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from polysync_core.domain.definitions.jobs import Job, hidden_character
from polysync_core.platforms.connector import SubmitRequest
from tests.fakes.builders import NOON
from tests.unit.platforms.azure_data_pipelines.stand import Stand
from tests.unit.platforms.azure_databricks.workspace import Workspace

ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"
NAMES = {
    "ordinals": "Relat\u00f3rio n\u00ba 5, 1\u00aa carga, m\u00b2",
    "full-width": "\u7b2c\uff11\u56db\u534a\u671f\uff08\u6708\u6b21\uff09",
    "a no-break space": "a\u00a0b",
    "an ideographic space": "a\u3000b",
    "a joined emoji": "load \U0001f469\u200d\U0001f469\u200d\U0001f467",
    "the flag of a region": f"load {ENGLAND}",
    "decomposed accents": "e\u0301te\u0301",
    "a space at the end": "load ",
    "a no-break space at the end": "load\u00a0",
    "a joiner of Persian": "\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645",
    "signs of a query": "a;b=c,d~e!f(g)'h'@i$",
}
OF_NOTEBOOKS = {
    "a question mark": "what?",
    "a number sign": "C#",
    "a percent sign": "100%DE",
    "an ampersand": "a&b",
    "a plus sign": "a+b",
    "a colon and a bar": "a:b|c",
    "something encoded": "%41",
    "an emoji first": "\U0001f600 load",
    "spaces at both ends": " load ",
}


@pytest.mark.parametrize(
    "name", [*NAMES.values(), *OF_NOTEBOOKS.values()], ids=[*NAMES, *OF_NOTEBOOKS]
)
def test_a_notebook_of_any_name_is_found_described_and_run(name: str) -> None:
    path = f"/Shared/{name}/{name}"
    asked: list[str] = []

    def listed(query: dict[str, str]) -> Any:
        asked.append(query["path"])
        entries = {
            "/Shared": [{"object_type": "DIRECTORY", "path": f"/Shared/{name}"}],
            f"/Shared/{name}": [{"object_type": "NOTEBOOK", "path": path}],
        }
        return {"objects": entries[query["path"]]}

    def exported(query: dict[str, str]) -> Any:
        asked.append(query["path"])
        return {"content": "", "file_type": "PYTHON"}

    workspace = Workspace(
        workspace__list=listed, workspace__export=exported, runs__submit={"run_id": 1}
    )
    connector = workspace.connect(defaultNotebookPath="/Shared")

    (found,) = connector.artefacts(job_type="DatabricksNotebook")
    job = Job(name="j", platform="p", job_type="DatabricksNotebook", external_id=found.external_id)
    connector.job("DatabricksNotebook").describe(job.external_id)
    request = SubmitRequest(job=job, token="t", run_name="n", parameters={}, begun_at=NOON)
    assert connector.job("DatabricksNotebook").submit(request).external_run_id == "1"

    assert (found.external_id, found.problem) == (path, None)
    assert asked[-1] == path


@pytest.mark.parametrize("kind", ["AzureDataFactory", "AzureSynapse"])
@pytest.mark.parametrize("name", NAMES.values(), ids=[*NAMES])
def test_a_pipeline_of_any_legal_name_is_found_and_run(name: str, kind: str) -> None:
    stand = Stand({"value": [{"name": name, "properties": {}}]}, {"runId": "r-1"}, kind=kind)
    (found,) = stand.connector.artefacts()
    job = Job(name="j", platform="p", job_type=found.job_type, external_id=found.external_id)

    assert stand.job.submit(stand.order(job=job)).external_run_id == "r-1"

    assert (found.external_id, found.problem) == (name, None)
    path = urlsplit(str(stand.transport.requests[-1].url)).path
    assert path.isascii()
    assert unquote(path.split("/")[-2]) == name


def test_a_name_of_a_pipeline_is_a_value_of_the_query_for_its_runs() -> None:
    stand = Stand({"value": []})
    name = NAMES["ordinals"]
    job = Job(name="j", platform="p", job_type="ADFPipeline", external_id=name)
    assert list(stand.job.runs(job)) == []
    body = json.loads(stand.transport.requests[-1].body or "")
    assert body["filters"][0]["values"] == [name]
    assert "api-version" in parse_qs(urlsplit(str(stand.transport.requests[-1].url)).query)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param("a\u202eb", id="a mark of direction"),
        pytest.param("a\u200bb", id="a zero-width space"),
        pytest.param("a\u0000b", id="a control character"),
        pytest.param("a\u3164b", id="an invisible letter"),
        pytest.param("a\U000e0067\U000e007f", id="tags without a flag"),
        pytest.param("\U0001f3f4\U000e0067", id="an unfinished flag"),
        pytest.param("a\ufffeb", id="no character"),
    ],
)
def test_an_invisible_character_is_named(name: str) -> None:
    assert (hidden_character(name) or "").startswith("the control or invisible character U+")
    with pytest.raises(ValueError, match="control or invisible"):
        Job(name="j", platform="p", job_type="DatabricksNotebook", external_id=f"/a/{name}")


@pytest.mark.parametrize("name", [" ", "\u00a0\u3000"])
def test_a_name_of_spaces_only_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="other than a space"):
        Job(name="j", platform="p", job_type="ADFPipeline", external_id=name)
