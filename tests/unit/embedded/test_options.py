"""The environment and the data folder of the host on one machine."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest

from polysync_core.settings import STORAGE
from polysync_core.storage.sqlite.backup import back_up
from polysync_core.storage.sqlite.database import Database
from polysync_embedded.options import Options, StartRefused, prepare_environment, prepare_folder


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture(autouse=True)
def wide_umask() -> Iterator[None]:
    """Let every new file be readable for all users, unless the code forbids it."""
    before = os.umask(0)
    yield
    os.umask(before)


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (
        STORAGE,
        "POLYSYNC_ENVIRONMENT",
        "POLYSYNC_PROMETHEUS",
        "POLYSYNC_ALLOW_LOOPBACK_PLATFORMS",
        "POLYSYNC_SECRETS_FOLDER",
    ):
        # Setting first lets the fixture restore what the host sets.
        monkeypatch.setenv(name, "x")
        monkeypatch.delenv(name)


def test_metrics_are_on_unless_the_user_has_turned_them_off(
    variables: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    prepare_environment(Options(data=tmp_path), "development", {})
    assert os.environ["POLYSYNC_PROMETHEUS"] == "true"

    monkeypatch.setenv("POLYSYNC_PROMETHEUS", "false")
    prepare_environment(Options(data=tmp_path), "development", {})
    assert os.environ["POLYSYNC_PROMETHEUS"] == "false"


@pytest.mark.parametrize("before", ["", "development"])
def test_the_decided_environment_applies(
    variables: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, before: str
) -> None:
    monkeypatch.setenv("POLYSYNC_ENVIRONMENT", before)
    prepare_environment(Options(data=tmp_path), "production", {})

    assert os.environ["POLYSYNC_ENVIRONMENT"] == "production"
    assert "POLYSYNC_ALLOW_LOOPBACK_PLATFORMS" not in os.environ


def test_the_folder_and_its_files_are_for_their_owner_only(tmp_path: Path) -> None:
    options = Options(data=tmp_path / "new" / "data")
    prepare_folder(options)
    database = Database(options.database)
    with database.transaction() as writer:
        writer.execute("PRAGMA user_version")

    files = sorted(each.name for each in options.data.iterdir())
    assert mode_of(options.data) == 0o700
    assert files == ["polysync.db", "polysync.db-shm", "polysync.db-wal", "polysync.db.lock"]
    assert {mode_of(each) for each in options.data.iterdir()} == {0o600}
    database.close()


def test_a_file_of_an_earlier_release_becomes_private(tmp_path: Path) -> None:
    path = tmp_path / "polysync.db"
    Database(path).close()
    path.chmod(0o644)

    Database(path).close()
    assert mode_of(path) == 0o600


def test_the_default_folder_becomes_private(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".polysync").mkdir(mode=0o755)
    prepare_folder(Options())

    assert mode_of(tmp_path / ".polysync") == 0o700


def test_a_folder_that_the_user_has_created_keeps_its_permissions(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    prepare_folder(Options(data=tmp_path))

    assert mode_of(tmp_path) == 0o755


def test_a_backup_is_for_its_owner_only(tmp_path: Path) -> None:
    Database(tmp_path / "polysync.db").close()
    back_up(tmp_path / "polysync.db", tmp_path / "copy.db")

    assert mode_of(tmp_path / "copy.db") == 0o600


def test_the_file_of_another_user_is_one_clear_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    Database(tmp_path / "polysync.db").close()
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    with pytest.raises(StartRefused) as refusal:
        prepare_folder(Options(data=tmp_path))

    assert f"{tmp_path} belongs to another user (" in str(refusal.value)
    assert str(refusal.value).endswith("as this user, or choose another folder with --data.")


def test_a_shared_folder_of_another_user_may_be_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    prepare_folder(Options(data=tmp_path))

    assert not (tmp_path / "polysync.db").exists()


def test_a_folder_of_another_user_that_cannot_be_written_is_one_clear_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: tmp_path.stat().st_uid + 1)
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(StartRefused, match="belongs to another user"):
        prepare_folder(Options(data=tmp_path))


def test_the_credentials_of_systemd_are_the_folder_of_secrets(
    variables: None, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = {"CREDENTIALS_DIRECTORY": "/run/credentials/polysync.service"}
    prepare_environment(Options(data=tmp_path), "production", given)
    assert os.environ["POLYSYNC_SECRETS_FOLDER"] == "/run/credentials/polysync.service"

    monkeypatch.setenv("POLYSYNC_SECRETS_FOLDER", "/run/secrets")
    prepare_environment(Options(data=tmp_path), "production", given)
    assert os.environ["POLYSYNC_SECRETS_FOLDER"] == "/run/secrets"
