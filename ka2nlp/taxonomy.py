"""The taxonomy: reads and validates a SKOS vocabulary, and fixes the order of the labels.

The vocabulary that ships is ``data/ka2.ttl``. Any SKOS concept scheme in Turtle will do that gives
each concept a notation, an English preferred label and at most one broader concept, and that orders
its concepts in an ordered collection ``…/levels`` of ordered collections, one a level.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ka2nlp.errors import TaxonomyError

if TYPE_CHECKING:
    from pyoxigraph import BlankNode, Literal, NamedNode, Store, Triple

    Term = NamedNode | BlankNode | Literal | Triple

__all__ = ["Concept", "Level", "Taxonomy"]

_SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
_SOURCE: Final = "http://purl.org/dc/terms/source"


@dataclass(frozen=True, slots=True)
class Concept:
    """One label: its code (notation), its words, its place in the hierarchy and its source."""

    code: str
    uri: str
    label: str
    definition: str
    note: str
    level: str
    broader: str | None
    narrower: tuple[str, ...]
    source: str


@dataclass(frozen=True, slots=True)
class Level:
    """A named, ordered group of concepts, such as the systemic outcomes."""

    key: str
    label: str
    definition: str
    codes: tuple[str, ...]


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
    """

    concepts: tuple[Concept, ...]
    levels: tuple[Level, ...]
    turtle: str

    @classmethod
    def load(cls, path: Path | str | None = None) -> Taxonomy:
        """Read a vocabulary.

        Parameters
        ----------
        path
            A Turtle file; the vocabulary that ships when left out.

        Raises
        ------
        TaxonomyError
            When the file cannot be read, is not Turtle or is not a valid vocabulary.
        """
        try:
            source = files("ka2nlp") / "data" / "ka2.ttl" if path is None else Path(path)
            turtle = source.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise TaxonomyError(
                f"got {path}, which cannot be read ({error}); expected a SKOS vocabulary in Turtle"
            ) from error
        return cls.parse(turtle)

    @classmethod
    def parse(cls, turtle: str) -> Taxonomy:
        """Read a vocabulary from Turtle text.

        Raises
        ------
        TaxonomyError
            When the text is not Turtle or not a valid vocabulary.
        """
        graph = _Graph(turtle)
        levels = tuple(graph.levels())
        concepts = tuple(
            graph.concept(uri, level.key)
            for level, uris in zip(levels, graph.members(), strict=True)
            for uri in uris
        )
        taxonomy = cls(concepts, levels, turtle)
        taxonomy._validate(graph.n_concepts())
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


class _Graph:
    """The few questions that a taxonomy asks of its triples."""

    def __init__(self, turtle: str) -> None:
        from pyoxigraph import NamedNode, RdfFormat, Store

        self._node = NamedNode
        self._store: Store = Store()
        try:
            self._store.load(turtle, format=RdfFormat.TURTLE)
        except SyntaxError as error:
            raise TaxonomyError(
                f"got a vocabulary that is not Turtle ({error}); expected SKOS in Turtle"
            ) from error

    def objects(self, subject: Term, predicate: str) -> list[Term]:
        quads = self._store.quads_for_pattern(subject, self._node(predicate), None, None)  # type: ignore[arg-type]
        return [quad.object for quad in quads]

    def instances(self, kind: str) -> list[NamedNode]:
        quads = self._store.quads_for_pattern(
            None, self._node(_RDF + "type"), self._node(_SKOS + kind), None
        )
        return [quad.subject for quad in quads]  # type: ignore[misc]

    def n_concepts(self) -> int:
        return len(self.instances("Concept"))

    def text(self, subject: Term, name: str, *, required: bool = True) -> str:
        values = [
            str(getattr(term, "value", term))
            for term in self.objects(subject, name if ":" in name else _SKOS + name)
            if getattr(term, "language", None) in (None, "en")
        ]
        if len(values) > 1 or (required and not values):
            raise TaxonomyError(
                f"got {len(values)} English values of {name} for {subject}, expected "
                f"{'exactly' if required else 'at most'} one"
            )
        return values[0] if values else ""

    def listed(self, collection: Term) -> list[Term]:
        """Read the ordered members of a collection."""
        items: list[Term] = []
        rest = self.objects(collection, _SKOS + "memberList")
        while rest and str(getattr(rest[0], "value", "")) != _RDF + "nil":
            items += self.objects(rest[0], _RDF + "first")
            rest = self.objects(rest[0], _RDF + "rest")
        return items

    def _level_nodes(self) -> list[Term]:
        nested = [
            self.listed(node)
            for node in self.instances("OrderedCollection")
            if node.value.endswith("levels")
        ]
        if len(nested) != 1 or not nested[0]:
            raise TaxonomyError(
                f"got {len(nested)} ordered collections named levels, expected one that lists "
                "the levels (ordered collections of concepts)"
            )
        return nested[0]

    def members(self) -> list[list[Term]]:
        return [self.listed(node) for node in self._level_nodes()]

    def levels(self) -> Iterable[Level]:
        for node in self._level_nodes():
            codes = tuple(self.text(member, "notation") for member in self.listed(node))
            yield Level(
                self.text(node, "notation"),
                self.text(node, "prefLabel"),
                self.text(node, "definition", required=False),
                codes,
            )

    def concept(self, node: Term, level: str) -> Concept:
        broader = [
            self.text(parent, "notation") for parent in self.objects(node, _SKOS + "broader")
        ]
        narrower = [
            self.text(child, "notation") for child in self.objects(node, _SKOS + "narrower")
        ]
        if len(broader) > 1:
            raise TaxonomyError(f"got {len(broader)} broader concepts of {node}, expected one")
        return Concept(
            code=self.text(node, "notation"),
            uri=str(getattr(node, "value", node)),
            label=self.text(node, "prefLabel"),
            definition=self.text(node, "definition"),
            note=self.text(node, "scopeNote", required=False),
            level=level,
            broader=broader[0] if broader else None,
            narrower=tuple(sorted(narrower)),
            source=self.text(node, _SOURCE, required=False),
        )
