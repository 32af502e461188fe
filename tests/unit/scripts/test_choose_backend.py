"""The storage provider in host.json, which the package must name."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from scripts.choose_backend import HOST_FILE, main


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return Path(shutil.copy(HOST_FILE, tmp_path))


def test_the_scheduler_is_written_and_the_default_restored_byte_by_byte(file: Path) -> None:
    before = file.read_bytes()

    assert main([], {"POLYSYNC_BACKEND": "DurableTaskScheduler"}, file) == 0
    document = json.loads(file.read_text())
    assert document["extensions"]["durableTask"].pop("storageProvider") == {
        "type": "azureManaged",
        "connectionStringName": "DURABLE_TASK_SCHEDULER_CONNECTION_STRING",
    }
    original = json.loads(before)
    original["extensions"]["durableTask"].pop("storageProvider")
    assert document == original

    assert main(["AzureStorage"], {"POLYSYNC_BACKEND": "DurableTaskScheduler"}, file) == 0
    assert file.read_bytes() == before


def test_without_a_setting_the_committed_file_is_right(file: Path) -> None:
    before = file.read_bytes()

    assert main([], {}, file) == 0

    assert file.read_bytes() == before


def test_an_unknown_backend_is_refused(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = file.read_bytes()

    assert main(["Netherite"], {}, file) == 2

    assert "AzureStorage, DurableTaskScheduler" in capsys.readouterr().err
    assert file.read_bytes() == before


def partitions(file: Path) -> object:
    document = json.loads(file.read_text())
    return document["extensions"]["durableTask"]["storageProvider"].get("partitionCount")


def test_the_number_of_partitions_is_written_and_the_default_restored(file: Path) -> None:
    before = file.read_bytes()

    assert main([], {"POLYSYNC_PARTITION_COUNT": "16"}, file) == 0
    assert partitions(file) == 16
    assert main(["AzureStorage", "1"], {}, file) == 0
    assert partitions(file) == 1
    assert main(["AzureStorage"], {"POLYSYNC_PARTITION_COUNT": "16"}, file) == 0
    assert file.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["AzureStorage", "0"], "1 to 16"),
        (["AzureStorage", "17"], "1 to 16"),
        (["AzureStorage", "four"], "1 to 16"),
        (["AzureStorage", "٤"], "1 to 16"),
        (["DurableTaskScheduler", "4"], "has no partitions"),
        (["AzureStorage", "4", "4"], "must be one of"),
    ],
)
def test_a_wrong_number_of_partitions_is_refused(
    file: Path, arguments: list[str], problem: str, capsys: pytest.CaptureFixture[str]
) -> None:
    before = file.read_bytes()

    assert main(arguments, {}, file) == 2

    assert problem in capsys.readouterr().err
    assert file.read_bytes() == before
