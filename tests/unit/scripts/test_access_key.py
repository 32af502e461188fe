"""The access key script creates valid keys and entries."""

from __future__ import annotations

import pytest

from polysync_core.domain.security.access_keys import holder_of, read_access_keys
from scripts.access_key import main


def test_the_entry_matches_the_key(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["nightly-ci", "Polysync.Operator"]) == 0
    key, entry = (line.split()[-1] for line in capsys.readouterr().out.splitlines())
    holder = holder_of(key, read_access_keys(entry))
    assert holder is not None
    assert (holder.name, holder.role) == ("nightly-ci", "Polysync.Operator")


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        pytest.param(["Nightly CI", "Polysync.Operator"], "name: 'Nightly CI'", id="a name"),
        pytest.param(["ci", "Operator"], "role: invalid choice: 'Operator'", id="a role"),
    ],
)
def test_arguments_that_the_app_would_reject_are_rejected(
    arguments: list[str], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert reason in capsys.readouterr().err
