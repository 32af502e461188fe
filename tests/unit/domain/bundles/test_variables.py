"""Variables of bundles: values, types, references between them, and secrets."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.bundles.bundle import Bundle, resolve_bundle
from polysync_core.domain.bundles.variables import Assigned, value_problem


def resolved(document: dict[str, Any], *values: dict[str, Any], **options: Any) -> Bundle:
    assigned = [Assigned(source="--var", values=each, **options) for each in values]
    return resolve_bundle(document, assigned=assigned)


def a_document(text: Any, **variables: Any) -> dict[str, Any]:
    return {"variables": variables, "jobs": [{"name": "load", "settings": {"x": text}}]}


def value(document: dict[str, Any], *values: dict[str, Any]) -> Any:
    bundle = resolved(document, *values)
    assert bundle.problems == []
    jobs: Any = bundle.content["jobs"]
    return jobs[0]["settings"]["x"]


def problems(document: dict[str, Any], *values: dict[str, Any], **options: Any) -> Sequence[str]:
    return [str(each) for each in resolved(document, *values, **options).problems]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("${var.n}", 3),
        ("n=${var.n}", "n=3"),
        ("${var.n}${var.n}", "33"),
        ("a $${var.n} b", "a $${var.n} b"),
        ("${run.id} ${var.n}", "${run.id} 3"),
        ({"deep": ["${var.n}"]}, {"deep": [3]}),
    ],
)
def test_a_variable_is_replaced_by_its_value(text: Any, expected: Any) -> None:
    document = a_document(text, n=3)
    if "${var.n}" not in str(text).replace("$${var.n}", ""):
        document["jobs"].append({"name": "${var.n}"})
    assert value(document) == expected


def test_a_whole_text_keeps_the_type_of_the_value() -> None:
    for content in (True, 1.5, [1, "a"], {"k": None}):
        assert value(a_document("${var.v}", v={"default": content})) == content


def test_the_last_source_wins() -> None:
    document = a_document("${var.v}", v="default")
    assert value(document) == "default"
    assert value(document, {"v": "first"}, {"v": "last"}) == "last"


@pytest.mark.parametrize(
    ("declared", "given", "expected"),
    [
        (4, "5", 5),
        ({"type": "Int"}, "-7", -7),
        ({"type": "Bool"}, "true", True),
        ({"type": "Float"}, "2.5", 2.5),
        ({"type": "Float"}, 2, 2),
        ({"type": "Json"}, '{"a": 1}', {"a": 1}),
        ({"type": "JsonArray"}, "[1]", [1]),
        ({"type": "String"}, 8, "8"),
        ("text", "4", "4"),
    ],
)
def test_a_value_has_the_declared_or_implied_type(declared: Any, given: Any, expected: Any) -> None:
    found = value(a_document("${var.v}", v=declared), {"v": given})
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("declared", "given"),
    [
        (4, "four"),
        ({"type": "Int"}, True),
        ({"type": "Int"}, "1.0"),
        ({"type": "Bool"}, "yes"),
        ({"type": "Bool"}, 1),
        ({"type": "Float"}, "nan"),
        ({"type": "Json"}, "[1]"),
        ({"type": "JsonArray"}, '"[1]"'),
        ({"type": "Json"}, "{"),
        ({"type": "String"}, [1]),
    ],
)
def test_a_value_of_another_type_is_refused(declared: Any, given: Any) -> None:
    (problem,) = problems(a_document("${var.v}", v=declared), {"v": given})
    assert "variable 'v' is of type" in problem


def test_variables_refer_to_variables_but_not_in_a_cycle() -> None:
    document = a_document("${var.url}", host="h", url="https://${var.host}/x")
    assert value(document) == "https://h/x"
    cycle = problems(a_document("${var.a}", a="${var.b}", b="x${var.c}", c="${var.a}"))
    assert cycle == ["variables.c: the variables refer to each other: a → b → c → a"]


def test_unknown_missing_and_unused_variables_have_their_paths() -> None:
    found = problems(a_document("${var.hots}", host="h", other={"type": "Int"}))
    assert found == [
        "jobs[0].settings.x: there is no variable 'hots', did you mean 'host'?: declare it under "
        "`variables`, or give --var",
        "variables.host: is used nowhere: remove it",
        "variables.other: is used nowhere: remove it",
    ]
    (missing,) = problems(a_document("${var.v}", v={"type": "Int"}))
    assert missing.startswith("jobs[0].settings.x: variable 'v' has no value")


def test_a_value_that_nothing_uses_is_refused_unless_it_is_of_a_context() -> None:
    document = {"jobs": [{"name": "load"}]}
    assert problems(document, {"v": 1}) == ["--var: no definition uses 'v'"]
    assert problems(document, {"v": 1}, must_be_used=False) == []


def test_an_undeclared_variable_may_be_given() -> None:
    assert value({"jobs": [{"settings": {"x": "${var.v}"}}]}, {"v": "1"}) == "1"


@pytest.mark.parametrize(
    "content",
    [
        "vault://kv/token",
        " VAULT://kv/token",
        {"a": ["vault://kv/token"]},
        '["vault://kv/token"]',
        "dapi0123456789abcdef0123456789abcdef",
        "-----BEGIN RSA PRIVATE KEY-----\nMII",
        "DefaultEndpointsProtocol=https;AccountKey=abc",
        "https://x.blob.core.windows.net/c?sv=1&sig=abc%3D",
        "eyJhbGciOiJI.eyJzdWIiOiIx.c2ln",
    ],
)
def test_a_variable_is_never_a_secret(content: Any) -> None:
    assert value_problem(content)
    (problem,) = problems(a_document("${var.v}", v={"default": content}))
    assert "dapi" not in problem
    assert problems(a_document("${var.v}", v=None), {"v": content})


def test_a_part_of_a_reference_may_be_a_variable() -> None:
    document = a_document("vault://${var.vault}/token", vault="kv-dev")
    assert value(document) == "vault://kv-dev/token"


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ([], "variables: must be an object"),
        ({"a b": 1}, "variables.a b: a variable has a name"),
        ({"a": {"typ": "Int"}}, "'typ' is not known"),
        ({"a": {"type": "Integer"}}, "the type must be one of String, Int"),
    ],
)
def test_a_wrong_declaration_is_refused(variables: Any, message: str) -> None:
    document = {"variables": variables, "jobs": [{"name": "${var.a}"}]}
    assert any(message in each for each in problems(document))


def test_a_list_is_no_part_of_a_text_and_no_key_holds_a_variable() -> None:
    assert "no text" in problems(a_document("x${var.v}", v=[1]))[0]
    assert "a key holds no variable" in problems(a_document({"${var.v}": 1}, v="a"))[0]


@given(
    st.recursive(
        st.none()
        | st.booleans()
        | st.text(max_size=8).map(lambda t: t.replace("$", ""))
        | st.integers(),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.text(max_size=4).map(lambda t: t.replace("$", "")), inner, max_size=3
            )
        ),
        max_leaves=8,
    )
)
def test_a_document_without_variables_stays_as_it_is(content: Any) -> None:
    document = {"jobs": content}
    assert resolve_bundle(document).content == document
