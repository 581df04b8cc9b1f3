"""The taxonomy: reads and validates a SKOS vocabulary, and fixes the order of the labels.

The vocabulary that ships is ``data/ka2.ttl``. Any SKOS concept scheme in Turtle will do that gives
each concept a notation, an English preferred label and at most one broader concept, and that orders
its concepts in an ordered collection ``…/levels`` of ordered collections, one a level. Levels that
frame the outcomes, instead of holding some, are members of a collection ``…/framing``. Labels in
other languages stand in the same file, or beside ``x.ttl`` in ``x-labels.ttl``, which is read only
when one is asked for.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import Final

from ka2nlp.concepts import Concept, Level, read_concepts
from ka2nlp.errors import TaxonomyError
from ka2nlp.skos import Graph, preferred_labels

__all__ = ["CARRIED", "Concept", "Level", "Taxonomy"]

CARRIED: Final = ("taxonomy.ttl", "taxonomy-labels.ttl")
"""Files in which a model, or a run of an archive, carries a vocabulary of its own."""

_TITLE: Final = "http://purl.org/dc/terms/title"
_VERSION: Final = "http://www.w3.org/2002/07/owl#versionInfo"
_LABELS: Final = "-labels.ttl"


@dataclass(frozen=True)
class Taxonomy:
    """The labels in their fixed order.

    Parameters
    ----------
    concepts
        Every concept, in the order of the columns of all arrays and tables.
    levels
        The groups of concepts, in order.
    turtle
        The text that it was read from.
    title, version
        Of the concept scheme; empty where it states none.
    path
        The file that it was read from, if any; its companions stand beside it.
    """

    concepts: tuple[Concept, ...]
    levels: tuple[Level, ...]
    turtle: str = field(repr=False)
    title: str = ""
    version: str = ""
    path: Path | None = field(default=None, compare=False)

    @classmethod
    def load(cls, path: Path | str | None = None) -> Taxonomy:
        """Read a vocabulary.

        Parameters
        ----------
        path
            A Turtle file, or the name of a vocabulary that ships ("priorities": those of
            2021-2027); that of Key Action 2 when left out.

        Raises
        ------
        TaxonomyError
            When the file cannot be read, is not Turtle or is not a valid vocabulary.
        """
        shipped = Path(str(files("ka2nlp"))) / "data" / f"{path or 'ka2'}.ttl"
        source = Path(path) if path is not None and not shipped.is_file() else shipped
        taxonomy = replace(cls.parse(_read(source)), path=source)
        _READ[taxonomy.fingerprint] = taxonomy
        return taxonomy

    @classmethod
    def carried_by(cls, folder: Path) -> Taxonomy:
        """Read the vocabulary that a folder carries; the one that ships where it carries none.

        Raises
        ------
        TaxonomyError
            As ``load``.
        """
        own = folder / CARRIED[0]
        return cls.load(own if own.is_file() else None)

    def write_to(self, folder: Path) -> None:
        """Let a folder carry the vocabulary, with its labels; the one that ships is not copied."""
        if self.turtle == Taxonomy.load().turtle:
            return
        for name, text in zip(CARRIED, (self.turtle, self.companion(_LABELS)), strict=True):
            if text:
                (folder / name).write_text(text, encoding="utf-8", newline="\n")

    @classmethod
    def parse(cls, turtle: str) -> Taxonomy:
        """Read a vocabulary from Turtle text.

        Raises
        ------
        TaxonomyError
            When the text is not Turtle or not a valid vocabulary.
        """
        graph = Graph(turtle)
        concepts, levels = read_concepts(graph)
        scheme = graph.instances("ConceptScheme")
        title, version = (
            graph.text(scheme[0], name, required=False) if len(scheme) == 1 else ""
            for name in (_TITLE, _VERSION)
        )
        taxonomy = cls(concepts, levels, turtle, title, version)
        taxonomy._validate(len(graph.instances("Concept")))
        _READ[taxonomy.fingerprint] = taxonomy
        return taxonomy

    @classmethod
    def known(cls, fingerprint: str) -> Taxonomy | None:
        """Find the one that ships, or one that this process has read, by its fingerprint."""
        if fingerprint not in _READ:
            cls.load()
        return _READ.get(fingerprint)

    def __repr__(self) -> str:
        return f"Taxonomy({len(self)} labels, fingerprint {self.fingerprint!r})"

    @cached_property
    def codes(self) -> tuple[str, ...]:
        """Every code, in label order."""
        return tuple(concept.code for concept in self.concepts)

    @cached_property
    def _columns(self) -> Mapping[str, int]:
        return {code: column for column, code in enumerate(self.codes)}

    def __len__(self) -> int:
        """Count the labels."""
        return len(self.concepts)

    def __contains__(self, code: object) -> bool:
        """Tell whether a code belongs to the taxonomy."""
        return code in self._columns

    def __getitem__(self, code: str) -> Concept:
        """Get a concept by its code."""
        return self.concepts[self.column(code)]

    def column(self, code: str) -> int:
        """Get the column of a code in every label array.

        Raises
        ------
        TaxonomyError
            When the taxonomy has no such code.
        """
        try:
            return self._columns[code]
        except KeyError:
            raise TaxonomyError(
                f"got the code {code!r}, expected one of {', '.join(self.codes)}"
            ) from None

    @cached_property
    def parents(self) -> Mapping[int, int]:
        """Map the column of each facet to the column of its parent."""
        return {
            self._columns[concept.code]: self._columns[concept.broader]
            for concept in self.concepts
            if concept.broader is not None
        }

    @cached_property
    def outcomes(self) -> tuple[int, ...]:
        """Columns of the outcomes: facets and what only frames the outcomes are left out."""
        framing = {level.key for level in self.levels if level.framing}
        return tuple(
            column
            for column, concept in enumerate(self.concepts)
            if concept.broader is None and concept.level not in framing
        )

    @property
    def noun(self) -> str:
        """What the labels of ``outcomes`` are called: outcomes only where others frame them."""
        return "outcome" if any(level.framing for level in self.levels) else "label"

    def with_parents(self, codes: Iterable[str]) -> list[str]:
        """Add the parent of every facet; the result is in label order."""
        given = {code for code in codes if self.column(code) >= 0}
        given |= {parent for code in given if (parent := self[code].broader) is not None}
        return [code for code in self.codes if code in given]

    @cached_property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that change with the codes, their order or the hierarchy."""
        identity = [(c.uri, c.code, c.level, c.broader) for c in self.concepts]
        return hashlib.sha256(json.dumps(identity).encode()).hexdigest()[:16]

    def to_rows(self) -> list[dict[str, object]]:
        """Give one flat record a concept, for JSON and CSV."""
        return [asdict(concept) | {"narrower": list(concept.narrower)} for concept in self.concepts]

    @cached_property
    def _labels(self) -> Mapping[str, Mapping[str, str]]:
        """Map language and address to the preferred label."""
        found: dict[str, dict[str, str]] = {}
        for text in filter(None, (self.turtle, self.companion(_LABELS))):
            for uri, language, label in preferred_labels(text):
                if found.setdefault(language or "en", {}).setdefault(uri, label) != label:
                    raise TaxonomyError(
                        f"got two preferred labels of {uri} in {language!r}, expected one"
                    )
        return found

    @property
    def languages(self) -> tuple[str, ...]:
        """Tags of the languages that there are labels in, in alphabetical order."""
        return tuple(sorted(self._labels))

    def label(self, code: str, language: str = "en") -> str:
        """Get the label of a concept in a language; the English one where it has none.

        Parameters
        ----------
        code
            Of the concept.
        language
            One of ``languages``.

        Raises
        ------
        TaxonomyError
            When the taxonomy has no such code, or no label in the language.
        """
        concept = self[code]
        return self._translations(language).get(concept.uri, concept.label)

    def translated(self, language: str) -> Taxonomy:
        """Give the taxonomy with its labels in a language.

        The definitions of concepts stay English; those of levels are left out then.

        Raises
        ------
        TaxonomyError
            When it has no label in the language.
        """
        labels = self._translations(language)
        return replace(
            self,
            concepts=tuple(replace(c, label=labels.get(c.uri, c.label)) for c in self.concepts),
            levels=tuple(
                replace(
                    level,
                    label=labels.get(level.uri, level.label),
                    definition=level.definition if language == "en" else "",
                )
                for level in self.levels
            ),
        )

    def _translations(self, language: str) -> Mapping[str, str]:
        try:
            return self._labels[language]
        except KeyError:
            raise TaxonomyError(
                f"got the language {language!r}, expected one of {', '.join(self.languages)}"
            ) from None

    def companion(self, ending: str) -> str:
        """Read the file that is named as the vocabulary's, with another ending than ``.ttl``.

        Parameters
        ----------
        ending
            Such as ``-labels.ttl``.

        Returns
        -------
        str
            Empty where there is none.

        Raises
        ------
        TaxonomyError
            When it is there and cannot be read.
        """
        return self.beside(self.path.stem + ending) if self.path else ""

    def beside(self, name: str) -> str:
        """Read a file in the vocabulary's folder; empty, and raises, as ``companion``."""
        file = self.path.with_name(name) if self.path else None
        return _read(file) if file and file.is_file() else ""

    def _validate(self, n_defined: int) -> None:
        if len(self.codes) != n_defined:
            raise TaxonomyError(
                f"got {n_defined} concepts of which {len(self.codes)} stand in a level, expected "
                "every concept in exactly one; add the others to a skos:memberList"
            )
        if len(self._columns) != len(self.codes):
            twice = sorted({code for code in self.codes if self.codes.count(code) > 1})
            raise TaxonomyError(f"got the notation {twice[0]!r} twice, expected unique notations")
        for concept in self.concepts:
            self._validate_hierarchy(concept)
        if not self.outcomes:
            raise TaxonomyError(
                "got a vocabulary all of whose levels are framing, expected one at least that is "
                "not; take it out of the collection framing"
            )

    def _validate_hierarchy(self, concept: Concept) -> None:
        if concept.broader is None:
            return
        parent = self._columns.get(concept.broader)
        if parent is None or self.concepts[parent].broader is not None:
            raise TaxonomyError(
                f"got {concept.code} below {concept.broader}, expected a top concept as its parent"
            )
        if self.concepts[parent].level != concept.level:
            raise TaxonomyError(
                f"got {concept.code} below {concept.broader} of another level, "
                "expected parent and facet in one level"
            )


_READ: Final[dict[str, Taxonomy]] = {}
"""What ``parse`` has read, by fingerprint: a report names its taxonomy by nothing else."""


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise TaxonomyError(
            f"got {path}, which cannot be read ({error}); expected a SKOS vocabulary in Turtle"
        ) from error
