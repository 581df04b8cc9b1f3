"""Another vocabulary in place of the one that ships: trained, saved, loaded, tagged and reported."""

from __future__ import annotations

import io
import json
import re
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import ROOT

from ka2nlp import Document, Tagger, Taxonomy, split_sentences
from ka2nlp.bundle_adaptation import adapt_bundle
from ka2nlp.bundle_training import train_bundle
from ka2nlp.bundles import load_bundle
from ka2nlp.duplicates import near_duplicates
from ka2nlp.errors import ModelError, TaxonomyError
from ka2nlp.evaluation import group_columns
from ka2nlp.labelled import LabelledDocument, read_labelled
from ka2nlp.reports import load_writer
from ka2nlp.training import Settings, TrainedHeads

Call = Callable[..., tuple[int, str, str]]

SCHEME = ROOT / "ka2nlp" / "data" / "priorities.ttl"
CORPUS = ROOT / "corpus" / "priorities" / "en.jsonl"
PROJECT = (
    "Pupils plant a hedge, study why bees and birds have become rare and learn what warms the "
    "climate. They ask the council to mow later. Teachers write a guide for other schools."
)


@pytest.fixture(scope="module")
def priorities() -> Taxonomy:
    return Taxonomy.load(SCHEME)


@pytest.fixture(scope="module")
def corpus(priorities: Taxonomy) -> list[LabelledDocument]:
    return read_labelled(CORPUS, priorities)


@pytest.fixture(scope="module")
def trained(
    tmp_path_factory: pytest.TempPathFactory,
    priorities: Taxonomy,
    corpus: list[LabelledDocument],
) -> tuple[Path, TrainedHeads]:
    folder = tmp_path_factory.mktemp("models") / "priorities"
    _, heads = train_bundle(
        corpus, folder, taxonomy=priorities, encoder="ka2-minilm", settings=Settings(n_folds=3)
    )
    return folder, heads


@pytest.fixture(scope="module")
def model(trained: tuple[Path, TrainedHeads]) -> Path:
    return trained[0]


def test_the_corpus_keeps_its_rules(corpus: list[LabelledDocument]) -> None:
    assert len({one.document.id for one in corpus}) == len(corpus) >= 120
    counts = Counter(code for one in corpus for code in one.labels)
    assert min(counts[code] for code in ("INC", "DIG", "ENV", "DEM")) >= 30
    n_none = sum(not one.labels for one in corpus)
    assert 0.15 < n_none / len(corpus) < 0.35
    assert sum(len(one.labels) > 1 for one in corpus) >= 30
    n_spans = n_sentences = 0
    for one in corpus:
        assert set(one.evidence) == set(one.labels) >= set(one.also)
        assert {"field", "style", "countries", "author"} <= one.document.metadata.keys()
        sentences = {(s.start, s.end) for s in split_sentences(one.document.text)}
        spans = {span for found in one.evidence.values() for span in found}
        assert max(map(len, one.evidence.values()), default=0) <= 3
        n_spans, n_sentences = n_spans + len(spans), n_sentences + len(spans & sentences)
    assert n_sentences >= 0.95 * n_spans
    assert near_duplicates([one.document.text for one in corpus], 0.05) == []


def test_it_learns(trained: tuple[Path, TrainedHeads]) -> None:
    first = trained[1].evaluate().groups[0]
    assert first.n_codes == 4
    assert first.micro_f1 is not None
    assert first.micro_f1 > 0.65


def test_the_bundle_carries_the_vocabulary(model: Path, priorities: Taxonomy) -> None:
    bundle = load_bundle(model)
    assert (model / "taxonomy.ttl").read_text() == SCHEME.read_text()
    assert "taxonomy.ttl" in bundle.manifest.files
    assert bundle.taxonomy == priorities
    assert bundle.manifest.taxonomy == priorities.fingerprint
    card = (model / "card.md").read_text()
    assert "4 codes of the taxonomy" in card
    assert "Horizontal priorities of Erasmus+ (2021-2027)" in card


def test_it_tags_with_its_own_labels(model: Path) -> None:
    tagger = Tagger.load(model)
    report = tagger.tag(Document("1", "Hedges", PROJECT))
    assert set(report.scores) == {"INC", "DIG", "ENV", "DEM"}
    assert max(report.scores, key=report.scores.__getitem__) == "ENV"
    assert {tag.code for tag in report.tags} == {"ENV", "DEM"}  # they ask the council, too
    environment = next(tag for tag in report.tags if tag.code == "ENV")
    assert environment.level == "horizontal"
    assert environment.best_sentence.startswith("Pupils plant a hedge")


@pytest.mark.parametrize(
    ("format", "part"),
    [
        ("table", "HORIZONTAL PRIORITIES"),
        ("jsonl", '"level": "horizontal"'),
        ("csv", "id,tags,to check,INC,DIG,ENV,DEM,evidence"),
    ],
)
def test_reports_follow_its_levels(model: Path, format: str, part: str) -> None:
    tagger, stream = Tagger.load(model), io.StringIO()
    load_writer(format)(
        tagger.tag_many([Document("1", "Hedges", PROJECT)]), stream, tagger.taxonomy
    )
    assert part in stream.getvalue()


def test_a_damaged_vocabulary_is_refused(model: Path, tmp_path: Path) -> None:
    import shutil

    copy = Path(shutil.copytree(model, tmp_path / "copy"))
    with (copy / "taxonomy.ttl").open("a") as stream:
        stream.write("# changed\n")
    with pytest.raises(ModelError, match=r"taxonomy\.ttl with other contents"):
        Tagger.load(copy)
    (copy / "taxonomy.ttl").unlink()
    with pytest.raises(ModelError, match=r"got no file taxonomy\.ttl"):
        Tagger.load(copy)


