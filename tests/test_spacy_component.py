"""The component beside what spaCy expects of one: offsets, batches, other components, storage."""

from __future__ import annotations

import os
import pickle
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import spacy
from conftest import EXAMPLES, PROJECT, ROOT
from spacy import displacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span

import ka2nlp.spacy_component as component
from ka2nlp import Report, Tagger
from ka2nlp.bundles import find_model
from ka2nlp.errors import ModelError

TEXT = (EXAMPLES / "repair-cafes.txt").read_text(encoding="utf-8")


def pipeline(**config: Any) -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("ka2nlp", config={"model": "fast", **config})
    return nlp


@pytest.fixture(scope="module")
def nlp() -> Language:
    return pipeline()


@pytest.fixture(scope="module")
def doc(nlp: Language) -> Doc:
    return nlp(TEXT)


@pytest.fixture(scope="module")
def report() -> Report:
    return Tagger.load("fast").tag(TEXT)


def test_spacy_finds_the_component_by_its_entry_point(tmp_path: Path) -> None:
    """As an installation has it; and a pipeline without ka2nlp does not pay for it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    points = project["entry-points"]["spacy_factories"]
    metadata = tmp_path / "ka2nlp-0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: ka2nlp\nVersion: 0\n")
    lines = [f"{name} = {target}" for name, target in points.items()]
    (metadata / "entry_points.txt").write_text("\n".join(["[spacy_factories]", *lines]) + "\n")
    code = """import spacy, sys
