"""``ka2nlp review`` and ``train --from-decisions``: from files to a call, and back to a model."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import EXAMPLES, PROJECT, ROOT

from ka2nlp import Document, Tagger, Taxonomy
from ka2nlp.archives import tag_archive
from ka2nlp.bundle_training import fingerprint_corpus
from ka2nlp.bundles import load_bundle
from ka2nlp.errors import ArchiveError, ConflictError
from ka2nlp.labelled import read_labelled
from ka2nlp.review import Store
from ka2nlp.review.archived import read_archived
from ka2nlp.review.assignments import assign, assignments_of, finish
from ka2nlp.review.calls import close_call, create_call
from ka2nlp.review.decisions import decide
from ka2nlp.review.exports import FORMATS
from ka2nlp.review.filling import suggest
from ka2nlp.review.outcomes import settled
from ka2nlp.review.proposals import add_documents, latest_text, list_proposals, list_texts
from ka2nlp.review.readings import find_call, latest_suggestions, user_named
from ka2nlp.review.records import EVALUATE, YES, Choice
from ka2nlp.review.users import add_user

Call = Callable[..., tuple[int, str, str]]
TAXONOMY = Taxonomy.load()


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A desk with the users anna and ben."""
    address = f"sqlite:///{tmp_path / 'desk.db'}"
    store = Store.open(address)
    with store.transaction() as session:
        for name in ("anna", "ben"):
            add_user(session, name, None, "evaluator")
    store.close()
    return address


@pytest.fixture
def review(call: Call, url: str) -> Call:
    """Run a review command on that desk."""
    return lambda verb, *words: call("review", verb, *words, "--database-url", url)


def decide_all(url: str, name: str, user: str, codes: dict[str, list[str]]) -> None:
    """Let a user decide the codes of each proposal, and finish it."""
    store = Store.open(url)
    with store.transaction() as session:
        found, who = find_call(session, name), user_named(session, user)
        for proposal in list_proposals(session, found.id, limit=1000):
            on_it = [
                one
                for one in assignments_of(session, who.id, found.id)
                if one.proposal_id == proposal.id
            ]
            task = on_it[0] if on_it else assign(session, proposal.id, who.id, EVALUATE)
            for code in codes.get(proposal.source_id, ()):
                decide(session, task.id, Choice(code, YES, ((0, 9),)), taxonomy=TAXONOMY)
            finish(session, task.id)
    store.close()


def test_a_call_from_beginning_to_end(review: Call, url: str, tmp_path: Path) -> None:
    files = [EXAMPLES / "repair-cafes.txt", EXAMPLES / "water-mains.txt"]
    assert review("create", "Spring 2027", "--each", 2)[1].startswith("created the call 'Spring")
    code, output, error = review("add", "Spring 2027", *files)
    assert (code, error) == (0, "")
    assert output.startswith("2 new proposals, 0 with a new text, 0 as they were")
    assert (
        "0 new proposals, 0 with a new text, 2 as they" in review("add", "Spring 2027", *files)[1]
    )
    assert "ka2-fast 0.1.0 tagged 2 texts" in review("suggest", "Spring 2027", "--model", "fast")[1]
    assert "tagged 0 texts" in review("suggest", "Spring 2027", "--model", "fast")[1]
    shared = review("assign", "Spring 2027", "anna", "Ben")[1]
    assert [line.split() for line in shared.splitlines() if line.split()[1:] == ["2"]] == [
        ["anna", "2"],
        ["Ben", "2"],
    ]
    decide_all(url, "Spring 2027", "anna", {"repair-cafes": ["S6", "S4"]})
    decide_all(url, "Spring 2027", "ben", {"repair-cafes": ["S6"]})
    assert "Spring 2027          2      4         4" in review("calls")[1]
    table = review("agreement", "Spring 2027")[1]
    assert "2 of 2 proposals finished" in table
    assert "anna, ben" in table
    assert "ka2-fast 0.1.0  everybody" in table
    figures = json.loads(review("agreement", "Spring 2027", "-f", "json")[1])
    assert figures["pairs"][0]["f1"] == pytest.approx(2 / 3)
    target = tmp_path / "labels.jsonl"
    code, output, error = review("export", "Spring 2027", "-f", "labelled", "-o", target)
    assert (code, output) == (0, f"wrote 1 proposals to {target}\n")
    assert error == "ka2nlp: left out repair-cafes: evaluators differ on S4\n"
    assert [one.document.id for one in read_labelled(target, TAXONOMY)] == ["water-mains"]


