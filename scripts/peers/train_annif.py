"""Annif (National Library of Finland): one of its projects, or the ensemble of three.

Two things differ from Annif as it comes, and neither to its harm. Its analyzers cut words with data
of NLTK that they download; ours cuts them with a regular expression and then does what Annif's
Snowball analyzer does. Its Omikuji backend finds ten labels a document, and our documents have some
sixteen; here it finds all.
"""

from __future__ import annotations

import re
from functools import partialmethod

import exchange
import numpy as np
import omikuji
from annif.analyzer import register_analyzer
from annif.analyzer.snowball import SnowballAnalyzer
from annif.corpus import Document, DocumentList, SubjectSet
from annif.registry import AnnifRegistry
from annif.vocab import VocabFileSKOS
from nltk.stem.snowball import SnowballStemmer

PROJECTS = """
[tfidf]
language = "en"
vocab = "ka2"
backend = "tfidf"
analyzer = "regular(english)"

[omikuji]
language = "en"
vocab = "ka2"
backend = "omikuji"
analyzer = "regular(english)"
ngram = 2
min_df = 5

[mllm]
language = "en"
vocab = "ka2"
backend = "mllm"
analyzer = "regular(english)"

[ensemble]
language = "en"
vocab = "ka2"
backend = "ensemble"
sources = "tfidf:1,omikuji:2,mllm:1"
"""
SOURCES = {"ensemble": ["tfidf", "omikuji", "mllm"]}

BEAM = 100  # Omikuji gives no more labels than this

SENTENCE_END = re.compile(r"(?<=[.!?])\s+|\n+")
WORD = re.compile(r"\w+(?:[-'’]\w+)*")


class RegularAnalyzer(SnowballAnalyzer):
    """Annif's Snowball analyzer with words and sentences cut by regular expressions."""

    name = "regular"

    def __init__(self, param: str) -> None:  # not that of Annif, which downloads
        self.param = param
        self.stemmer = SnowballStemmer(param)

    def tokenize_sentences(self, text: str) -> list[str]:
        return SENTENCE_END.split(text)

    def tokenize_words(self, text: str, filter: bool = True) -> list[str]:
        words = WORD.findall(text)
        return [self._normalize_word(w) for w in words if not filter or self.is_valid_token(w)]


def fit(task: exchange.Task) -> exchange.Scorer:
    np.random.seed(0)  # noqa: NPY002 - MLLM draws from the global generator
    register_analyzer(RegularAnalyzer)
    omikuji.Model.predict = partialmethod(omikuji.Model.predict, beam_size=BEAM)
    projects = task.folder / "projects.toml"
    projects.write_text(PROJECTS, encoding="utf-8")
    registry = AnnifRegistry(str(projects), str(task.model), init_projects=False)
    vocabulary = registry.get_vocab("ka2")
    vocabulary.load_vocabulary(VocabFileSKOS(str(task.vocabulary)))
    columns = np.array([vocabulary.subjects.by_uri(label["uri"]) for label in task.labels])
    documents = [
        Document(text, SubjectSet(columns[ticked].tolist()))
        for text, ticked in zip(task.texts, task.truth, strict=True)
    ]
    backend = task.settings["backend"]
    for name in SOURCES.get(backend, [backend]):
        registry.get_project(name).train(DocumentList(documents), jobs=1)
    for leftover in task.model.glob("projects/*/*-train*"):  # not part of the model
        leftover.unlink()

    def score(texts: list[str]) -> np.ndarray:
        batch = registry.get_project(backend).suggest([Document(text) for text in texts])
        return batch.array.toarray()[:, columns]

    return score


if __name__ == "__main__":
    exchange.run(fit)
