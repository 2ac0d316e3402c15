"""A file of licences in parts: together they are the file, each begins with a licence, and keeps its line numbers."""

from pathlib import Path

import pytest

from services.cli.file_parts import Part, parts_of
from services.core.errors import Fatal


def parts(path: Path, text: str, rows: int) -> list[Part]:
    path.write_bytes(text.encode())
    return parts_of(path, {}, rows)


def test_parts_of_json_lines_are_the_file(tmp_path: Path) -> None:
    text = "".join(f'{{"ref": "{n}"}}\n' for n in range(7)) + '{"ref": "last"}'
    found = parts(tmp_path / "l.jsonl", text, 3)
    assert b"".join(part.content() for part in found).decode() == text
    assert [(part.first_line, part.rows) for part in found] == [(1, 3), (4, 3), (7, 2)]
    assert found[1].query == {"first_line": "4"}


def test_rows_of_one_licence_are_never_parted_and_each_part_has_the_header(tmp_path: Path) -> None:
    body = ['A,"one\nline"', "A,2", "A,3", "B,1", "", "B,2", "C,1"]
    found = parts(tmp_path / "l.csv", "\ufeffref,text\n" + "\n".join(body), 2)
    assert [part.content().decode("utf-8-sig") for part in found] == [
        'ref,text\nA,"one\nline"\nA,2\nA,3\n',
        "ref,text\nB,1\n\nB,2\n",
        "ref,text\nC,1",
    ]
    assert [part.first_line for part in found] == [2, 6, 9]


def test_the_same_part_is_known_by_name_and_digest_and_a_changed_one_is_another(tmp_path: Path) -> None:
    before = [(part.name, part.sha256) for part in parts(tmp_path / "l.jsonl", "1\n2\n3\n", 2)]
    after = [(part.name, part.sha256) for part in parts(tmp_path / "l.jsonl", "1\n2\n4\n", 2)]
    assert [name for name, _ in after] == ["l.jsonl:1", "l.jsonl:3"]
    assert (after[0], after[1][0]) == (before[0], before[1][0])
    assert after[1] != before[1]


@pytest.mark.parametrize(("name", "text"), [("l.csv", 'ref\n"A"b\n'), ("l.xlsx", "x")])
def test_what_cannot_be_parted_is_said(name: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(Fatal, match=r"line 2 is not CSV|\.csv, \.jsonl"):
        parts(tmp_path / name, text, 2)
