"""A secret is found in every form that a platform may repeat it in."""

from __future__ import annotations

import base64
import html
import json
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.security.redaction import MARKER, Redactor, quotes_trigger
from polysync_core.domain.security.secrets import Secret

SECRET = 'Kx7/+?"w<é 42&Zq%41\\end'
FORMS: dict[str, Callable[[str], str]] = {
    "itself": lambda text: text,
    "reversed": lambda text: text[::-1],
    "capital letters": lambda text: text.replace("w", "W").replace("end", "END"),
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64 without padding": lambda text: base64.b64encode(text.encode()).decode().rstrip("="),
    "base64, one byte before": lambda text: base64.b64encode(b"u" + text.encode()).decode(),
    "base64, two bytes before": lambda text: base64.b64encode(b"u:" + text.encode()).decode(),
    "base64, bytes after": lambda text: base64.b64encode(text.encode() + b";x=1").decode(),
    "base64, URL alphabet": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "base64, UTF-16": lambda text: base64.b64encode(text.encode("utf-16-le")).decode(),
    "base64 in lines": lambda text: base64.encodebytes((text * 4).encode()).decode(),
    "base64 in a URL": lambda text: quote(base64.b64encode(text.encode()).decode(), safe=""),
    "hex": lambda text: text.encode().hex(),
    "hex, capital letters": lambda text: text.encode().hex().upper(),
    "hex with colons": lambda text: text.encode().hex(":"),
    "hex with spaces": lambda text: text.encode().hex(" "),
    "URL": quote,
    "URL, every character that may": lambda text: quote(text, safe=""),
    "URL, small hex digits": lambda text: quote(text, safe="").replace("%2F", "%2f"),
    "URL, all characters": lambda text: "".join(f"%{byte:02X}" for byte in text.encode()),
    "URL, mixed": lambda text: quote(text, safe="").replace("K", "%4b"),
    "form": quote_plus,
    "URL twice": lambda text: quote(quote(text)),
    "JSON": lambda text: json.dumps(text)[1:-1],
    "JSON in Unicode": lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    "JSON, all characters": lambda text: "".join(f"\\u{ord(each):04X}" for each in text),
    "JSON, slashes": lambda text: json.dumps(text)[1:-1].replace("/", "\\/"),
    "JSON in JSON": lambda text: json.dumps(json.dumps({"a": text})),
    "JSON in a URL": lambda text: quote(json.dumps(text)),
    "HTML": html.escape,
    "HTML, decimal": lambda text: "".join(f"&#{ord(each)};" for each in text),
    "HTML, hexadecimal": lambda text: "".join(f"&#x{ord(each):X};" for each in text),
    "HTML in JSON": lambda text: json.dumps(html.escape(text)),
    "Python bytes": lambda text: repr(text.encode()),
    "spaced": lambda text: " ".join(text),
    "dashed": lambda text: "-".join(text),
    "in lines": lambda text: "\n".join(text[at : at + 5] for at in range(0, len(text), 5)),
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_is_replaced_and_the_text_around_it_stays(form: str) -> None:
    shown = FORMS[form](SECRET)
    redactor = Redactor([Secret("another-secret"), Secret(f"{SECRET}\n")])

    redacted = redactor.redact(f"Login with ( {shown} ) failed; see ( {shown} ).")

    assert redacted.startswith("Login with ( ")
    assert redacted.endswith(" ).")
    assert " ) failed; see ( " in redacted
    assert redacted.count(MARKER) == 2
    for part in (shown[:12], shown[-12:], shown[4:-4]):
        assert part not in redacted
    assert redactor.holds({"a": [1, {"b": f"( {shown} )"}]})
    assert redactor.holds({shown: None})


@pytest.mark.parametrize(
    "text",
    [
        "",
        "The run failed: file /mnt/a/b.csv not found, 42 rows & 3 errors <eof>",
        '{"path": "/a/b", "rows": [1, 2, 3], "done": true}',
        quote("The run failed: ü/é"),
        base64.b64encode(b"no secret at all").decode(),
        SECRET[:4],
    ],
)
def test_other_text_stays_as_it_is(text: str) -> None:
    redactor = Redactor([Secret(SECRET), Secret(""), Secret(" \n")])
    assert redactor.redact(text) == text
    assert not redactor.holds({"text": text, "n": [0.5, None, True]})


@pytest.mark.parametrize("value", [list("canary-1f-canary"), [["canary-1f"], {"-canary": 1}]])
def test_a_secret_in_parts_of_a_list_is_found(value: Any) -> None:
    assert Redactor([Secret("canary-1f-canary")]).holds(value)


@pytest.mark.parametrize(("text", "found"), [("0.1091827364501", True), ("0.10918273645", False)])
def test_a_secret_that_became_a_number_is_found(text: str, found: bool) -> None:
    assert Redactor([Secret("0.1091827364501")]).holds({"n": float(text)}) is found


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ab12", True),
        (" AB12 ", True),
        ("YWIxMg==", True),
        ("YWIxMg", True),
        ("61623132", True),
        ("21ba", True),
        ("key ab12", False),
        ("YWIxMg== ", True),
        ("xYWIxMg==", False),
    ],
)
def test_a_short_secret_is_found_only_as_a_whole_text(text: str, found: bool) -> None:
    redactor = Redactor([Secret("ab12")])
    assert (redactor.redact(text) == MARKER) is found
    assert redactor.holds([text]) is found


@pytest.mark.parametrize("end", ["", "…", "..."])
def test_a_secret_that_is_cut_off_at_the_end_is_replaced(end: str) -> None:
    redactor = Redactor([Secret("canary-1f-of-many-characters")])
    assert redactor.redact(f"Key canary-1f-of{end}") == f"Key {MARKER}{end}"
    assert redactor.redact(f"Key canary{end}") == f"Key canary{end}"


