"""What a researcher calls from a notebook: texts, data frames, looks, and a function a command."""

from __future__ import annotations

import doctest
import importlib
import io
import json
import pkgutil
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from archive_folders import write_archive
from conftest import EXAMPLES, PROJECT, ROOT, ToyEncoder, make_heads

import ka2nlp
from ka2nlp import Document, Report, Tagger, Taxonomy, read_documents
from ka2nlp.corpora import label_frame, load_corpus
from ka2nlp.errors import CorpusError, InputError
from ka2nlp.estimators import SentenceEmbedder
from ka2nlp.labelled import read_labelled, write_labelled
from ka2nlp.overviews import summarise_archive
from ka2nlp.records import ANSWERS, Evidence, Tag
from ka2nlp.reports import load_writer, write_reports
from ka2nlp.reports.frames import reports_to_frame

Call = Callable[..., tuple[int, str, str]]

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")

HEAVY = (
    "click jinja2 numpy onnxruntime pandas py3langid pyarrow pyoxigraph rich sklearn spacy torch"
)


@pytest.fixture(scope="module")
def report(tagger: Tagger) -> Report:
    (document,) = read_documents(EXAMPLES / "repair-cafes.txt")
    return tagger.tag(document)


def test_importing_ka2nlp_imports_nothing_heavy() -> None:
    code = f"import sys, ka2nlp; print(set(sys.modules) & set({HEAVY.split()}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def without(library: str, code: str) -> str:
    """Run code where a library is not installed; give the last line of what went wrong."""
    hidden = f"import sys; sys.modules[{library!r}] = None; {code}"
    done = subprocess.run([sys.executable, "-c", hidden], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 1
    return done.stderr.strip().splitlines()[-1]


def test_what_to_install_is_said() -> None:
    tagger = "from ka2nlp import Tagger; tagger = Tagger.load('fast');"
    for library, code, extra in (
        ("sklearn", "import ka2nlp.estimators", "learn"),
        ("pandas", f"{tagger} tagger.tag('We train.').to_frame()", "learn"),
        ("pandas", f"{tagger} tagger.to_frame({{}})", "learn"),
    ):
        assert f"pip install 'ka2nlp[{extra}]'" in without(library, code)


@pytest.mark.parametrize(
    "name",
    [
        module.name
        for module in pkgutil.walk_packages(ka2nlp.__path__, "ka2nlp.")
        if module.name.startswith(("ka2nlp.tagger", "ka2nlp.estimators", "ka2nlp.spacy"))
    ],
)
def test_examples_in_docstrings_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


# --- texts


def test_a_text_is_a_document(toy_tagger: Tagger) -> None:
    assert toy_tagger.tag(PROJECT) == toy_tagger.tag(Document("1", "", PROJECT))
    titled = toy_tagger.tag(PROJECT, title="Schools at work")
    assert titled == toy_tagger.tag(Document("1", "Schools at work", PROJECT))
    assert titled.scores != toy_tagger.tag(PROJECT).scores


@pytest.mark.parametrize("kind", [list, tuple, pd.Series, iter, lambda texts: (t for t in texts)])
def test_any_iterable_of_texts(kind: Callable[[list[str]], Any], toy_tagger: Tagger) -> None:
    reports = list(toy_tagger.tag_many(kind([PROJECT, "Schools work."])))
    assert [one.id for one in reports] == ["1", "2"]
    assert reports[0] == toy_tagger.tag(PROJECT)


def test_what_is_no_text_keeps_its_place(toy_tagger: Tagger) -> None:
    given: Any = [PROJECT, None, float("nan"), pd.NA, 3, ["a"], b"a", PROJECT]
    reports = list(toy_tagger.tag_many(given))
    assert [one.id for one in reports] == list("12345678")
    assert reports[0].scores == reports[7].scores
    reasons = [one.warnings[0] for one in reports[1:7]]
    assert all(reason.startswith("got a missing value") for reason in reasons[:3])
    assert [reason.split(",")[0] for reason in reasons[3:]] == [
        "got an int",
        "got a list",
        "got bytes",
    ]


def test_half_a_character_spoils_no_batch(toy_tagger: Tagger) -> None:
    cut = PROJECT.replace("learn", "\ud83d. learn", 1)
    given: list[str | Document] = [PROJECT, cut, Document("c", "Boats \ud83d", PROJECT), PROJECT]
    first, second, third, last = toy_tagger.tag_many(given)
    assert first.scores == last.scores
    assert second == replace(toy_tagger.tag(cut.replace("\ud83d", "\ufffd")), id="2")
    assert third.title == "Boats \ufffd"
    assert SentenceEmbedder("fast").fit_transform(["a \ud83d b"]).shape == (1, 256)


def test_half_a_character_in_a_name_spoils_no_output(toy_tagger: Tagger, tmp_path: Path) -> None:
    given: Any = [
        Document("caf\udce9", "", PROJECT, problems=("got caf\udce9",)),
        Document("caf\udce9", "", None),  # type: ignore[arg-type]
    ]
    first, second = reports = list(toy_tagger.tag_many(given))
    assert first.id == second.id == "caf\ufffd"
    assert "got caf\ufffd" in first.warnings
    for ending in ("jsonl", "json", "csv", "txt"):
        write_reports(reports, tmp_path / f"out.{ending}", toy_tagger.taxonomy)
        assert "caf\ufffd" in (tmp_path / f"out.{ending}").read_text(encoding="utf-8")


@pytest.mark.parametrize("missing", [None, float("nan"), pd.NA])
def test_a_missing_title_is_no_title(missing: Any, toy_tagger: Tagger) -> None:
    assert toy_tagger.tag(PROJECT, title=missing) == toy_tagger.tag(PROJECT)
    assert toy_tagger.tag(Document("1", missing, PROJECT)).scores == toy_tagger.tag(PROJECT).scores


def test_a_document_that_cannot_be_read_keeps_its_name(toy_tagger: Tagger) -> None:
    given: Any = [Document("a", "", None), Document("b", 5, PROJECT)]  # type: ignore[arg-type]
    reports = list(toy_tagger.tag_many(given))
    assert [one.id for one in reports] == ["a", "b"]
    assert "got a title that is an int, expected a str" in reports[1].warnings


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["a", "b"], r"got a list, .*; use tag_many\(\) for several"),
        (pd.Series(["a"]), r"got a Series, .*; use tag_many\(\)"),
        (pd.DataFrame({"summary": ["a"]}), r"got a DataFrame, .*; use to_frame\(\) for a table"),
        (b"a", r"got bytes, expected a text \(str\) or a Document; decode it first"),
        (None, r"got a missing value \(None\), expected a text"),
        (2.5, r"got a float, expected a text"),
        (Document("1", "", 3), r"got a Document whose text is an int, expected a str"),  # type: ignore[arg-type]
    ],
)
def test_one_text_is_asked_for(given: Any, message: str, toy_tagger: Tagger) -> None:
    with pytest.raises(InputError, match=message):
        toy_tagger.tag(given)


