"""Tests of the strict readers of YAML and JSON."""

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
        pytest.param("1:30", "1:30", id="a sexagesimal number stays text"),
        pytest.param("no", "no", id="no stays text"),
        pytest.param("on", "on", id="on stays text"),
        pytest.param("0777", "0777", id="an octal number stays text"),
        pytest.param("true", True, id="true"),
        pytest.param("~", None, id="null"),
        pytest.param("-7", -7, id="a whole number"),
        pytest.param("1.5e+3", 1500.0, id="a number"),
        pytest.param("'1.5'", "1.5", id="a number in quotes"),
        pytest.param("|\n  a\n  b\n", "a\nb\n", id="a block of text"),
        pytest.param("!!str 7", "7", id="a number tagged as text"),
        pytest.param('{"a": [1, null]}', {"a": [1, None]}, id="JSON"),
        pytest.param("\ufeff1", 1, id="a byte order mark"),
    ],
)
def test_a_scalar_has_its_json_type(text: str, expected: JsonValue) -> None:
    found = read_yaml(text.encode())
    assert (found, type(found)) == (expected, type(expected))


def test_an_alias_repeats_the_value_of_its_anchor() -> None:
    assert read_yaml(b"a: &x {b: [1]}\nc: *x\nd: [*x, *x]") == {
        "a": {"b": [1]},
        "c": {"b": [1]},
        "d": [{"b": [1]}, {"b": [1]}],
    }


BOMB = b"a: &a [x,x,x,x,x,x,x,x,x,x]\n" + b"".join(
    b"%c: &%c [%s]\n" % (98 + n, 98 + n, b",".join([b"*%c" % (97 + n)] * 10)) for n in range(9)
)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        pytest.param(b"a: [", "not YAML: line", id="broken YAML"),
        pytest.param(b'{"a": ', "not YAML: line", id="broken JSON"),
        pytest.param(b"a: 1\na: 2", "line 2, column 1: the key 'a' occurs twice", id="a key twice"),
        pytest.param(b'{"a":1,"a":2}', "the key 'a' occurs twice", id="a JSON key twice"),
        pytest.param(b"? [a]\n: 1", "a key must be text", id="a list as a key"),
        pytest.param(b"a: !!python/object:os.system x", "tags such as", id="a Python object"),
        pytest.param(b"a: !!timestamp 2026-01-01", "tags such as", id="a tagged date"),
        pytest.param(b"[" * 5000, "nested deeper", id="lists that never close"),
        pytest.param(b'{"a":' * 5000, "nested deeper", id="objects that never close"),
        pytest.param(
            b'{"a":' * 5000 + b"1" + b"}" * 5000,
            "nested deeper",
            id="complete, but too deep",
        ),
        pytest.param(b"a: &a [*a]", "no complete", id="an alias to itself"),
        pytest.param(BOMB, "aliases counted", id="an alias bomb"),
        pytest.param(b"<<: {a: 1}", "merge keys", id="a merge key"),
        pytest.param(b"a: 1\n---\nb: 1", "several documents", id="two documents"),
        pytest.param(b"a: \x00", "characters", id="a NUL"),
        pytest.param(b"\xff\xfe", "not UTF-8", id="not UTF-8"),
        pytest.param(b"a: .nan", "not a number", id="not a number"),
        pytest.param(b'{"a": NaN}', "NaN", id="JSON's NaN"),
        pytest.param(b"a: 1.0e+999", "finite", id="infinity"),
        pytest.param(b'{"a": 1' + b"0" * 5000 + b"}", "too long", id="a number of too many digits"),
        pytest.param(b"a: " + b"1" * 5000, "too long", id="a YAML number of too many digits"),
        pytest.param(b'{"a": "\\ud800"}', "surrogate", id="half a surrogate pair"),
        pytest.param(
            b"a: [{__class__: x}]",
            "a[0].__class__",
            id="a key of Durable's codec",
        ),
    ],
)
def test_an_unsupported_document_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        read_yaml(data)
    assert message in str(caught.value)


@pytest.mark.parametrize("data", [b"{", b"", b"a: 1", b"[1,]", b"'a'"])
def test_the_json_reader_accepts_only_json(data: bytes) -> None:
    with pytest.raises(Malformed):
        read_json(data)


def test_a_document_larger_than_one_mebibyte_is_refused() -> None:
    with pytest.raises(TooLarge):
        read_yaml(b" " * (1024 * 1024 + 1))


@given(VALUES)
def test_a_written_value_is_read_back(value: Any) -> None:
    assert read_yaml(write_yaml(value).encode()) == value


def test_a_quoted_merge_key_is_an_ordinary_key() -> None:
    """Regression: the key was written without quotes and then refused."""
    written = write_yaml({"<<": None, "a": "<<"})
    assert read_yaml(written.encode()) == {"<<": None, "a": "<<"} == yaml.safe_load(written)


@given(TEXTS.filter(lambda text: not set(text) & set("\x85\u2028\u2029")))
def test_text_that_another_writer_does_not_quote_stays_text(value: str) -> None:
    """YAML 1.1 and 1.2 read `0e0`, `yes` and `1:30` as different types."""
    text = yaml.safe_dump([value], default_flow_style=False)
    assert read_yaml(text.encode()) == [value]


@pytest.mark.parametrize("text", ["0e0", "1e3", "1.5e3", "-.5", "0x1f", "0b1", "1_000", "=", "<<"])
def test_text_that_looks_like_a_number_stays_text(text: str) -> None:
    assert read_yaml(write_yaml([text]).encode()) == [text]
    assert read_yaml(yaml.safe_dump([text]).encode()) == [text]


@given(st.text(alphabet="{}[]:,&*!|>-?'\"#% \n\tab01~.<", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        read_yaml(text.encode())
    except Invalid as error:
        assert error.problems
