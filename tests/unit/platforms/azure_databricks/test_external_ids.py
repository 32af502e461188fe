"""The paths of a workspace that a Job may have as its external id."""

from __future__ import annotations

import pytest

from polysync_core.domain.errors import Invalid
from polysync_core.platforms.registry import check_job
from tests.unit.platforms.azure_databricks.definitions import a_job, a_platform


@pytest.mark.parametrize(
    "external_id",
    [
        "/etl/load",
        "/Users/someone@example.com/My notebook (2)",
        "/Repos/søren/Umsätze/日本語",
        "/a" * 512,
        "/100%/x",
        "/100%DE",
        "/etl?x=1",
        "/etl#x",
        "/Shared/Relatório nº 5",
        "/1ª carga/m²",
        "/売上\uff08月次\uff09/第１四半期",
        "/売上\uff0f費用",
        "/\uff45tl",
        "/a\u00a0b",
        "/\U0001f469\u200d\U0001f4bb/x",
    ],
)
def test_a_workspace_path_is_an_external_id(external_id: str) -> None:
    check_job(a_platform(), a_job(external_id=external_id))


@pytest.mark.parametrize(
    "external_id",
    [
        "etl/load",
        "/",
        "/etl/",
        "//etl",
        "/etl//load",
        "/etl/../admin",
        "/etl/./load",
        "/etl/ .. /x",
        "/etl%2fload",
        "/etl/%2E%2e/x",
        "/etl\\load",
        "/etl/%252e%252e/x",
        "/etl/%5Cx",
        "/etl\nload",
        "/etl\x00",
        "/etl/\uff0e\uff0e/x",
        "/etl\u200b/load",
        "/\u202eetl",
        "/" + "x" * 1022 + "/",
    ],
    ids=ascii,
)
def test_any_other_text_is_not_an_external_id(external_id: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_job(a_platform(), a_job(external_id=external_id))

    assert [problem.path for problem in caught.value.problems] == ["externalId"]
