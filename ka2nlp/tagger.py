"""The tagger: the one place where the stages are composed.

document → sentences → embeddings → sentence scores → document scores → decisions and evidence
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from ka2nlp.aggregation import answer, decide, raise_parents, rank_evidence, sigmoid, withhold
from ka2nlp.bundles import find_model, load_bundle
from ka2nlp.documents.given import as_document, as_documents
from ka2nlp.embeddings import Encoder
from ka2nlp.encoders import load_encoder
from ka2nlp.errors import CorpusError
from ka2nlp.heads import Heads, check_threshold, whole_text
from ka2nlp.languages import doubt_english
from ka2nlp.records import (
    ANSWERS,
    NOT_ADDRESSED,
    TO_CHECK,
    Document,
    Evidence,
    Report,
    Sentence,
    Tag,
)
from ka2nlp.second_stage import RELEVANT
from ka2nlp.sentences import split_sentences
from ka2nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    import pandas as pd
    from numpy.typing import NDArray

    from ka2nlp.evaluation import Evaluation
    from ka2nlp.labelled import LabelledDocument

__all__ = ["EncodedDocument", "Tagger", "encode_documents"]

DOCUMENTS_PER_BATCH: Final = 64
FEW_WORDS: Final = 20


@dataclass(frozen=True, slots=True)
class EncodedDocument:
    """A document with its sentences and their vectors.

    Parameters
    ----------
    document
        As it was read.
    sentences
        In the order of the text.
    vectors
        Of shape (n_sentences, dimension), float32.
    title
        Of shape (dimension,), float32; zeros where the document has no title.
    """

    document: Document
    sentences: list[Sentence]
    vectors: NDArray[np.float32]
    title: NDArray[np.float32]


def encode_documents(documents: Iterable[Document], encoder: Encoder) -> Iterator[EncodedDocument]:
    """Split and encode documents, lazily, in order and many at a time.

    While the encoder works on some, those before them are handed out and those after them are read
    and split. When reading fails, what was read before is handed out first.
    """
    pool = ThreadPoolExecutor(1)
    waiting: Iterator[EncodedDocument] = iter(())
    try:
        for batch in _split_batches(documents):
            lines = [line for _, _, of_document in batch for line in of_document]
            encoding = pool.submit(encoder.encode, lines)
            yield from waiting
            waiting = _encoded(batch, encoding)
        yield from waiting
    except Exception:
        yield from waiting
        raise
    finally:
        pool.shutdown(cancel_futures=True)


def _split_batches(
    documents: Iterable[Document],
) -> Iterator[list[tuple[Document, list[Sentence], list[str]]]]:
    """Give documents, their sentences, and the lines to encode: the title, then each sentence."""
    batch = []
    try:
        for document in documents:
            sentences = split_sentences(document.text)
            lines = [document.title, *(sentence.line for sentence in sentences)]
            batch.append((document, sentences, lines))
            if len(batch) == DOCUMENTS_PER_BATCH:
                yield batch
                batch = []
    except Exception:
        if batch:
            yield batch
        raise
    if batch:
        yield batch


def _encoded(
    batch: Iterable[tuple[Document, list[Sentence], list[str]]],
    encoding: Future[NDArray[np.float32]],
) -> Iterator[EncodedDocument]:
    """Wait for the vectors of a batch, and hand them out document by document."""
    vectors = encoding.result()
    at = 0
    for document, sentences, lines in batch:
        title = vectors[at] if document.title.strip() else np.zeros_like(vectors[at])
        yield EncodedDocument(document, sentences, vectors[at + 1 : at + len(lines)], title)
        at += len(lines)


class Tagger:
    """Reads project descriptions and reports which aims they address.

    Parameters
    ----------
    taxonomy
        The labels.
    encoder
        Sentences to vectors.
    heads
        Vectors to log odds.
    name
        What reports call the model.

    Examples
    --------
    >>> from ka2nlp import Tagger
    >>> tagger = Tagger.load()
    >>> text = "We train teachers from four countries to teach languages with tablets."
    >>> report = tagger.tag(text, title="Tablets in class")
    >>> "I9" in [tag.code for tag in report.tags]
    True
    """

    def __init__(self, taxonomy: Taxonomy, encoder: Encoder, heads: Heads, name: str) -> None:
        self.taxonomy = taxonomy
        self.encoder = encoder
        self.heads = heads
        self.name = name

    @classmethod
    def load(
        cls, model: Path | str | None = None, *, n_threads: int = 0, device: str = "cpu"
    ) -> Tagger:
        """Load a model that ships, or one from a folder.

        Parameters
        ----------
        model
            A folder or a name; the default model when left out.
        n_threads
            For the encoder; 0 takes one a core.
        device
            Where a transformer is computed: "cpu" or "cuda" (needs ``ka2nlp[train]``).

        Raises
        ------
        ModelError
            When it is missing or damaged, does not fit its taxonomy, or there is no such device.
        """
        with ThreadPoolExecutor() as pool:  # spaCy takes long to load: side by side with the rest
            pool.submit(split_sentences, "A. B.")
            bundle = load_bundle(find_model(model))
            folder, size = bundle.folder, bundle.heads.dimension
            encoder = load_encoder(folder, n_threads=n_threads, device=device, dimension=size)
        name = f"{bundle.manifest.name} {bundle.manifest.version}"
        return cls(bundle.taxonomy, encoder, bundle.heads, name)

    def with_threshold(self, threshold: float) -> Tagger:
        """Give a tagger that decides at one threshold in [0, 1] for all labels.

        A label is then addressed from it on; where a text serves no outcome, to check from it on.

        Raises
        ------
        ValueError
            When the threshold is no number in [0, 1].
        """
        check_threshold(threshold)
        cuts = np.full_like(self.heads.thresholds, threshold)
        heads = replace(self.heads, thresholds=cuts, lower=cuts, upper=cuts)
        return Tagger(self.taxonomy, self.encoder, heads, self.name)

    def __repr__(self) -> str:
        return f"Tagger({self.name!r}, {len(self.taxonomy)} labels)"

    def with_language(self, language: str) -> Tagger:
        """Give a tagger whose labels are in another language, by its tag, such as ``fr``.

        Raises
        ------
        TaxonomyError
            When there are no labels in the language.
        """
        return Tagger(self.taxonomy.translated(language), self.encoder, self.heads, self.name)

    def tag(self, text: str | Document, *, title: str = "") -> Report:
        """Tag one description; the same as ``tag_many`` of one.

        Parameters
        ----------
        text
            The description, or a document.
        title
            Of the project, where a text is given; it counts a little. A missing value is none.

        Raises
        ------
        InputError
            When what is given is neither a text nor a document, or the title is no text.
        """
        return next(self.tag_many([as_document(text, title=title)]))

    def tag_many(
        self, texts: Iterable[str | Document], *, doubts: bool = False
    ) -> Iterator[Report]:
        """Tag descriptions, lazily; one report each, in order, whatever they hold.

        Parameters
        ----------
        texts
            Texts, whose reports have their position, from 1, as identifier; or documents. What is
            neither (a missing value, say) gives a report without tags, and with a warning.
        doubts
            Whether reports also point at sentences for what is to check and no tag.

        Raises
        ------
        InputError
            When this is a single text, a table or a mapping.
        """
        encoded = encode_documents(as_documents(texts), self.encoder)
        return (self.report(one, doubts=doubts) for one in encoded)

    def to_frame(
        self, frame: pd.DataFrame, *, text: Hashable = "summary", title: Hashable | None = None
    ) -> pd.DataFrame:
        """Tag the rows of a pandas data frame.

        Parameters
        ----------
        frame
            One row a project.
        text, title
            Names of the columns that hold the descriptions and, if wanted, the titles.

        Returns
        -------
        pandas.DataFrame
            With the same index, so that ``frame.join`` puts both side by side; the columns are
            those of :func:`ka2nlp.reports.frames.reports_to_frame`. A row without a text keeps its
            place, with the reason in ``warnings``.

        Raises
        ------
        InputError
            When this is no pandas data frame, or has no such column.
        """
        from ka2nlp.documents.frames import read_frame
        from ka2nlp.reports.frames import reports_to_frame

        reports = self.tag_many(read_frame(frame, text=text, title=title))
        return reports_to_frame(reports, self.taxonomy).set_axis(frame.index)

    def evaluate(self, gold: Path | str | Sequence[LabelledDocument]) -> Evaluation:
        """Score the model on labelled descriptions; what ``ka2nlp evaluate`` does.

        Parameters
        ----------
        gold
            Labelled documents, or a file of them (JSON Lines, or a table with one column a code).
            Never those that the model was trained or tuned on. Only what was judged is scored.

        Raises
        ------
        CorpusError
            When the file cannot be read, or there is no document.
        """
        from ka2nlp.corpora import read_gold
        from ka2nlp.evaluation import evaluate_reports

        labelled = read_gold(gold, self.taxonomy) if isinstance(gold, (str, Path)) else gold
        if not labelled:
            raise CorpusError("got no labelled document, expected one or more")
        reports = self.tag_many(one.document for one in labelled)
        return evaluate_reports(labelled, reports, self.taxonomy)

    def report(self, encoded: EncodedDocument, *, doubts: bool = False) -> Report:
        """Classify a document that is split and encoded already."""
        heads, taxonomy, document = self.heads, self.taxonomy, encoded.document
        words = document.text.split()
        warnings = [*document.problems, *_warnings(document.text, len(words))]
        logits = heads.sentence_logits(encoded.vectors)
        if encoded.sentences:
            scores, relevance = heads.probabilities(
                encoded.vectors, encoded.title, whole_text(document), logits
            )
            scores = raise_parents(scores, taxonomy.parents)
            decided, positions = withhold(
                decide(scores, heads.thresholds.astype(np.float64), taxonomy.parents),
                answer(scores, heads.lower, heads.upper, taxonomy.parents),
                relevance >= RELEVANT,
            )
            answers = [ANSWERS[position] for position in positions]
            if relevance < RELEVANT:
                served = f"a project that serves any {taxonomy.noun}"
                warnings.append(f"the text does not read like {served}")
        else:
            scores = np.zeros(len(taxonomy))
            decided = np.zeros(len(taxonomy), dtype=bool)
            answers = [NOT_ADDRESSED] * len(taxonomy)
        reached = np.flatnonzero(decided)
        absent = np.flatnonzero(~decided).tolist()
        doubted = [at for at in absent if doubts and answers[at] == TO_CHECK]
        return Report(
            id=document.id,
            title=document.title,
            tags=self._tags(encoded, logits, reached, scores, answers),
            scores=dict(zip(taxonomy.codes, map(float, scores), strict=True)),
            answers=dict(zip(taxonomy.codes, answers, strict=True)),
            model=self.name,
            taxonomy=taxonomy.fingerprint,
            n_words=len(words),
            n_sentences=len(encoded.sentences),
            warnings=tuple(warnings),
            doubts=self._tags(encoded, logits, doubted, scores, answers),
        )

    def _tags(
        self,
        encoded: EncodedDocument,
        logits: NDArray[np.float32],
        columns: Sequence[int] | NDArray[np.intp],
        scores: NDArray[np.float64],
        answers: Sequence[str],
    ) -> tuple[Tag, ...]:
        """Say of some codes where the text shows them."""
        if not len(columns):
            return ()
        shown = raise_parents(sigmoid(logits), self.taxonomy.parents)
        return tuple(
            Tag(
                code=concept.code,
                label=concept.label,
                level=concept.level,
                probability=float(scores[column]),
                evidence=_evidence(encoded, best),
                answer=answers[column],
            )
            for column, best in zip(columns, rank_evidence(shown[:, columns]), strict=True)
            for concept in (self.taxonomy.concepts[column],)
        )


def _evidence(encoded: EncodedDocument, best: Iterable[tuple[int, float]]) -> tuple[Evidence, ...]:
    place_at = encoded.document.place_at
    return tuple(
        Evidence(
            sentence.start,
            sentence.end,
            sentence.text,
            score=score,
            place=place_at(sentence.start),
        )
        for row, score in best
        for sentence in (encoded.sentences[row],)
    )


def _warnings(text: str, n_words: int) -> list[str]:
    if n_words == 0:
        return ["the text is empty: there is nothing to tag"]
    warnings = []
    if n_words < FEW_WORDS:
        warnings.append(f"the text has {n_words} words: under {FEW_WORDS}, tags are unreliable")
    if doubt := doubt_english(text):
        warnings.append(f"the text {doubt}: the model reads English")
    return warnings
