"""YAML and JSON texts to plain values."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.errors import Invalid, Malformed, TooLarge
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.strict_documents import FORBIDDEN_KEYS, read_json, read_yaml, write_yaml

TEXTS = st.text(max_size=12).filter(
    lambda text: text not in FORBIDDEN_KEYS and not any(0xD800 <= ord(c) < 0xE000 for c in text)
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**20), 10**20)
    | st.floats(allow_nan=False, allow_infinity=False)
    | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("2026-01-01", "2026-01-01", id="a date stays text"),
        pytest.param("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", id="a time stays text"),
        pytest.param("1:30", "1:30", id="no numbers to the base of sixty"),
        pytest.param("no", "no", id="Norway is a country"),
        pytest.param("on", "on", id="on is a word"),
        pytest.param("0777", "0777", id="no octal numbers"),
        pytest.param("true", True, id="true"),
        pytest.param("~", None, id="nothing"),
        pytest.param("-7", -7, id="a whole number"),
        pytest.param("1.5e+3", 1500.0, id="a number"),
        pytest.param("'1.5'", "1.5", id="a number in quotes"),
        pytest.param("|\n  a\n  b\n", "a\nb\n", id="a block of text"),
        pytest.param("!!str 7", "7", id="a number tagged as text"),
        pytest.param('{"a": [1, null]}', {"a": [1, None]}, id="JSON"),
        pytest.param("\ufeff1", 1, id="a byte order mark"),
    ],
)
def test_scalars_are_what_they_look_like(text: str, expected: JsonValue) -> None:
    found = read_yaml(text.encode())
    assert (found, type(found)) == (expected, type(expected))


def test_an_alias_repeats_its_anchor() -> None:
    assert read_yaml(b"a: &x {b: [1]}\nc: *x\nd: [*x, *x]") == {
        "a": {"b": [1]},
        "c": {"b": [1]},
        "d": [{"b": [1]}, {"b": [1]}],
    }


BOMB = b"a: &a [x,x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 10)) for n in range(9)
)


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        pytest.param(b"a: [", "not YAML: line", id="broken YAML"),
        pytest.param(b'{"a": ', "not YAML: line", id="broken JSON"),
        pytest.param(
            b"a: 1\na: 2", "line 2, column 1: the key 'a' is there twice", id="a key twice"
        ),
        pytest.param(b'{"a":1,"a":2}', "the key 'a' is there twice", id="a JSON key twice"),
        pytest.param(b"? [a]\n: 1", "a key must be text", id="a list as a key"),
        pytest.param(b"a: !!python/object:os.system x", "tags such as", id="a Python object"),
        pytest.param(b"a: !!timestamp 2026-01-01", "tags such as", id="a tagged date"),
        pytest.param(b"[" * 5000, "nested deeper", id="lists without bottom"),
        pytest.param(b'{"a":' * 5000, "nested deeper", id="objects without bottom"),
        pytest.param(
            b'{"a":' * 5000 + b"1" + b"}" * 5000, "nested deeper", id="well-formed, too deep"
        ),
        pytest.param(b"a: &a [*a]", "no complete", id="an alias to itself"),
        pytest.param(BOMB, "aliases counted", id="a bomb of aliases"),
        pytest.param(b"<<: {a: 1}", "merge keys", id="a merge key"),
        pytest.param(b"a: 1\n---\nb: 1", "one document", id="two documents"),
        pytest.param(b"a: \x00", "characters", id="a NUL"),
        pytest.param(b"\xff\xfe", "not UTF-8", id="not UTF-8"),
        pytest.param(b"a: .nan", "not a number", id="not a number"),
        pytest.param(b'{"a": NaN}', "NaN", id="JSON's NaN"),
        pytest.param(b"a: 1.0e+999", "finite", id="infinity"),
        pytest.param(b'{"a": 1' + b"0" * 5000 + b"}", "too long", id="a number without end"),
        pytest.param(b"a: " + b"1" * 5000, "too long", id="a YAML number without end"),
        pytest.param(b'{"a": "\\ud800"}', "surrogate", id="half a surrogate pair"),
        pytest.param(b"a: [{__class__: x}]", "a[0].__class__", id="a key that builds objects"),
    ],
)
def test_what_cannot_be_used_is_refused(data: bytes, complaint: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_yaml(data)
    assert complaint in str(caught.value)


@pytest.mark.parametrize("data", [b"{", b"", b"a: 1", b"[1,]", b"'a'"])
def test_json_is_json(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_json(data)


def test_a_text_of_more_than_a_mebibyte_is_too_large() -> None:
    with pytest.raises(TooLarge):
        read_yaml(b" " * (1024 * 1024 + 1))


@given(VALUES)
def test_what_is_written_is_read_back(value: Any) -> None:
    assert read_yaml(write_yaml(value).encode()) == value


def test_a_key_that_looks_like_a_merge_is_a_key() -> None:
    """It was written bare, and refused when it was read back."""
    written = write_yaml({"<<": None, "a": "<<"})
    assert read_yaml(written.encode()) == {"<<": None, "a": "<<"} == yaml.safe_load(written)


@given(TEXTS.filter(lambda text: not set(text) & set("\x85\u2028\u2029")))
def test_what_another_writer_leaves_unquoted_stays_text(value: str) -> None:
    """`0e0`, `yes`, `1:30`: YAML 1.1 and 1.2 differ on what is a number or a truth value."""
    text = yaml.safe_dump([value], default_flow_style=False)
    assert read_yaml(text.encode()) == [value]


@pytest.mark.parametrize("text", ["0e0", "1e3", "1.5e3", "-.5", "0x1f", "0b1", "1_000", "=", "<<"])
def test_words_that_look_like_numbers_somewhere_stay_text(text: str) -> None:
    assert read_yaml(write_yaml([text]).encode()) == [text]
    assert read_yaml(yaml.safe_dump([text]).encode()) == [text]


@given(st.text(alphabet="{}[]:,&*!|>-?'\"#% \n\tab01~.<", max_size=40))
def test_any_text_is_a_value_or_refused(text: str) -> None:
    try:
        read_yaml(text.encode())
    except Invalid as error:
        assert error.problems