def test_secrets_that_overlap_become_one_marker() -> None:
    redactor = Redactor([Secret("abcdefgh"), Secret("efghijkl"), Secret("abcdefghijkl")])
    assert redactor.redact("<abcdefghijkl>") == f"<{MARKER}>"


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit", ["a", "%41", "\\u0041", "&#65;", "&a", "%", "a-", "\\", "aaaaaaab", "YWFh", "%25"]
)
def test_the_time_is_linear_in_the_text(unit: str) -> None:
    redactor = Redactor(Secret("a" * 40 + str(n)) for n in range(10))

    def seconds(size: int) -> float:
        text = unit * (size // len(unit))
        start = time.process_time()
        redactor.redact(text)
        return time.process_time() - start

    seconds(4_000)
    assert seconds(64_000) < 0.5


def test_a_deep_value_needs_no_recursion() -> None:
    value: Any = "canary-1f"
    for _ in range(50_000):
        value = [value]
    assert Redactor([Secret("canary-1f")]).holds(value)


@pytest.mark.slow
@given(
    secret=st.text(min_size=8, max_size=30).filter(lambda text: len(text.strip()) >= 8),
    before=st.text(max_size=10),
    after=st.text(max_size=10),
    form=st.sampled_from(["itself", "base64", "hex", "URL", "JSON", "HTML", "reversed"]),
)
def test_any_secret_is_found_in_any_text(secret: str, before: str, after: str, form: str) -> None:
    shown = FORMS[form](secret.strip())
    assert Redactor([Secret(secret)]).holds(f"{before} {shown} {after}")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("see https://h/p?a=1&sig=abc%2Fd&b=2", f"see https://h/p?a=1&sig={MARKER}&b=2"),
        ("https://h/api/f?code=abc==", f"https://h/api/f?code={MARKER}"),
        ("https://h/?Access_Token=abc#x", f"https://h/?Access_Token={MARKER}#x"),
        ("https://h/#id_token=abc", f"https://h/#id_token={MARKER}"),
        (
            "go to https://h/?next=x%3Fsig%3Dabc%26b",
            f"go to https://h/?next=x%3Fsig%3D{MARKER}%26b",
        ),
        ("postgres://user:pass@h/db", f"postgres://{MARKER}@h/db"),
        ("?subscription-key=abc", f"?subscription-key={MARKER}"),
        ("https://h/?X-Amz-Signature=abc&n=1", f"https://h/?X-Amz-Signature={MARKER}&n=1"),
        ("status code=3, key=value, https://h/?statusCode=4&monkey=5", None),
        ("https://portal.azure.com/#resource/subscriptions/a@b.c?x=1", None),
        ("run canary-1f", f"run {MARKER}"),
    ],
)
def test_a_platforms_text_loses_the_credentials_of_urls(text: str, shown: str | None) -> None:
    redactor = Redactor([Secret("canary-1f")])
    assert redactor.clean(text) == (shown or text)
    assert redactor.clean(redactor.clean(text)) == (shown or text)


@pytest.mark.parametrize(
    ("link", "shown"),
    [
        ("https://adb-1.azuredatabricks.net/?o=1#job/2/run/3", "="),
        ("http://127.0.0.1:8/x?sig=abc", "http://127.0.0.1:8/x"),
        ("https://h/x?o=1&code=abc&p=2", "https://h/x?o=1&p=2"),
        ("https://h/x?o=1&token", "https://h/x?o=1"),
        ("https://h/x#access_token=abc", "https://h/x"),
        ("https://h/x?o=canary-1f", None),
        ("https://h/x?o=canary%2D1f", None),
        ("https://canary-1f.evil.example/", None),
        ("https://user:pass@h/x", None),
        ("javascript:alert(1)", None),
        ("", None),
    ],
)
def test_a_platforms_link_loses_credentials_or_is_dropped(link: str, shown: str | None) -> None:
    assert Redactor([Secret("canary-1f")]).clean_link(link) == (link if shown == "=" else shown)


def test_the_strings_of_a_json_value_are_replaced_one_by_one() -> None:
    value: Any = {"a canary-1f": ["x canary-1f", 1, None, {"b": True}], "n": 12345678}
    shown = {f"a {MARKER}": [f"x {MARKER}", 1, None, {"b": True}], "n": MARKER}
    assert Redactor([Secret("canary-1f"), Secret("12345678")]).clean_json(value) == shown
    for _ in range(500):
        value = [value]
    assert MARKER in str(Redactor([Secret("canary-1f")]).clean_json(value))


_ADDRESS = (
    "https://prod-1.westeurope.logic.azure.com:443/workflows/1/triggers/manual/paths/invoke"
    "?api-version=2016-10-01&sp=%2Ftriggers%2Fmanual%2Frun&sv=1.0&sig=AbCdEfGhIjKlMnOp"
)


@pytest.mark.parametrize(
    ("value", "found"),
    [
        (_ADDRESS, True),
        ({"link": [f"see {_ADDRESS}"]}, True),
        (json.dumps({"link": _ADDRESS}).replace("&", "\\u0026"), True),
        (quote(_ADDRESS, safe=""), True),
        ({"queries": {"sp": "/triggers/manual/run", "sig": "AbCdEfGhIjKlMnOp"}}, True),
        (_ADDRESS.partition("&sig")[0], False),
        ("https://store.blob.core.windows.net/c/b?sv=1&sig=AbCdEfGhIjKlMnOp", False),
    ],
)
def test_the_signed_address_of_a_trigger_is_found(value: Any, found: bool) -> None:
    assert quotes_trigger(value) is found
