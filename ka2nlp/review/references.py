"""Settled proposals as annotations by reference: outcomes in, lines of a corpus out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ka2nlp.annotations import Annotation, Shown, fingerprint_sentence
from ka2nlp.labelled import Span, overlaps
from ka2nlp.records import Sentence
from ka2nlp.review.outcomes import Outcome
from ka2nlp.sentences import split_sentences

__all__ = ["refer"]

_BEST = 3


def refer(outcome: Outcome) -> Annotation | None:
    """Write a settled proposal as an annotation by reference.

    The sentences of a label are those that share half of the shorter with a span of its evidence,
    the first three as its best and the others as also showing it. The annotators stand as "u7", by
    their numbers, for a corpus is made to be passed on.

    Returns
    -------
    Annotation or None
        None where a label has no sentence, which a corpus cannot hold.
    """
    document = outcome.labelled.document
    sentences = split_sentences(document.text)
    named: dict[str, Span] = {}
    labels: dict[str, Shown] = {}
    for code in sorted(outcome.labelled.labels):
        shown = _shown(sentences, outcome.labelled.evidence.get(code, ()))
        if not shown:
            return None
        for sentence in shown:
            named.setdefault(fingerprint_sentence(sentence.text), (sentence.start, sentence.end))
        keys = list(dict.fromkeys(fingerprint_sentence(one.text) for one in shown))
        labels[code] = Shown(tuple(keys[:_BEST]), tuple(keys[_BEST:]))
    return Annotation(
        document.id,
        outcome.text.fingerprint,
        "+".join(f"u{number}" for number in outcome.by),
        outcome.finished.date().isoformat(),
        dict(sorted(named.items(), key=lambda item: item[1])),
        labels,
    )


def _shown(sentences: Sequence[Sentence], spans: Iterable[Span]) -> list[Sentence]:
    """Give the sentences that spans point at: by span, and then in the order of the text."""
    found = [
        sentence
        for span in spans
        for sentence in sentences
        if overlaps((sentence.start, sentence.end), span)
    ]
    return list(dict.fromkeys(found))
