"""What people hand to the command line: definitions files and parameter values."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.cli.documents import read_documents
from polysync_core.cli.errors import BadDocument
from polysync_core.cli.parameters import parse_parameters


@pytest.mark.parametrize(
    ("assignment", "expected"),
    [
        pytest.param("a=1", {"a": "1"}, id="plain text stays text"),
        pytest.param("a=", {"a": ""}, id="text may be empty"),
        pytest.param("a= x=y ", {"a": " x=y "}, id="text keeps its blanks and equals signs"),
        pytest.param("a:=1", {"a": 1}, id="a typed number"),
        pytest.param('a:={"b": [null]}', {"a": {"b": [None]}}, id="a typed object"),
        pytest.param("a=:=1", {"a": ":=1"}, id="only a colon before the first equals sign counts"),
    ],
)
def test_a_value_is_text_unless_it_is_marked(assignment: str, expected: dict[str, object]):
    assert parse_parameters([assignment]) == expected


@given(st.text())
def test_any_text_arrives_as_it_was_written(text: str):
    assert parse_parameters([f"name={text}"]) == {"name": text}


@pytest.mark.parametrize(
    ("assignments", "complaint"),
    [
        pytest.param(["a"], "name=value", id="no equals sign"),
        pytest.param(["=1"], "name=value", id="no name"),
        pytest.param([":=1"], "name=value", id="no name before a typed value"),
        pytest.param(["a:={"], "not JSON", id="broken JSON"),
        pytest.param(["a:=NaN"], "not JSON", id="a number that JSON does not have"),
        pytest.param(["a=1", "a:=1"], "given twice", id="a name given twice"),
    ],
)
def test_a_malformed_value_is_refused(assignments: list[str], complaint: str):
    with pytest.raises(ValueError, match=complaint):
        parse_parameters(assignments)


def read(tmp_path: Path, *texts: str) -> dict[str, object]:
    files = [tmp_path / f"{number}.yaml" for number in range(len(texts))]
    for file, text in zip(files, texts, strict=True):
        file.write_text(text)
    return dict(read_documents([str(file) for file in files]).content)


def test_a_document_is_read_as_the_api_reads_it(tmp_path: Path):
    text = "a: [2026-01-01, no, 1:30, 0777, 1e3, 12, true, ~]"
    expected = ["2026-01-01", "no", "1:30", "0777", "1e3", 12, True, None]
    assert read(tmp_path, text) == {"a": expected}


@pytest.mark.parametrize(
    ("texts", "complaint"),
    [
        pytest.param(
            ["jobs:\n  - a: [\n"], r"0\.yaml: not YAML: line 3", id="broken YAML, with its place"
        ),
        pytest.param(["jobs: []\njobs: []"], "line 2, column 1: the key 'jobs'", id="a key twice"),
        pytest.param(["[]"], "a document is an object", id="a list"),
        pytest.param(["a: 1", "a: 2"], r"1\.yaml: a is not a list", id="two values, no lists"),
        pytest.param(["a: !!binary aGk="], "tags such as", id="bytes"),
        pytest.param(["a: !!python/none x"], "tags such as", id="a foreign tag"),
        pytest.param(["a: &a [*a]"], "no complete", id="what contains itself"),
        pytest.param(["a: 'x\0'"], "characters that YAML does not allow", id="a control character"),
        pytest.param(["a: 1\n---\nb: 2"], "one document is enough", id="two documents in a file"),
        pytest.param([" ", "# nothing"], "no definitions", id="nothing in any file"),
    ],
)
def test_a_bad_document_is_refused(tmp_path: Path, texts: list[str], complaint: str):
    with pytest.raises(BadDocument, match=complaint):
        read(tmp_path, *texts)


def test_a_file_that_is_missing_or_no_text_is_named(tmp_path: Path):
    (tmp_path / "x.yaml").write_bytes(b"a: \xff")

    with pytest.raises(BadDocument, match="not UTF-8"):
        read_documents([str(tmp_path / "x.yaml")])
    with pytest.raises(BadDocument, match=r"missing\.yaml: No such file"):
        read_documents([str(tmp_path / "missing.yaml")])
    with pytest.raises(BadDocument, match="Is a directory"):
        read_documents([str(tmp_path)])