def test_a_document_has_its_own_title(toy_tagger: Tagger) -> None:
    with pytest.raises(InputError, match="got a Document and the title 'New'"):
        toy_tagger.tag(Document("1", "Old", PROJECT), title="New")


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (PROJECT, r"got one text \(str\), expected an iterable .*use tag\(\)"),
        (Document("1", "", "a"), r"got a Document, expected an iterable"),
        (pd.DataFrame({"summary": ["a"]}), r"got a DataFrame, .*use to_frame\(\)"),
        ({"a": PROJECT}, r"got a dict, expected an iterable .*use its values\(\)"),
        (3, r"got an int, expected an iterable"),
    ],
)
def test_many_texts_are_asked_for(given: Any, message: str, toy_tagger: Tagger) -> None:
    with pytest.raises(InputError, match=message):
        toy_tagger.tag_many(given)  # at once, and not when the first report is taken


# --- data frames


def projects() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "summary": [PROJECT, None, float("nan"), "", PROJECT, 7],
            "title": ["A", "B", None, "D", float("nan"), "F"],
            "year": [2014, 2015, 2016, 2017, 2018, 2018],
        },
        index=pd.MultiIndex.from_product([["x", "y"], [1, 2, 3]], names=["call", "n"]),
    )


def test_a_frame_comes_back_with_its_index(toy_tagger: Tagger) -> None:
    frame = projects()
    before = frame.copy(deep=True)
    found = toy_tagger.to_frame(frame, title="title")
    pd.testing.assert_index_equal(found.index, frame.index)
    pd.testing.assert_frame_equal(frame, before)
    joined = frame.join(found)
    assert len(joined) == len(frame)
    assert joined["year"].tolist() == frame["year"].tolist()