def test_to_label_studio_and_back(review: Call, url: str, tmp_path: Path) -> None:
    review("create", "Spring")
    review("add", "Spring", EXAMPLES / "repair-cafes.txt")
    decide_all(url, "Spring", "anna", {"repair-cafes": ["S6", "S4"]})
    tasks = tmp_path / "tasks.json"
    assert review("export", "Spring", "-f", "label-studio", "-o", tasks)[0] == 0
    code, output, _ = review("import", "Spring", tasks, "--user", "ben")
    assert code == 0
    assert output.startswith("ben has finished 1 proposals with 2 decisions; 0 spans")
    pair = json.loads(review("agreement", "Spring", "-f", "json")[1])["pairs"][0]
    assert pair["agreed"] == 1
    assert "got the user 'eve'" in review("import", "Spring", tasks, "--user", "eve")[2]


def test_every_format_is_offered(call: Call) -> None:
    output = call("review", "export", "--help")[1]
    assert "|".join(FORMATS) in "".join(output.split())


def test_reasons_are_told_once(review: Call, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    write_rows(rows, {f"p{number:02}": f"{PROJECT} {number}" for number in range(20)})
    review("create", "Spring")
    review("add", "Spring", rows)
    error = review("export", "Spring", "-f", "labelled", "-o", tmp_path / "a.jsonl")[2]
    assert error == "ka2nlp: left out p00, p01, p02 and 17 more: not finished\n"


def test_the_interface_is_printed(call: Call) -> None:
    code, output, _ = call("review", "interface")
    assert code == 0
    assert output.startswith("<View>")


def test_rows_that_cannot_be_read_are_told_and_left_out(review: Call, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    rows.write_text(json.dumps({"id": "a", "text": PROJECT}) + '\n{"id": "b", "text": ""}\n{]\n')
    review("create", "Spring")
    code, output, error = review("add", "Spring", rows)
    assert code == 0
    assert output.startswith("1 new proposals")
    assert "left out b: the text is empty" in error
    assert "left out rows:3: got a line that is not JSON" in error


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["add", "Autumn", "x.txt"],
            "got the call 'Autumn', which does not exist; there is Spring",
        ),
        (["create", "Spring"], "got the call 'Spring', which exists already"),
        (["add", "Spring", "nowhere.txt"], "got nowhere.txt, which does not exist"),
        (["assign", "Spring", "eve"], "got the user 'eve', who does not exist"),
        (["assign", "Spring", "anna", "--each", "2"], "got 2 evaluators a proposal out of 1 users"),
        (["export", "Spring", "-f", "csv", "-o", "no/such/folder.csv"], "which cannot be written"),
        (["import", "Spring", "nowhere.json", "--user", "anna"], "nowhere.json, which cannot be"),
    ],
)
def test_mistakes_get_one_line(review: Call, words: list[str], message: str) -> None:
    review("create", "Spring")
    code, output, error = review(*words)
    assert (code, output, error.count("\n")) == (2, "", 1)
    assert message in error


def write_rows(path: Path, texts: dict[str, str]) -> None:
    path.write_text("".join(json.dumps({"id": k, "text": v}) + "\n" for k, v in texts.items()))