nlp = spacy.blank("en")
assert not {"ka2nlp.tagger", "ka2nlp.bundles", "onnxruntime", "tokenizers"} & set(sys.modules)
nlp.add_pipe("ka2nlp", config={"model": "fast"})
print(len(nlp("We train teachers.").cats))"""
    path = os.pathsep.join(map(str, (tmp_path, ROOT)))
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path},
        cwd=tmp_path,
    )
    assert (done.stdout, done.returncode) == ("48\n", 0), done.stderr


def test_a_doc_says_what_the_tagger_says(doc: Doc, report: Report) -> None:
    assert doc._.ka2 == report
    assert doc.cats == report.scores
    shown = [tag.code for tag in report.tags for _ in tag.evidence]
    spans = doc.spans["ka2"]
    assert [span.label_ for span in spans] == shown
    scores = [item.score for tag in report.tags for item in tag.evidence]
    assert spans.attrs["scores"].tolist() == scores


def test_a_title_counts_as_it_does_for_the_tagger(nlp: Language) -> None:
    titled = nlp.make_doc(TEXT)
    titled.user_data["title"] = "Mending Matters"
    first, second = nlp.pipe([titled, TEXT])
    assert first._.ka2 == Tagger.load("fast").tag(TEXT, title="Mending Matters")
    assert second._.ka2.title == ""


@pytest.mark.parametrize(
    "text", [TEXT, PROJECT, "  \n• First:we train teachers.Then,schools!\n\n— Last"]
)
def test_spans_cover_their_evidence_and_no_token_more(nlp: Language, text: str) -> None:
    doc = nlp(text)
    evidence = [item for tag in doc._.ka2.tags for item in tag.evidence]
    assert len(doc.spans["ka2"]) == len(evidence) > 0
    for span, item in zip(doc.spans["ka2"], evidence, strict=True):
        assert span.start_char <= item.start < item.end <= span.end_char
        assert item.start < span[0].idx + len(span[0])
        assert item.end > span[-1].idx
        assert item.text in span.text


def test_threshold_and_key(report: Report) -> None:
    doc = pipeline(threshold=0.9, spans_key="evidence")(TEXT)
    expected = Tagger.load("fast").with_threshold(0.9).tag(TEXT)
    assert doc._.ka2 == expected != report
    assert {span.label_ for span in doc.spans["evidence"]} == {tag.code for tag in expected.tags}
    assert "ka2" not in doc.spans


@pytest.mark.parametrize("text", ["", " ", "Kurz"])
def test_little_text(nlp: Language, text: str) -> None:
    doc = nlp(text)
    assert len(doc.cats) == 48
    assert doc._.ka2.warnings


def test_docs_that_were_not_tagged_have_no_report() -> None:
    assert spacy.blank("en")("A text")._.ka2 is None


def test_what_other_components_found_stays(report: Report) -> None:
    nlp = spacy.blank("en")
    ruler: Any = nlp.add_pipe("entity_ruler")
    ruler.add_patterns([{"label": "PLACE", "pattern": "Portugal"}])
    nlp.add_pipe("sentencizer")

    @Language.component("made_up_textcat")  # type: ignore[untyped-decorator]
    def put(doc: Doc) -> Doc:
        doc.cats["GREEN"] = 0.5
        doc.spans["ruler"] = [Span(doc, 0, 2, label="X")]
        return doc

    nlp.add_pipe("made_up_textcat")
    nlp.add_pipe("ka2nlp", config={"model": "fast"})
    nlp.add_pipe("made_up_textcat", name="after")
    doc = nlp(TEXT)
    assert doc.cats == {**report.scores, "GREEN": 0.5}
    assert [ent.text for ent in doc.ents] == ["Portugal"]
    assert set(doc.spans) == {"ka2", "ruler"}
    assert doc._.ka2 == report
    assert nlp.analyze_pipes()["summary"]["ka2nlp"]["assigns"] == [
        "doc.cats",
        "doc.spans",
        "doc._.ka2",
    ]


@pytest.mark.parametrize("batch_size", [1, 2, 100])
def test_many_docs(nlp: Language, report: Report, batch_size: int) -> None:
    texts = [TEXT, "", "Schools work.", TEXT]
    docs = list(nlp.pipe(texts, batch_size=batch_size))
    assert [doc.text for doc in docs] == texts
    assert docs[0]._.ka2.scores == docs[3]._.ka2.scores == report.scores
    assert docs[2]._.ka2.scores == nlp("Schools work.")._.ka2.scores


def test_batches_are_tagged_together(nlp: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    encoder = nlp.get_pipe("ka2nlp").tagger.encoder
    encode = encoder.encode

    def watched(texts: Any) -> Any:
        sizes.append(len(texts))
        return encode(texts)

    monkeypatch.setattr(encoder, "encode", watched)
    list(nlp.pipe(["Schools work."] * 10, batch_size=5))
    assert sizes == [10, 10]  # a title and a sentence each, five docs at a time


def test_tuples_keep_their_context(nlp: Language) -> None:
    pairs = list(nlp.pipe([("Schools work.", 1), ("We train.", 2)], as_tuples=True))
    assert [context for _, context in pairs] == [1, 2]


@pytest.mark.parametrize("model", ["fast", "default"])
def test_two_processes(model: str) -> None:
    """After a first use, so that threads of the encoder are there that no fork takes along."""
    nlp = pipeline(model=model)
    here = nlp(PROJECT)._.ka2
    docs = list(nlp.pipe([PROJECT, "Schools work."] * 2, n_process=2, batch_size=1))
    assert [doc.text for doc in docs] == [PROJECT, "Schools work."] * 2
    assert docs[2]._.ka2 == here
    assert [span.label_ for span in docs[2].spans["ka2"]] == [
        tag.code for tag in here.tags for _ in tag.evidence
    ]


def test_docs_go_into_bytes_and_bins(doc: Doc, nlp: Language, report: Report) -> None:
    again = Doc(nlp.vocab).from_bytes(doc.to_bytes())
    stored = DocBin(store_user_data=True, docs=[doc]).to_bytes()
    (binned,) = DocBin().from_bytes(stored).get_docs(nlp.vocab)
    for one in (again, binned):
        assert one._.ka2 == report
        assert len(one.spans["ka2"]) == len(doc.spans["ka2"])


def test_a_pipeline_comes_back_from_disk(nlp: Language, tmp_path: Path, report: Report) -> None:
    nlp.to_disk(tmp_path)
    files = [path.name for path in (tmp_path / "ka2nlp").iterdir()]
    assert files == ["settings.json"]
    assert spacy.load(tmp_path)(TEXT)._.ka2 == report


def test_a_pipeline_comes_back_from_bytes_and_pickles(nlp: Language, report: Report) -> None:
    data = nlp.to_bytes()
    assert pipeline().from_bytes(data)(TEXT)._.ka2 == report
    tagger = pickle.dumps(nlp.get_pipe("ka2nlp"))
    assert len(tagger) < 1000
    assert pickle.loads(tagger)(nlp.make_doc(TEXT))._.ka2 == report  # noqa: S301


def test_another_model_is_refused(nlp: Language) -> None:
    data = nlp.to_bytes()
    with pytest.raises(
        ModelError, match=r"saved with ka2-fast 0\.1\.0 .* but 'default' is ka2-min"
    ):
        pipeline(model="default").from_bytes(data)


def test_a_changed_model_is_refused(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(find_model("fast"), tmp_path / "mine"))
    nlp = pipeline(model=str(folder))
    nlp.to_disk(tmp_path / "saved")
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text() + "\n")
    with pytest.raises(ModelError, match=r"install that model, or add the pipe again"):
        spacy.load(tmp_path / "saved")


@pytest.mark.parametrize(
    ("config", "error", "message"),
    [
        ({"model": "none"}, ModelError, "got the model 'none'"),
        ({"threshold": 2.0}, ValueError, r"got the threshold 2\.0, expected a probability"),
    ],
)
def test_wrong_settings(config: dict[str, Any], error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        pipeline(**config)


def test_displacy_shows_the_spans_in_the_colours_of_levels(doc: Doc) -> None:
    options = component.displacy_options()
    html = displacy.render(doc, style="span", options=options, jupyter=False)
    colours = options["colors"]
    assert len(colours) == 48
    assert colours["S6"] != colours["O2"] != colours["I9"]
    for label in {span.label_ for span in doc.spans["ka2"]}:
        assert re.search(rf"background: {colours[label]}[^>]*>\s*{label}\s*<", html)


def test_labels(nlp: Language) -> None:
    assert len(nlp.pipe_labels["ka2nlp"]) == 48


def test_reports_of_docs_show_themselves(doc: Doc) -> None:
    assert doc._.ka2._repr_html_().startswith('<div class="ka2-report">')
    assert doc._.ka2.to_frame().shape == (48, 7)
