"""The command for access keys creates valid keys and entries."""

from __future__ import annotations

import pytest
from typer.testing import CliRunner

from polysync_core.cli.commands.host.access_key import KeyRole
from polysync_core.cli.main import app
from polysync_core.domain.security.access_keys import holder_of, read_access_keys
from polysync_core.domain.security.roles import Role


@pytest.mark.parametrize("role", Role)
def test_the_entry_matches_the_key(role: Role) -> None:
    answer = CliRunner().invoke(app, ["access-key", "nightly-ci", role.value])

    assert answer.exit_code == 0
    key, entry = (line.split()[-1] for line in answer.stdout.splitlines())
    holder = holder_of(key, read_access_keys(entry))
    assert holder is not None
    assert (holder.name, holder.role) == ("nightly-ci", role)


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        pytest.param(["Nightly CI", "Polysync.Operator"], "'Nightly CI' must have", id="a name"),
        pytest.param(["ci", "Operator"], "'Operator' is not one of", id="a role"),
        pytest.param(["ci"], "Missing argument", id="no role"),
    ],
)
def test_arguments_that_the_app_would_reject_are_rejected(
    arguments: list[str], reason: str
) -> None:
    answer = CliRunner().invoke(app, ["access-key", *arguments])

    assert answer.exit_code == 2
    assert reason in " ".join(answer.stderr.split())


def test_the_roles_are_those_of_the_app() -> None:
    assert [each.value for each in KeyRole] == [each.value for each in Role]
