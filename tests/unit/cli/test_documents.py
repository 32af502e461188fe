"""Tests of the reading of definition files."""

from __future__ import annotations

from pathlib import Path

import pytest

from polysync_core.cli.api.errors import BadDocument
from polysync_core.cli.documents import read_documents


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
    ("texts", "message"),
    [
        pytest.param(
            ["jobs:\n  - a: [\n"], r"0\.yaml: not YAML: line 3", id="malformed YAML, with its line"
        ),
        pytest.param(["jobs: []\njobs: []"], "line 2, column 1: the key 'jobs'", id="a key twice"),
        pytest.param(["[]"], "a document must be an object", id="a list"),
        pytest.param(
            ["a: 1", "a: 2"], r"1\.yaml: a is not a list", id="two values that are not lists"
        ),
        pytest.param(["a: !!binary aGk="], "tags such as", id="bytes"),
        pytest.param(["a: !!python/none x"], "tags such as", id="a foreign tag"),
        pytest.param(["a: &a [*a]"], "no complete", id="an alias of its own parent"),
        pytest.param(["a: 'x\0'"], "characters that YAML does not allow", id="a control character"),
        pytest.param(["a: 1\n---\nb: 2"], "several documents", id="two documents in a file"),
        pytest.param([" ", "# nothing"], "no definitions", id="only empty files"),
    ],
)
def test_a_malformed_document_is_refused(tmp_path: Path, texts: list[str], message: str):
    with pytest.raises(BadDocument, match=message):
        read(tmp_path, *texts)


def test_a_file_that_is_missing_or_is_not_text_is_named(tmp_path: Path):
    (tmp_path / "x.yaml").write_bytes(b"a: \xff")

    with pytest.raises(BadDocument, match="not UTF-8"):
        read_documents([str(tmp_path / "x.yaml")])
    with pytest.raises(BadDocument, match=r"missing\.yaml: No such file"):
        read_documents([str(tmp_path / "missing.yaml")])
    with pytest.raises(BadDocument, match="Is a directory"):
        read_documents([str(tmp_path)])