def test_a_row_says_what_its_report_says(toy_tagger: Tagger, taxonomy: Taxonomy) -> None:
    row = toy_tagger.to_frame(projects(), title="title").iloc[0]
    report = toy_tagger.tag(PROJECT, title="A")
    tagged = {tag.code for tag in report.tags}
    assert row["tags"].split() == [tag.code for tag in report.tags]
    assert (row["n_words"], row["model"]) == (report.n_words, "toy 1")
    for code in taxonomy.codes:
        assert row[f"probability_{code}"] == report.scores[code]
        assert row[f"answer_{code}"] == report.answers[code]
        assert row[f"tagged_{code}"] == (code in tagged)


def test_bad_rows_keep_their_places_and_count_for_nothing(toy_tagger: Tagger) -> None:
    found = toy_tagger.to_frame(projects())
    assert found["warnings"].ne("").tolist() == [False, True, True, True, False, True]
    assert found["warnings"].iloc[1].startswith("got a missing value (None)")
    assert found["warnings"].iloc[5].startswith("got an int, expected a text")
    bad = found.iloc[[1, 2, 3, 5]]
    assert (bad["tags"] == "").all()
    assert bad.filter(like="_S1").isna().all(axis=None)
    report = toy_tagger.tag(PROJECT)
    assert found["probability_S1"].mean() == pytest.approx(report.scores["S1"])
    assert found["tagged_S1"].mean() == float("S1" in {tag.code for tag in report.tags})


def test_answers_are_ordered(toy_tagger: Tagger) -> None:
    found = toy_tagger.to_frame(projects())
    answer = found["answer_S1"]
    assert answer.cat.categories.tolist() == list(ANSWERS)
    assert (answer.dropna() >= "not addressed").all()


def test_an_empty_frame_has_all_columns(toy_tagger: Tagger) -> None:
    full = toy_tagger.to_frame(projects())
    empty = toy_tagger.to_frame(projects().iloc[:0])
    assert len(empty) == 0
    assert empty.columns.tolist() == full.columns.tolist()
    names = ["model", "taxonomy"]  # categories are those that occur
    assert empty.drop(columns=names).dtypes.equals(full.drop(columns=names).dtypes)


def test_reports_of_any_documents_as_a_frame(toy_tagger: Tagger) -> None:
    documents = [Document("p7", "", PROJECT), Document("p3", "", "")]
    found = reports_to_frame(toy_tagger.tag_many(documents), toy_tagger.taxonomy)
    assert found.index.tolist() == ["p7", "p3"]
    assert found.loc["p3", "warnings"] == "the text is empty: there is nothing to tag"


@pytest.mark.parametrize(
    ("frame", "columns", "message"),
    [
        (projects(), {"text": "Sumary"}, r"got no column 'Sumary', expected one of: summary, title, year; did you mean 'summary'\?"),
        (projects(), {"title": "name"}, r"got no column 'name', expected one of: summary, title, year$"),
        (pd.DataFrame([["a", "b"]], columns=["summary", "summary"]), {}, r"got the column 'summary' 2 times"),
        (["a text"], {}, r"got list, expected a pandas\.DataFrame; use tag_many\(\)"),
        ({"summary": ["a"]}, {}, r"got dict, expected a pandas\.DataFrame"),
    ],
)  # fmt: skip
def test_frames_that_cannot_be_read(
    frame: Any, columns: dict[str, str], message: str, toy_tagger: Tagger
) -> None:
    with pytest.raises(InputError, match=message):
        toy_tagger.to_frame(frame, **columns)


def test_one_report_as_a_frame(report: Report, taxonomy: Taxonomy) -> None:
    found = report.to_frame()
    assert found.index.tolist() == list(taxonomy.codes)
    tags = {tag.code: tag for tag in report.tags}
    assert found.index[found["tagged"]].tolist() == list(tags)
    for code, row in found.iterrows():
        tag = tags.get(str(code))
        assert (row["label"], row["level"]) == (
            taxonomy[str(code)].label,
            taxonomy[str(code)].level,
        )
        assert row["probability"] == report.scores[str(code)]
        assert row["answer"] == report.answers[str(code)]
        assert row["best_sentence"] == (tag.best_sentence if tag else "")
        assert row["evidence"] == ([item.text for item in tag.evidence] if tag else [])


