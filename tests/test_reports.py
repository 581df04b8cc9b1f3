from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ka2nlp import Document, Report, Tagger, Taxonomy
from ka2nlp.records import ADDRESSED, NOT_ADDRESSED, TO_CHECK, Evidence, Tag
from ka2nlp.reports import WRITERS, load_writer


@pytest.fixture(scope="module")
def reports(taxonomy: Taxonomy) -> list[Report]:
    def tag(code: str, probability: float, sentence: str) -> Tag:
        concept = taxonomy[code]
        evidence = (Evidence(0, len(sentence), sentence, 0.9),)
        answer = ADDRESSED if probability > 0.9 else TO_CHECK
        return Tag(code, concept.label, concept.level, probability, evidence, answer)

    long = (
        "We build an open platform and " + "train many teachers of many schools and " * 15 + "rest."
    )
    tags = (
        tag("S6", 0.93, long),
        tag("O1", 0.8, "Teams learn together."),
        tag("O1b", 0.8, "Teams learn together."),
        tag("O2", 0.99, "Methods enter daily\nwork."),
        tag("P1", 0.97, long),
    )
    scores = dict.fromkeys(taxonomy.codes, 0.01) | {one.code: one.probability for one in tags}
    answers = dict.fromkeys(taxonomy.codes, NOT_ADDRESSED) | {one.code: one.answer for one in tags}
    answers["I9"] = TO_CHECK
    full = Report("p1", "A title", tags, scores, answers, "m 1", taxonomy.fingerprint, 120, 7)
    nothing = dict.fromkeys(taxonomy.codes, NOT_ADDRESSED)
    empty = Report(
        "=HYPERLINK(1)", "", (), scores, nothing, "m 1", "f", 0, 0, ("the text is empty",)
    )
    return [full, empty]


def render(format: str, reports: list[Report], taxonomy: Taxonomy) -> str:
    stream = io.StringIO()
    load_writer(format)(reports, stream, taxonomy)
    return stream.getvalue()


def test_json_lines(reports: list[Report], taxonomy: Taxonomy) -> None:
    rows = [json.loads(line) for line in render("jsonl", reports, taxonomy).splitlines()]
    assert rows == [report.to_dict() for report in reports]
    assert list(rows[0]) == ["id", "tags", "scores", "answers", "model", "taxonomy", "warnings"]
    assert len(rows[0]["scores"]) == 48


def test_json(reports: list[Report], taxonomy: Taxonomy) -> None:
    rows = json.loads(render("json", reports, taxonomy))
    assert rows == [report.to_dict() for report in reports]
    assert json.loads(render("json", [], taxonomy)) == []


def test_csv(reports: list[Report], taxonomy: Taxonomy) -> None:
    first, second = csv.DictReader(io.StringIO(render("csv", reports, taxonomy)))
    assert first["tags"] == "S6 O1 O1b O2 P1"
    assert first["to check"] == "O1 O1b I9"
    assert first["S6"] == "0.9300"
    assert "O2: Methods enter daily work." in first["evidence"]
    assert second["id"] == "'=HYPERLINK(1)"
    assert second["warnings"] == "the text is empty"


def test_table_in_a_pipe_is_plain(reports: list[Report], taxonomy: Taxonomy) -> None:
    table = render("table", reports[:1], taxonomy)
    assert table.isascii()
    lines = table.splitlines()
    assert max(map(len, lines)) <= 80
    assert not any(line != line.rstrip() for line in lines)
    order = [line.split()[0] for line in lines if line.rstrip("?").endswith("%") and "#" in line]
    assert order == ["S6", "O2", "O1", "O1b", "P1"]
    assert '"Teams learn together." (above)' in table
    assert "#########-  93%" in table
    assert "########--  80%?" in table
    doubts = table.split("TO CHECK")[1]
    assert "O1b Participatory and digital methods 80%" in " ".join(doubts.split())
    assert "1 more, each under 10%" in doubts


def test_table_says_when_nothing_is_addressed(reports: list[Report], taxonomy: Taxonomy) -> None:
    table = render("table", reports[1:], taxonomy)
    assert "! the text is empty" in table
    assert "No aim of the taxonomy is addressed." in table


def test_a_text_does_not_command_the_terminal(reports: list[Report], taxonomy: Taxonomy) -> None:
    full = reports[0]
    evidence = replace(full.tags[0].evidence[0], text="To \x1b[2J clear", start=0, end=13)
    tags = (replace(full.tags[0], evidence=(evidence,)),)
    hostile = replace(full, id="p\x9b31m1", title="A \x1b]0;new\x07  title", tags=tags)
    stream = io.StringIO()
    load_writer("table")([replace(hostile, warnings=("bad \x1b[31m row",))], stream, taxonomy)
    page = stream.getvalue()
    assert all(character.isprintable() or character == "\n" for character in page)
    assert page.splitlines()[:2] == ["A ]0;new title", "p 31m1"]


@pytest.mark.parametrize("columns", [40, 60, 80, 200])
def test_table_fits_the_terminal(
    reports: list[Report], taxonomy: Taxonomy, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    lines = render("table", reports, taxonomy).splitlines()
    assert max(map(len, lines)) <= min(columns, 100)


@pytest.mark.parametrize("format", sorted(WRITERS))
def test_every_writer_streams(format: str, toy_tagger: Tagger) -> None:
    """A writer puts out the first report before it asks for the third."""
    stream = io.StringIO()
    seen: list[int] = []

    def watched() -> Iterator[Report]:
        for number in range(3):
            seen.append(len(stream.getvalue()))
            report = toy_tagger.tag(Document(str(number), "", "A text about schools."))
            yield replace(report, tags=())

    load_writer(format)(watched(), stream, toy_tagger.taxonomy)
    assert seen[0] <= seen[1] < seen[2] < len(stream.getvalue())
