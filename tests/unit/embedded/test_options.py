"""The environment and the folder that the embedded host prepares."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from polysync_embedded.options import Options, StartRefused, prepare_environment, prepare_folder
from polysync_embedded.simulators import ports_beside


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without variables of the app."""
    for name in [name for name in os.environ if name.startswith("POLYSYNC_")]:
        monkeypatch.delenv(name)
    # A variable that the host sets is removed after the test.
    for name in ("STORAGE", "ENVIRONMENT", "PROMETHEUS", "ALLOW_LOOPBACK_PLATFORMS"):
        monkeypatch.setenv(f"POLYSYNC_{name}", "")
        monkeypatch.delenv(f"POLYSYNC_{name}")
    return monkeypatch


@pytest.mark.usefixtures("environment")
def test_without_settings_the_host_is_for_development(tmp_path: Path) -> None:
    prepare_environment(Options(data=tmp_path))

    assert os.environ["POLYSYNC_STORAGE"] == f"sqlite:{tmp_path}/polysync.db"
    assert os.environ["POLYSYNC_ENVIRONMENT"] == "development"
    assert os.environ["POLYSYNC_ALLOW_LOOPBACK_PLATFORMS"] == "true"


def test_a_setting_of_the_user_has_priority(
    environment: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    environment.setenv("POLYSYNC_ENVIRONMENT", "production")
    environment.setenv("POLYSYNC_PROMETHEUS", "false")
    prepare_environment(Options(data=tmp_path))

    assert os.environ["POLYSYNC_PROMETHEUS"] == "false"
    assert "POLYSYNC_ALLOW_LOOPBACK_PLATFORMS" not in os.environ


@pytest.mark.parametrize("name", ["POLYSYNC_STORAGE", "POLYSYNC_STORAGE__accountName"])
def test_another_storage_is_refused(
    environment: pytest.MonkeyPatch, tmp_path: Path, name: str
) -> None:
    environment.setenv(name, "x")

    with pytest.raises(StartRefused, match=f"unset {name}"):
        prepare_environment(Options(data=tmp_path))


def test_version_control_ignores_the_default_folder_only(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    prepare_folder(Options())
    prepare_folder(Options(data=Path("mine")))

    assert Path(".polysync/.gitignore").read_text() == "*\n"
    assert [*Path("mine").iterdir()] == []


@pytest.mark.parametrize(("port", "databricks"), [(7071, 8787), (7171, 8887), (0, 8787)])
def test_the_simulators_of_another_host_have_other_ports(port: int, databricks: int) -> None:
    assert ports_beside(port)["databricks"] == databricks