# --- looks


def test_a_report_prints_as_the_command_prints_it(report: Report, taxonomy: Taxonomy) -> None:
    stream = io.StringIO()
    load_writer("table")([report], stream, taxonomy)
    assert str(report) == stream.getvalue()
    assert "SYSTEMS" in str(report)


def test_short_forms_fit_on_a_line(report: Report, tagger: Tagger) -> None:
    assert re.fullmatch(r"<Report 'repair-cafes': S1 S2 .*>", repr(report))
    assert repr(tagger.tag("")) == "<Report '1': no tags>"
    assert repr(tagger) == "Tagger('ka2-minilm 0.1.0', 48 labels)"
    assert repr(tagger.taxonomy).startswith("Taxonomy(48 labels, fingerprint ")


def test_ipython_is_given_the_page(report: Report) -> None:
    printed: list[str] = []
    report._repr_pretty_(SimpleNamespace(text=printed.append), cycle=False)
    assert printed == [str(report).rstrip()]


class Page(HTMLParser):
    """Checks that elements close in order, and keeps what stands in them."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.names.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text += data


def test_notebooks_show_tags_evidence_and_definitions(report: Report, taxonomy: Taxonomy) -> None:
    page = Page(report._repr_html_())
    titles = [value for name, value in page.attributes if name == "title"]
    for tag in report.tags:
        assert f"{100 * tag.probability:.0f}%" in page.text
        assert all(item.text in page.text for item in tag.evidence)
        assert taxonomy[tag.code].definition in titles
    assert all(concept.label in page.text for concept in taxonomy.concepts)
    not_tagged = len(taxonomy) - len(report.tags)
    assert f"Not tagged: {not_tagged} labels" in page.text


def test_notebooks_get_nothing_that_runs_or_leaves_the_page(report: Report) -> None:
    html = report._repr_html_()
    page = Page(html)
    assert page.names <= {"div", "style", "p", "b", "span", "i", "details", "summary", "mark"}
    assert not any(
        name.startswith("on") or name in ("src", "href", "id") for name, _ in page.attributes
    )
    assert not re.search(r"https?:|url\(|@import|javascript:", html)


def test_styles_hold_inside_the_report_only(report: Report) -> None:
    style = re.sub(r"/\*.*?\*/", "", re.findall(r"<style>(.*?)</style>", report._repr_html_(), re.DOTALL)[0], flags=re.DOTALL)  # fmt: skip
    selectors = [one.strip() for one in re.findall(r"([^{}]+)\{", style)]
    assert len(selectors) > 20
    for selector in selectors:
        if not selector.startswith("@media"):
            assert all(one.strip().startswith(".ka2-report") for one in selector.split(",")), (
                selector
            )


def evil_report(taxonomy: Taxonomy, fingerprint: str) -> Report:
    evil = '<script>alert("x")</script><b>&amp;'
    evidence = (Evidence(0, len(evil), evil, 0.9, place=evil),)
    concept = taxonomy["S6"]
    tag = Tag("S6", concept.label, concept.level, 0.93, evidence)
    scores = dict.fromkeys(taxonomy.codes, 0.1) | {"S6": 0.93}
    answers = dict.fromkeys(taxonomy.codes, "not addressed") | {"S6": "addressed", "I9": "to check"}
    return Report(evil, evil, (tag,), scores, answers, evil, fingerprint, 5, 1, (evil,))


@pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")
@pytest.mark.parametrize(("width", "share"), [(360, 0.4), (1000, 0.35)])
def test_labels_have_room_in_narrow_notebooks(width: int, share: float, report: Report) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    with playwright.sync_playwright() as started:
        browser = started.chromium.launch(executable_path=BROWSER, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 800})
        page.set_content(report._repr_html_())
        widths = page.evaluate(
            """() => [".label", ".row"].map((name) =>
              document.querySelector(`.level ${name}`).getBoundingClientRect().width)"""
        )
        wide = page.evaluate("document.documentElement.scrollWidth")
        browser.close()
    assert wide <= width
    assert widths[0] >= share * widths[1]


def test_notebooks_escape_what_comes_from_documents(taxonomy: Taxonomy) -> None:
    report = evil_report(taxonomy, taxonomy.fingerprint)
    html = report._repr_html_()
    assert "<script" not in html
    assert "<b>&amp;" not in html
    assert Page(html).text.count(report.title) >= 5


def test_nothing_addressed_is_said(toy_tagger: Tagger) -> None:
    page = Page(toy_tagger.tag("")._repr_html_())
    assert "No aim of the taxonomy is addressed." in page.text
    assert "the text is empty: there is nothing to tag" in page.text


def test_labels_of_another_taxonomy_are_its_own(taxonomy: Taxonomy) -> None:
    turtle = taxonomy.turtle.replace("https://", "https://other.").replace(
        "Digital and open education", "Open lessons"
    )
    other = Taxonomy.parse(turtle)
    assert other.fingerprint != taxonomy.fingerprint
    report = Tagger(other, ToyEncoder(), make_heads(), "toy 1").with_threshold(0).tag(PROJECT)
    assert "Open lessons" in str(report)
    assert "Open lessons" in report._repr_html_()
    assert report.to_frame().loc["S6", "label"] == "Open lessons"


def test_reports_keep_to_their_language(toy_tagger: Tagger, taxonomy: Taxonomy) -> None:
    german = taxonomy.translated("de")
    report = toy_tagger.with_language("de").tag(PROJECT)
    assert report.to_frame()["label"].tolist() == [concept.label for concept in german.concepts]
    text = Page(report._repr_html_()).text
    assert all(concept.label in text for concept in german.concepts)
    untagged = [code for code in taxonomy.codes if code not in {tag.code for tag in report.tags}]
    assert german[untagged[0]].label != taxonomy[untagged[0]].label


def test_reports_of_a_taxonomy_that_is_not_here_say_what_they_know(taxonomy: Taxonomy) -> None:
    report = evil_report(taxonomy, "0123456789abcdef")
    frame = report.to_frame()
    assert frame.loc["S6", "label"] == "Digital and open education"
    assert frame.loc["I9", "label"] == "I9"
    assert frame.loc["S6", "tagged"]
    assert "Digital and open education" in str(report)
    assert "I9" in Page(report._repr_html_()).text


# --- a function a command


def test_reports_are_written_as_the_command_writes_them(tmp_path: Path, call: Call) -> None:
    tagger = Tagger.load("fast")
    source = EXAMPLES / "repair-cafes.txt"
    for name in ("a.jsonl", "a.json", "a.csv", "a.txt"):
        write_reports(tagger.tag_many(read_documents(source)), tmp_path / name, tagger.taxonomy)
    write_reports([], tmp_path / "odd.ending", tagger.taxonomy, format="json")
    assert json.loads((tmp_path / "odd.ending").read_text()) == []
    for name, kind in (
        ("a.jsonl", "jsonl"),
        ("a.json", "json"),
        ("a.csv", "csv"),
        ("a.txt", "table"),
    ):
        _, output, _ = call("tag", source, "--model", "fast", "-f", kind)
        assert (tmp_path / name).read_text(encoding="utf-8") == output
    with pytest.raises(InputError, match=r"got the format 'pdf', expected one of: table, json"):
        write_reports([], tmp_path / "a.pdf", tagger.taxonomy)
    with pytest.raises(InputError, match=r"got the output .*, which cannot be written"):
        write_reports([], tmp_path / "none" / "a.csv", tagger.taxonomy)


def test_a_file_that_fails_half_way_does_not_appear(tmp_path: Path, toy_tagger: Tagger) -> None:
    def breaks() -> Any:
        yield toy_tagger.tag(PROJECT)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_reports(breaks(), tmp_path / "a.jsonl", toy_tagger.taxonomy)
    assert list(tmp_path.iterdir()) == []


def test_a_tagger_is_evaluated_as_the_command_does(tmp_path: Path, call: Call, taxonomy: Taxonomy) -> None:  # fmt: skip
    gold = label_frame(labelled_frame(), taxonomy)
    write_labelled(gold, tmp_path / "gold.jsonl")
    tagger = Tagger.load("fast")
    evaluation = tagger.evaluate(tmp_path / "gold.jsonl")
    assert tagger.evaluate(gold) == evaluation
    _, output, _ = call("evaluate", tmp_path / "gold.jsonl", "--model", "fast", "-f", "json")
    assert json.loads(output) == json.loads(
        json.dumps({"model": tagger.name, **evaluation.to_dict()})
    )
    codes = pd.DataFrame(evaluation.codes)
    assert codes["code"].tolist() == list(taxonomy.codes)
    with pytest.raises(CorpusError, match="got no labelled document"):
        tagger.evaluate([])


def test_tables_are_scored_on_the_codes_that_they_judge(
    tmp_path: Path, call: Call, taxonomy: Taxonomy
) -> None:
    table = tmp_path / "gold.csv"
    labelled_frame().astype({"O2c": int}).to_csv(table, index_label="id")
    tagger = Tagger.load("fast")
    evaluation = tagger.evaluate(table)
    assert evaluation == tagger.evaluate(label_frame(labelled_frame(), taxonomy))
    assert evaluation.groups[-1].n_codes == 2
    assert [code.code for code in evaluation.codes if code.n_judged] == ["S6", "O2c"]
    code, output, _ = call("evaluate", table, "--model", "fast")
    assert code == 0
    assert "2 of 48 codes were judged; no other is scored" in output
    assert "framing aims" not in output
    assert "O2a" not in output
    annotations = ROOT / "corpus" / "annotations" / "rare.jsonl"
    with pytest.raises(CorpusError, match=r"rare\.jsonl with annotations by reference, expected"):
        tagger.evaluate(annotations)


def test_an_overview_is_what_the_command_writes(tmp_path: Path, call: Call) -> None:
    rows = [
        {
            "id": f"p{n}",
            "scores": {"S1": n / 10},
            "tags": ["S1"] if n > 4 else [],
            "year": str(2014 + n % 2),
        }
        for n in range(8)
    ]
    for name, some in (("new", rows), ("old", rows[:5])):
        write_archive(tmp_path / name, some, keep=["year"])
    page, tables = tmp_path / "page.html", tmp_path / "tables"
    code, _, error = call("report", tmp_path / "new", "--compare", tmp_path / "old", "-o", page, "--csv", tables)  # fmt: skip
    assert (code, error) == (0, "")
    overview = summarise_archive(tmp_path / "new", compare_with=str(tmp_path / "old"))
    assert repr(overview) == "<Overview of 8 projects>"
    assert overview.to_html() == page.read_text(encoding="utf-8")
    frames = overview.to_frames()
    assert set(frames) == {path.stem for path in tables.iterdir()}
    assert "comparison" in frames
    for name, frame in frames.items():
        written = pd.read_csv(tables / f"{name}.csv", keep_default_na=False)
        assert frame.columns.tolist() == written.columns.tolist()
        assert len(frame) == len(written)
    share = frames["outcomes"].set_index("code").loc["S1", "share"]
    assert share == pytest.approx(sum(range(8)) / 80, abs=1e-6)


def labelled_frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "summary": [PROJECT, "We train cooks. Pupils learn to bake bread for their town."],
            "S6": [1, 0],
            "O2c": [True, False],
            "year": [2014, 2015],
        },
        index=["a", "b"],
    )


def test_labels_come_from_a_frame(taxonomy: Taxonomy, tmp_path: Path) -> None:
    first, second = label_frame(labelled_frame(), taxonomy)
    assert first.document == Document("a", "", PROJECT)
    assert first.labels == {"S6", "O2", "O2c"}
    assert second.labels == frozenset()
    target = str(tmp_path / "corpus.jsonl")
    write_labelled([first, second], target)
    assert load_corpus(target, (), taxonomy).documents == tuple(read_labelled(target, taxonomy))


def test_frames_without_labels_are_refused(taxonomy: Taxonomy) -> None:
    with pytest.raises(CorpusError, match="got a data frame without a code"):
        label_frame(labelled_frame()[["summary"]], taxonomy)
    with pytest.raises(CorpusError, match="got values other than 0 and 1 in the column S6"):
        label_frame(labelled_frame().assign(S6=[2, 0]), taxonomy)