def test_an_archive_brings_its_tags(review: Call, url: str, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    texts = {"a": PROJECT, "b": "Pupils plant trees. " + PROJECT, "empty": ""}
    write_rows(rows, texts)
    tag_archive([str(rows)], tmp_path / "archive", model="fast", n_workers=1)
    write_rows(rows, texts | {"b": "Pupils sing. " + PROJECT})
    review("create", "Spring")
    code, output, error = review("add", "Spring", tmp_path / "archive")
    assert code == 0
    assert error == "ka2nlp: left out empty: the text is empty: there is nothing to tag\n"
    assert output == (
        "2 new proposals, 0 with a new text, 0 as they were; 1 suggestions taken over\n"
    )
    store = Store.open(url)
    with store.reading() as session:
        (kept,) = latest_suggestions(session, find_call(session, "Spring").id).values()
    store.close()
    tagged: dict[str, Any] = Tagger.load("fast").tag(Document("a", "", PROJECT)).to_dict()
    assert kept.report["answers"] == tagged["answers"]
    assert kept.report["scores"] == pytest.approx(tagged["scores"], abs=2e-6)
    assert [tag["code"] for tag in kept.report["tags"]] == [tag["code"] for tag in tagged["tags"]]
    mine, theirs = kept.report["tags"][0], tagged["tags"][0]
    assert mine["evidence"][0]["text"] == theirs["evidence"][0]["text"]
    assert "tagged 1 texts" in review("suggest", "Spring", "--model", "fast")[1]


def added_again(
    folder: Path, review: Call, before: dict[str, str], after: dict[str, str]
) -> tuple[str, str]:
    """Tag rows, write other rows in their place, and add the archive: output and error."""
    rows = folder / "rows.jsonl"
    write_rows(rows, before)
    tag_archive([str(rows), str(rows)], folder / "archive", model="fast", n_workers=1)
    write_rows(rows, after)
    review("create", "Spring")
    code, output, error = review("add", "Spring", folder / "archive")
    assert code == 0
    return output, error


def test_rows_that_an_input_has_no_more_are_told(review: Call, tmp_path: Path) -> None:
    texts = {"a": PROJECT, "b": f"Pupils sing. {PROJECT}"}
    output, error = added_again(tmp_path, review, texts, {"a": PROJECT})
    assert output.startswith("1 new proposals")
    assert output.endswith("1 suggestions taken over\n")
    rows = tmp_path / "rows.jsonl"
    reason = f"got {rows} without row 2, which it had when it was tagged"
    assert error == f"ka2nlp: left out b: {reason}\n"


def test_rows_that_an_input_has_since_come_without_tags(review: Call, tmp_path: Path) -> None:
    texts = {"a": PROJECT, "b": f"Pupils sing. {PROJECT}"}
    output, error = added_again(tmp_path, review, {"a": PROJECT}, texts)
    assert (output[:15], error) == ("2 new proposals", "")
    assert output.endswith("1 suggestions taken over\n")


def test_an_input_that_could_not_be_tagged_is_told(review: Call, tmp_path: Path) -> None:
    good, bad = tmp_path / "good.txt", tmp_path / "bad.txt"
    good.write_text(PROJECT)
    bad.write_text(" ")
    tag_archive([str(good), str(bad)], tmp_path / "archive", model="fast", n_workers=1)
    review("create", "Spring")
    code, output, error = review("add", "Spring", tmp_path / "archive")
    assert code == 0
    assert output.startswith("1 new proposals")
    reason = f"{bad}: got an empty text, expected a project description"
    assert error == f"ka2nlp: left out {bad}:1: {reason}\n"
    bad.write_text(f"Pupils sing. {PROJECT}")
    assert review("add", "Spring", tmp_path / "archive")[1].startswith("1 new proposals")


def test_an_archive_of_documents_cannot_be_read_again(tmp_path: Path) -> None:
    tag_archive([Document("a", "", PROJECT)], tmp_path / "archive", model="fast", n_workers=1)
    with pytest.raises(ArchiveError, match="made of documents without a source"):
        next(read_archived(tmp_path / "archive", lambda source: iter(()), TAXONOMY))


def test_inputs_are_read_while_others_can_write(
    review: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(source: Path | str, **options: Any) -> Iterator[Document]:
        with closing(sqlite3.connect(tmp_path / "desk.db", timeout=0)) as other:
            other.execute("BEGIN IMMEDIATE")
        yield Document("a", "", PROJECT)

    monkeypatch.setattr("ka2nlp.cli.inputs.read_documents", read)
    review("create", "Spring")
    code, output, error = review("add", "Spring", "rows.jsonl")
    assert (code, error) == (0, "")
    assert output.startswith("1 new proposals")


@pytest.mark.parametrize("name", ["Round 2 [pilot]", "Round 2 [/final]", "Round :two:"])
def test_names_stand_in_tables_as_they_are(review: Call, name: str) -> None:
    review("create", name)
    code, output, error = review("calls")
    assert (code, error) == (0, "")
    assert name in output


def test_a_changed_text_is_a_new_version(review: Call, url: str, tmp_path: Path) -> None:
    rows = tmp_path / "rows.jsonl"
    review("create", "Spring")
    for text in (PROJECT, "Pupils sing. " + PROJECT):
        write_rows(rows, {"a": text})
        output = review("add", "Spring", rows)[1]
    assert output.startswith("0 new proposals, 1 with a new text")
    store = Store.open(url)
    with store.reading() as session:
        (proposal,) = list_proposals(session, find_call(session, "Spring").id)
        assert len(list_texts(session, proposal.id)) == 2
        assert latest_text(session, proposal.id).text.startswith("Pupils sing.")
    store.close()


FEW = frozenset({"S6", "I9", "O2", "O2c", "P1"})  # of all codes, training would take a minute
AUTHORED = [
    replace(one, labels=one.labels & FEW)
    for one in read_labelled(ROOT / "corpus" / "authored" / "en.jsonl", TAXONOMY)[:26]
]


@pytest.fixture
def decided(url: str) -> str:
    """The desk with the call "learnt": 25 descriptions of ours decided as labelled, one open."""
    store = Store.open(url)
    with store.transaction() as session:
        call = create_call(session, "learnt").id
        added = add_documents(session, call, (one.document for one in AUTHORED))
        anna = user_named(session, "anna").id
        for proposal, one in list(zip(added, AUTHORED, strict=True))[1:]:
            task = assign(session, proposal.id, anna, EVALUATE).id
            for code in sorted(one.labels):
                choice = Choice(code, YES, tuple(one.evidence[code]))
                decide(session, task, choice, taxonomy=TAXONOMY)
            finish(session, task)
    store.close()
    return url


def test_a_model_is_trained_from_decisions(call: Call, decided: str, tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="comes with the learn extra")
    store = Store.open(decided)
    with store.reading() as session:
        found = settled(session, find_call(session, "learnt").id, TAXONOMY)
    store.close()
    for ours, one in zip(AUTHORED[1:], found.documents, strict=True):
        assert (one.document.text, one.labels) == (ours.document.text, ours.labels)
        assert one.evidence == {code: tuple(sorted(ours.evidence[code])) for code in ours.labels}
    where = ["--from-decisions", decided, "--call", "learnt"]
    target = tmp_path / "mine"
    code, output, error = call("train", *where, "--encoder", "ka2-fast", "-o", target)
    assert (code, "wrote" in output) == (0, True)
    assert "learnt: 25 proposals are settled, 1 not" in error
    bundle = load_bundle(target, TAXONOMY)
    assert bundle.manifest.training_data["fingerprint"] == fingerprint_corpus(
        sorted(found.documents, key=lambda one: one.document.id)
    )
    assert Tagger.load(target).tag(AUTHORED[1].document).tags


def test_a_model_is_adapted_to_decisions(call: Call, decided: str, tmp_path: Path) -> None:
    pytest.importorskip("sklearn", reason="comes with the learn extra")
    where = ["--from-decisions", decided, "--call", "learnt"]
    target = tmp_path / "fitted"
    assert call("train", *where, "--start", "ka2-fast", "-o", target)[0] == 0
    data = load_bundle(target, TAXONOMY).manifest.training_data
    assert data["adapted_to"]["n_documents"] == 25  # type: ignore[index]


def test_no_password_stands_in_the_manifest(monkeypatch: pytest.MonkeyPatch) -> None:
    from ka2nlp.cli.train import without_password

    url = "postgresql://ann:secret@host/desk?sslmode=require"
    words = ["train", "--from-decisions", url, f"--from-decisions={url}", "--call", "x"]
    shown = without_password(words, url)
    assert shown[2] == "postgresql://host/desk"
    assert "secret" not in " ".join(shown)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "got nothing to learn from, expected --corpus, or --from-decisions and --call"),
        (["--from-decisions", "sqlite:///desk.db"], "expected --corpus, or --from-decisions and"),
        (["--corpus", "a.jsonl", "--call", "x"], "expected --corpus, or --from-decisions and"),
        (["--from-decisions", "sqlite:///no/desk.db", "--call", "x"], "no/desk.db"),
    ],
)
def test_a_call_to_train_that_makes_no_sense(
    call: Call, tmp_path: Path, words: list[str], message: str
) -> None:
    code, _, error = call("train", *words, "-o", tmp_path / "mine")
    assert code == 2
    assert message in error


