"""The tagger as a component of spaCy pipelines: docs in, with aims and evidence on them out.

::

    nlp = spacy.blank("en")
    nlp.add_pipe("ka2nlp", config={"model": "fast"})
    doc = nlp("We train teachers ...")
    doc.cats["O2"]          # probability of every code, beside what other components put there
    doc.spans["ka2"]        # the sentences that show the tags; their labels are the codes
    doc._.ka2               # the report

A title counts a little; it is read from ``doc.user_data["title"]``, as displaCy reads it.

spaCy knows the component by an entry point: nothing of ka2nlp needs to be imported. It imports this
module whenever it makes a pipeline, ours or not: what takes long is imported when it is used.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Optional

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc, SpanGroup
from spacy.util import minibatch

from ka2nlp.errors import ModelError
from ka2nlp.records import Document, Evidence, Report, Tag
from ka2nlp.reports.colours import level_colours
from ka2nlp.taxonomy import Taxonomy

if TYPE_CHECKING:
    from ka2nlp.tagger import Tagger

__all__ = ["SPANS_KEY", "Ka2Component", "displacy_options", "make_component"]

SPANS_KEY: Final = "ka2"
_STORED: Final = "ka2nlp"
"""Key of the report in ``doc.user_data``, which is plain data: a doc must fit into bytes."""

_TITLE: Final = "title"
"""Key of the title in ``doc.user_data``, where displaCy looks for it too."""

_SETTINGS: Final = "settings.json"
_BATCH: Final = 128


class Ka2Component:
    """Tags docs; see :func:`make_component`.

    Parameters
    ----------
    model
        A name or a folder.
    threshold
        In [0, 1], for all codes; the model's own thresholds where None.
    n_threads
        For the encoder; 0 takes one a core.
    spans_key
        Key of the evidence in ``doc.spans``.

    Raises
    ------
    ModelError
        When the model is missing, damaged or made for another taxonomy.
    ValueError
        When the threshold is outside [0, 1].
    """

    def __init__(self, model: str, threshold: float | None, n_threads: int, spans_key: str) -> None:
        self.model = model
        self.threshold = threshold
        self.n_threads = n_threads
        self.spans_key = spans_key
        self._tagger = self._load()
        self._process = os.getpid()

    @property
    def tagger(self) -> Tagger:
        """What tags; loaded anew in a process that was forked, where threads are gone."""
        if self._process != os.getpid():
            self._tagger, self._process = self._load(), os.getpid()
        return self._tagger

    @property
    def labels(self) -> tuple[str, ...]:
        """The codes."""
        return self.tagger.taxonomy.codes

    def _load(self) -> Tagger:
        from ka2nlp.tagger import Tagger

        tagger = Tagger.load(self.model, n_threads=self.n_threads)
        return tagger if self.threshold is None else tagger.with_threshold(self.threshold)

    def __call__(self, doc: Doc) -> Doc:
        """Tag one doc; the same as ``pipe`` of one."""
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = _BATCH) -> Iterator[Doc]:
        """Tag docs, lazily, in order and many at a time."""
        for docs in minibatch(stream, size=batch_size):
            documents = (
                Document(str(n), doc.user_data.get(_TITLE) or "", doc.text)
                for n, doc in enumerate(docs, start=1)
            )
            for doc, report in zip(docs, self.tagger.tag_many(documents), strict=True):
                yield self._put(doc, report)

    def _put(self, doc: Doc, report: Report) -> Doc:
        doc.cats.update(report.scores)
        shown = [(item, tag.code) for tag in report.tags for item in tag.evidence]
        doc.spans[self.spans_key] = SpanGroup(
            doc,
            name=self.spans_key,
            attrs={"scores": np.array([item.score for item, _ in shown])},
            spans=[
                doc.char_span(item.start, item.end, label=code, alignment_mode="expand")
                for item, code in shown
            ],
        )
        doc.user_data[_STORED] = asdict(report)
        return doc

    def _settings(self) -> dict[str, Any]:
        from ka2nlp.bundles import bundle_digest, find_model

        return {
            "model": self.tagger.name,
            "fingerprint": bundle_digest(find_model(self.model)),
            "taxonomy": self.tagger.taxonomy.fingerprint,
        }

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """Say which model this is; its weights stay where they are."""
        return json.dumps(self._settings(), indent=1).encode()

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> Ka2Component:
        """Make sure that this is the model that was in use.

        Raises
        ------
        ModelError
            When it is another one.
        """
        saved, here = json.loads(data), self._settings()
        if saved != here:
            raise ModelError(
                f"got a pipeline saved with {saved.get('model')} "
                f"({str(saved.get('fingerprint'))[:12]}), but {self.model!r} is {here['model']} "
                f"({here['fingerprint'][:12]}) here; install that model, or add the pipe again"
            )
        return self

    def to_disk(self, path: Path | str, *, exclude: Iterable[str] = ()) -> None:
        """Write what ``to_bytes`` gives into a folder."""
        folder = Path(path)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / _SETTINGS).write_bytes(self.to_bytes() + b"\n")

    def from_disk(self, path: Path | str, *, exclude: Iterable[str] = ()) -> Ka2Component:
        """Read what ``to_disk`` wrote; see ``from_bytes``."""
        return self.from_bytes((Path(path) / _SETTINGS).read_bytes())

    def __getstate__(self) -> dict[str, Any]:
        """Leave the weights out, for processes that are not forked."""
        return {**self.__dict__, "_tagger": None, "_process": None}


@Language.factory(  # type: ignore[untyped-decorator]
    "ka2nlp",
    assigns=["doc.cats", "doc.spans", "doc._.ka2"],
    default_config={
        "model": "default",
        "threshold": None,
        "n_threads": 0,
        "spans_key": SPANS_KEY,
    },
)
def make_component(
    nlp: Language,
    name: str,
    model: str,
    threshold: Optional[float],  # noqa: UP045  (spaCy reads this)
    n_threads: int,
    spans_key: str,
) -> Ka2Component:
    """Make the component, for ``nlp.add_pipe("ka2nlp", config={...})``.

    Parameters
    ----------
    nlp, name
        The pipeline, and the name of the component in it.
    model, threshold, n_threads, spans_key
        As in :class:`Ka2Component`.
    """
    return Ka2Component(model, threshold, n_threads, spans_key)


def displacy_options(taxonomy: Taxonomy | None = None) -> dict[str, Any]:
    """Give the options with which displaCy shows the evidence in our colours.

    Parameters
    ----------
    taxonomy
        The labels; those that ship when left out. A pipeline's own are
        ``nlp.get_pipe("ka2nlp").tagger.taxonomy``.

    Examples
    --------
    >>> from ka2nlp.spacy_component import displacy_options
    >>> displacy_options()["colors"]["S6"]
    '#2f83cc'
    """
    taxonomy = taxonomy or Taxonomy.load()
    colours = level_colours(taxonomy)
    by_code = {concept.code: colours[concept.level] for concept in taxonomy.concepts}
    return {"spans_key": SPANS_KEY, "colors": by_code}


def _read_report(doc: Doc) -> Report | None:
    """Give the report of a doc; None where the component has not seen it."""
    stored = doc.user_data.get(_STORED)
    if stored is None:
        return None
    tags, doubts = (
        tuple(
            Tag(**tag | {"evidence": tuple(Evidence(**item) for item in tag["evidence"])})
            for tag in stored[name]
        )
        for name in ("tags", "doubts")
    )
    warnings = tuple(stored["warnings"])
    return Report(**stored | {"tags": tags, "doubts": doubts, "warnings": warnings})


if not Doc.has_extension(SPANS_KEY):
    Doc.set_extension(SPANS_KEY, getter=_read_report)
