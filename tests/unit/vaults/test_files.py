"""The vault whose secrets are the files of one folder."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.errors import Invalid, PlatformRefused, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.settings import SettingError, Settings
from polysync_core.vaults.files import SIZE_LIMIT, SecretFiles
from polysync_core.vaults.registry import check_vault, open_vault

STORAGE = {"POLYSYNC_STORAGE": "UseDevelopmentStorage=true"}


def a_vault(**changes: Any) -> Vault:
    return Vault.model_validate({"name": "local", "provider": "Files", **changes})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "outside").write_text("canary")
    folder = tmp_path / "secrets"
    folder.mkdir()
    (folder / "databricks-token").write_text("s3cret\n")
    return folder


@pytest.mark.parametrize("development", [True, False])
def test_a_secret_is_the_file_of_its_name(folder: Path, development: bool) -> None:
    opened = open_vault(a_vault(), development=development, secrets_folder=folder)

    assert opened.read("databricks-token").reveal() == "s3cret"
    assert opened.test()


@pytest.mark.parametrize(
    ("content", "secret"),
    [
        (b"a", "a"),
        (b"a\n", "a"),
        (b"a\r\n", "a"),
        (b"a\n\n", "a\n"),
        (b" a ", " a "),
        ("\u00e4".encode(), "\u00e4"),
        (b"x" * SIZE_LIMIT, "x" * SIZE_LIMIT),
    ],
)
def test_one_newline_at_the_end_is_removed(folder: Path, content: bytes, secret: str) -> None:
    (folder / "key.pem").write_bytes(content)
    assert SecretFiles(folder).read("key.pem").reveal() == secret


def test_a_changed_file_is_read_again(folder: Path) -> None:
    opened = SecretFiles(folder)
    opened.read("databricks-token")
    (folder / "databricks-token").write_text("new")

    assert opened.read("databricks-token").reveal() == "new"


def test_the_links_of_kubernetes_are_followed(folder: Path) -> None:
    (folder / "..2026").mkdir()
    (folder / "..2026" / "token").write_text("linked")
    (folder / "..data").symlink_to("..2026")
    (folder / "token").symlink_to("..data/token")

    assert SecretFiles(folder).read("token").reveal() == "linked"


@pytest.mark.parametrize(
    "name",
    ["missing", "../outside", "..", ".", "", "/etc/passwd", "a/b", ".hidden", "a\0b", "x" * 256],
)
def test_no_other_file_can_be_read(folder: Path, name: str) -> None:
    (folder / ".hidden").write_text("canary")
    (folder / "a").mkdir()
    (folder / "a" / "b").write_text("canary")
    with pytest.raises(PlatformRefused, match="has no file") as caught:
        SecretFiles(folder).read(name)

    assert caught.value.cause is FailureCause.SECRET


@pytest.mark.parametrize("target", ["../outside", "/etc/hostname", "/proc/self/environ"])
def test_a_link_never_leaves_the_folder(folder: Path, target: str) -> None:
    (folder / "link").symlink_to(target)
    with pytest.raises(PlatformRefused, match="is a link out of the folder of secrets"):
        SecretFiles(folder).read("link")


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe", b"x" * (SIZE_LIMIT + 1)])
def test_an_unusable_file_is_named_without_its_content(folder: Path, content: bytes) -> None:
    (folder / "odd").write_bytes(content)
    with pytest.raises(PlatformRefused, match="the file odd is"):
        SecretFiles(folder).read("odd")


def test_a_pipe_or_a_folder_does_not_block(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    (folder / "sub").mkdir()
    with pytest.raises(PlatformRefused, match="pipe is not a regular file"):
        SecretFiles(folder).read("pipe")
    with pytest.raises((PlatformRefused, Unavailable)):
        SecretFiles(folder).read("sub")


def test_without_the_setting_nothing_is_read() -> None:
    for call in (SecretFiles(None).test, lambda: SecretFiles(None).read("a")):
        with pytest.raises(PlatformRefused, match="set POLYSYNC_SECRETS_FOLDER"):
            call()


def test_a_missing_folder_is_found_by_the_test(tmp_path: Path) -> None:
    with pytest.raises(PlatformRefused, match="check POLYSYNC_SECRETS_FOLDER"):
        SecretFiles(tmp_path / "none").test()


def test_a_definition_cannot_name_a_folder() -> None:
    vault = a_vault(auth={"method": "Token"}, attributes={"folder": "/etc"})
    with pytest.raises(Invalid) as caught:
        check_vault(vault, development=False)

    assert {each.path for each in caught.value.problems} == {"auth", "attributes.folder"}


def test_the_folder_is_a_whole_path() -> None:
    folder = {"POLYSYNC_SECRETS_FOLDER": "/run/secrets"}
    assert Settings.read(STORAGE | folder).secrets_folder == Path("/run/secrets")
    assert Settings.read(STORAGE).secrets_folder is None
    with pytest.raises(SettingError, match="POLYSYNC_SECRETS_FOLDER is 'secrets'"):
        Settings.read(STORAGE | {"POLYSYNC_SECRETS_FOLDER": "secrets"})