def test_suggestions_hold_the_sentences_nearest_to_what_is_to_check(
    store: Store, toy_tagger: Tagger
) -> None:
    document = Document("p0", "", PROJECT)
    with store.transaction() as session:
        number = create_call(session, "Spring").id
        add_documents(session, number, [document])
    suggest(store, number, toy_tagger)
    (report,) = toy_tagger.tag_many([document], doubts=True)
    assert report.doubts
    with store.reading() as session:
        (kept,) = latest_suggestions(session, number).values()
    assert kept.report["doubts"] == [tag.to_dict() for tag in report.doubts]


def test_an_interrupted_run_of_suggestions_goes_on(store: Store, toy_tagger: Tagger) -> None:
    with store.transaction() as session:
        number = create_call(session, "Spring").id
        add_documents(session, number, [Document(f"p{k}", "", f"{PROJECT} {k}") for k in range(40)])

    def stop(message: str, share: float | None = None) -> None:
        if share:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        suggest(store, number, toy_tagger, stop)
    with store.reading() as session:
        kept = len(latest_suggestions(session, number))
    assert 0 < kept < 40
    assert suggest(store, number, toy_tagger) == 40 - kept


@pytest.mark.parametrize("late", [False, True])
def test_a_closed_call_gets_no_suggestions(store: Store, toy_tagger: Tagger, late: bool) -> None:
    with store.transaction() as session:
        number = create_call(session, "Spring").id
        add_documents(session, number, [Document("p0", "", PROJECT)])

    def close(message: str = "", share: float | None = None) -> None:
        with store.transaction() as session:
            close_call(session, number)

    if not late:
        close()
    with pytest.raises(ConflictError, match="got the call 'Spring', which is closed"):
        suggest(store, number, toy_tagger, close)
    with store.reading() as session:
        assert latest_suggestions(session, number) == {}