def test_the_model_does_not_fit_another_vocabulary(model: Path, taxonomy: Taxonomy) -> None:
    with pytest.raises(ModelError, match="for the taxonomy 2ee952faf74dffbe, expected 614626aa"):
        load_bundle(model, taxonomy)


def test_an_adapted_model_keeps_the_vocabulary(
    model: Path, tmp_path: Path, corpus: list[LabelledDocument]
) -> None:
    adapt_bundle(corpus[:30], tmp_path / "adapted", start=model)
    assert Tagger.load(tmp_path / "adapted").taxonomy.title.startswith("Horizontal priorities")


def test_labels_in_other_languages_go_with_the_model(
    tmp_path: Path, corpus: list[LabelledDocument]
) -> None:
    own = tmp_path / "own.ttl"
    own.write_text(SCHEME.read_text())
    (tmp_path / "own-labels.ttl").write_text(
        "@prefix p: <https://w3id.org/ka2nlp/priorities/> .\n"
        '@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\np:ENV skos:prefLabel "Umwelt"@de .\n'
    )
    train_bundle(
        corpus[:30], tmp_path / "m", taxonomy=Taxonomy.load(own), encoder="fast",
        settings=Settings(n_folds=3),
    )  # fmt: skip
    assert Tagger.load(tmp_path / "m").with_language("de").taxonomy["ENV"].label == "Umwelt"


def test_the_command_line(model: Path, call: Call, tmp_path: Path) -> None:
    assert call("corpus", "validate", CORPUS, "--taxonomy", SCHEME)[1].startswith("valid: 173")
    assert "expected an object" in call("corpus", "validate", CORPUS)[2]
    small = tmp_path / "small.jsonl"
    small.write_text("".join(CORPUS.read_text().splitlines(keepends=True)[:24]))
    target = tmp_path / "mine"
    code, output, _ = call(
        *("train", "--taxonomy", SCHEME, "--corpus", small, "--encoder", "fast", "-o", target)
    )
    assert (code, "cross-validated on 24 documents" in output) == (0, True)
    text = tmp_path / "hedges.txt"
    text.write_text(PROJECT)
    assert "ENV" in call("tag", text, "--model", model, "-f", "csv")[1].splitlines()[0]
    found = json.loads(call("evaluate", small, "--model", target, "-f", "json")[1])
    assert [one["code"] for one in found["codes"]] == ["INC", "DIG", "ENV", "DEM"]
    code, _, error = call(
        *("train", "--taxonomy", SCHEME, "--start", model, "--corpus", small, "-o", target)
    )
    assert (code, "expected it alone" in error) == (2, True)


def test_its_suggestions_do_not_mix_with_others_in_a_call(
    model: Path, call: Call, tmp_path: Path
) -> None:
    text = tmp_path / "hedges.txt"
    text.write_text(PROJECT)
    desk = ("--database-url", f"sqlite:///{tmp_path / 'desk.db'}")
    assert call("review", "create", "Spring", *desk)[0] == 0
    assert call("review", "add", "Spring", text, *desk)[0] == 0
    code, _, error = call("review", "suggest", "Spring", "--model", model, *desk)
    assert (code, "a model for other labels, expected one for those of" in error) == (2, True)
    code, output, _ = call("review", "suggest", "Spring", "--model", "fast", *desk)
    assert (code, "tagged 1 texts" in output) == (0, True)


def test_an_archive_and_its_page(model: Path, call: Call, tmp_path: Path) -> None:
    from ka2nlp.archives import tag_archive, write_long

    documents = [
        Document(str(number), f"Hedges {number}", PROJECT, {"year": 2021 + number % 2})
        for number in range(6)
    ]
    folder = tmp_path / "archive"
    summary = tag_archive(documents, folder, model=model, keep=["year"], n_workers=1)
    assert (summary.folder / "taxonomy.ttl").read_text() == SCHEME.read_text()
    write_long(folder, tmp_path / "long.csv")
    rows = (tmp_path / "long.csv").read_text("utf-8-sig").splitlines()
    assert len(rows) == 1 + 6 * 4
    assert "Environment and fight against climate change" in "".join(rows)
    code, _, error = call("report", folder, "-o", tmp_path / "page.html", "--model", model)
    assert (code, error) == (0, "")
    page = (tmp_path / "page.html").read_text()
    assert "Horizontal priorities of Erasmus+ (2021-2027)" in page
    assert "Key Action 2" not in page
    assert "Framing aims" not in page
    assert "How many projects address each label" in page
    said = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL)
    assert "outcome" not in said.lower()


def test_groups_follow_the_vocabulary(priorities: Taxonomy, taxonomy: Taxonomy) -> None:
    assert group_columns(priorities) == {"outcomes": [0, 1, 2, 3]}
    framing = {level.key for level in taxonomy.levels if level.framing}
    assert framing == {"practice", "reach", "challenge"}
    assert len(taxonomy.outcomes) == 24
    assert (priorities.noun, taxonomy.noun) == ("label", "outcome")


def test_a_vocabulary_needs_outcomes(priorities: Taxonomy) -> None:
    framing = "\npriorities:framing a skos:Collection ; skos:member priorities:horizontal .\n"
    with pytest.raises(TaxonomyError, match="all of whose levels are framing"):
        Taxonomy.parse(priorities.turtle + framing)
