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


@pytest.mark.parametrize("arguments", [["Netherite"], ["AzureStorage", "more"]])
def test_an_unknown_backend_is_refused(
    file: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = file.read_bytes()

    assert main(arguments, {}, file) == 2

    assert "AzureStorage, DurableTaskScheduler" in capsys.readouterr().err
    assert file.read_bytes() == before
