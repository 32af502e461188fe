"""Tests of access keys: the stored form, rotation, and invalid lists."""

from __future__ import annotations

import re
from hashlib import sha256

import pytest

from polysync_core.domain.security.access_keys import (
    AccessKey,
    BadAccessKeys,
    holder_of,
    new_access_key,
    read_access_keys,
)
from polysync_core.domain.security.roles import Role

ONE, TWO, THREE = (sha256(text).hexdigest() for text in (b"1", b"2", b"3"))
READER, OPERATOR = Role.READER, Role.OPERATOR


def test_the_stored_form_of_a_key_does_not_reveal_the_key() -> None:
    key, kept = new_access_key("nightly", OPERATOR)

    assert re.fullmatch(r"polysync_[A-Za-z0-9_-]{43}", key)
    assert str(kept) == f"nightly:Polysync.Operator:{sha256(key.encode()).hexdigest()}"
    assert kept.digest not in repr(kept)


def test_new_keys_are_unique() -> None:
    assert len({new_access_key("nightly", OPERATOR)[0] for _ in range(100)}) == 100


def test_a_key_is_recognised_by_its_stored_form() -> None:
    made = [new_access_key(name, OPERATOR) for name in ("a", "b", "c")]
    listed = read_access_keys(", ".join(str(kept) for _, kept in made))

    assert [holder_of(key, listed) for key, _ in made] == list(listed)
    assert holder_of(new_access_key("a", OPERATOR)[0], listed) is None


def test_two_keys_of_one_name_are_valid_during_a_rotation() -> None:
    """The machine gets the new key first; then the old key is removed from the list."""
    (old, kept), (new, also) = (new_access_key("ci", OPERATOR) for _ in range(2))
    both = read_access_keys(f"{kept},{also}")
    after = read_access_keys(str(also))

    assert [holder_of(each, both) for each in (old, new)] == [kept, also]
    assert [holder_of(each, after) for each in (old, new)] == [None, also]


def test_a_text_of_another_form_is_refused_even_if_its_hash_is_listed() -> None:
    word = AccessKey(name="ci", role=OPERATOR, digest=sha256(b"summer2026").hexdigest())

    assert holder_of("summer2026", [word]) is None


@pytest.mark.parametrize("text", ["", " "])
def test_an_empty_list_has_no_keys(text: str) -> None:
    assert read_access_keys(text) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        pytest.param(f"ci:{ONE}", "entry 1 must be name:role:sha256", id="no role"),
        pytest.param(
            f"a:{READER}:{ONE},", "entry 2 must be name:role:sha256", id="a comma at the end"
        ),
        pytest.param(f"My CI:{READER}:{ONE}", "entry 1 has no name of", id="a name with spaces"),
        pytest.param(f":{READER}:{ONE}", "entry 1 has no name of", id="no name"),
        pytest.param(f"ci:Operator:{ONE}", "the role of ci must be one of Polysync.R", id="a role"),
        pytest.param(f"ci:{READER}:{ONE.upper()}", "ci must have the SHA-256", id="upper case"),
        pytest.param(f"ci:{READER}:", "ci must have the SHA-256", id="no hash"),
        pytest.param(
            f"ci:{READER}:{ONE},ci:{READER}:{TWO},ci:{READER}:{THREE}",
            "ci has more than 2 keys",
            id="three keys of one name",
        ),
        pytest.param(
            f"ci:{READER}:{ONE},ci:{OPERATOR}:{TWO}",
            "the keys of ci contradict each other",
            id="two roles",
        ),
        pytest.param(
            f"a:{READER}:{ONE},b:{READER}:{ONE}",
            "a and b have the same key",
            id="one key for two machines",
        ),
    ],
)
def test_an_invalid_list_is_refused(text: str, message: str) -> None:
    with pytest.raises(BadAccessKeys, match=re.escape(message)):
        read_access_keys(text)


def test_a_key_instead_of_its_hash_is_refused_and_not_repeated() -> None:
    key, kept = new_access_key("ci", OPERATOR)

    for text in (f"ci:{OPERATOR}:{key}", key, f"{key}:{OPERATOR}:{kept.digest}", f"ci:{key}:x"):
        with pytest.raises(BadAccessKeys) as refused:
            read_access_keys(text)
        assert key not in str(refused.value)
