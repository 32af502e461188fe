"""Tests of the reading of definition files."""

from __future__ import annotations

from pathlib import Path

import pytest

from polysync_core.cli.api.errors import BadDocument
from polysync_core.cli.documents import read_documents
from polysync_core.cli.files.sources import expanded


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


def test_every_unreadable_file_is_named_in_one_pass(tmp_path: Path):
    for name, text in (("a", "jobs: ["), ("b", "jobs: []"), ("c", "- x")):
        (tmp_path / f"{name}.yaml").write_text(text)

    with pytest.raises(BadDocument, match="2 files cannot be read") as caught:
        read_documents([str(tmp_path)])

    details = "\n".join(caught.value.details)
    assert "a.yaml: not YAML" in details
    assert "c.yaml: a document must be an object" in details


def in_folder(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"jobs: [{{name: {path.stem}}}]")


def test_a_folder_stands_for_its_visible_yaml_and_json_files(tmp_path: Path):
    in_folder(
        tmp_path,
        *("b.yaml", "a/one.yml", "a/deep/two.JSON", "a.yaml"),
        *("c.schema.json", ".github/workflow.yaml", ".hidden.yaml", "notes.md", "x.py"),
        "node_modules/pkg/package.json",
    )
    (tmp_path / "a" / "loop").symlink_to(tmp_path)

    names = [each.removeprefix(f"{tmp_path}/") for each in expanded([str(tmp_path)])]

    assert names == ["a/deep/two.JSON", "a/one.yml", "a.yaml", "b.yaml"]


def test_a_pattern_stands_for_its_matches_and_no_file_is_read_twice(tmp_path: Path):
    in_folder(tmp_path, "a.yaml", "b.yaml", "deep/c.yaml", "[d].yaml")

    assert expanded([f"{tmp_path}/*.yaml", str(tmp_path / "a.yaml"), f"{tmp_path}/./b.yaml"]) == [
        f"{tmp_path}/{name}.yaml" for name in ("[d]", "a", "b")
    ]
    assert len(expanded([f"{tmp_path}/**/*.yaml"])) == 4
    assert expanded([f"{tmp_path}/[d].yaml"]) == [f"{tmp_path}/[d].yaml"]


def test_a_folder_or_a_pattern_without_files_is_an_error(tmp_path: Path):
    with pytest.raises(BadDocument, match="has no YAML or JSON file"):
        expanded([str(tmp_path)])
    with pytest.raises(BadDocument, match="no file matches the pattern"):
        expanded([f"{tmp_path}/*.yaml"])


def test_a_path_leads_to_the_line_the_object_and_the_field(tmp_path: Path):
    (tmp_path / "a.yaml").write_text("jobs:\n  - name: one\n  - {}\n")
    (tmp_path / "b.json").write_text('{"jobs": [\n{"name": "two",\n "parameters": [1]}], "x": 1}')
    document = read_documents([str(tmp_path)])

    paths = ["jobs[0].name", "jobs[1].job", "jobs[2].parameters[0]", "jobs[2]", "x", "tasks/a"]
    places = [str(each) for each in document.locations(paths).values()]

    assert [each.removeprefix(f"{tmp_path}/") for each in places] == [
        "a.yaml:2:5: job one: name",
        "a.yaml:3:5: jobs[1]: job",
        "b.json:3:17: job two: parameters[0]",
        "b.json:2:1: job two",
        "b.json:3:23: x",
        "tasks/a",
    ]
