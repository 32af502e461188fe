"""`polysync backup`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polysync_core.storage.rows import Row
from polysync_core.storage.sqlite.database import FILE_NAME, Database
from polysync_core.storage.sqlite.tables import SqliteTables
from tests.unit.cli.conftest import Invoke


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    tables = SqliteTables(Database(folder / FILE_NAME))
    tables.table("t").insert(Row("p", "k", {"n": 1}))
    tables.close()
    return folder


def test_the_backup_can_be_opened(polysync: Invoke, data: Path, tmp_path: Path) -> None:
    target = tmp_path / "copy.db"

    result = polysync("backup", str(target), "--data", str(data))

    assert result.exit_code == 0
    assert f"Written to {target} (" in result.stderr.replace("\n", " ")
    copy = SqliteTables(Database(target))
    assert copy.table("t").get("p", "k") is not None
    copy.close()


def test_the_answer_as_json_names_the_file_and_its_size(
    polysync: Invoke, data: Path, tmp_path: Path
) -> None:
    target = tmp_path / "copy.db"

    result = polysync("backup", str(target), "--data", str(data), "--json")

    answer = json.loads(result.stdout)
    assert answer == {"file": str(target), "bytes": target.stat().st_size}


def test_a_folder_without_data_is_one_sentence(polysync: Invoke, tmp_path: Path) -> None:
    result = polysync("backup", str(tmp_path / "copy.db"), "--data", str(tmp_path / "absent"))

    assert result.exit_code == 1
    assert "does not exist: name the data folder of the host." in result.stderr.replace("\n", " ")
