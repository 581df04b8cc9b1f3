"""Turtle text to the few questions that a taxonomy asks of its triples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from ka2nlp.errors import TaxonomyError

if TYPE_CHECKING:
    from pyoxigraph import BlankNode, Literal, NamedNode, Store, Triple

    Term = NamedNode | BlankNode | Literal | Triple

__all__ = ["Graph", "preferred_labels"]

_SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
_RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


class Graph:
    """The triples of a vocabulary.

    Parameters
    ----------
    turtle
        SKOS in Turtle.

    Raises
    ------
    TaxonomyError
        When the text is not Turtle.
    """

    def __init__(self, turtle: str) -> None:
        from pyoxigraph import NamedNode, RdfFormat, Store

        self._node = NamedNode
        self._store: Store = Store()
        try:
            self._store.load(turtle, format=RdfFormat.TURTLE)
        except SyntaxError as error:
            raise _not_turtle(error) from error

    def objects(self, subject: Term, name: str) -> list[Term]:
        """Give what a subject has; ``name`` is an address, or the name of a SKOS property."""
        predicate = self._node(name if ":" in name else _SKOS + name)
        quads = self._store.quads_for_pattern(subject, predicate, None, None)  # type: ignore[arg-type]
        return [quad.object for quad in quads]

    def instances(self, kind: str) -> list[NamedNode]:
        """Give all of a SKOS class, such as ``Concept``."""
        quads = self._store.quads_for_pattern(
            None, self._node(_RDF + "type"), self._node(_SKOS + kind), None
        )
        return [quad.subject for quad in quads]  # type: ignore[misc]

    def text(self, subject: Term, name: str, *, required: bool = True) -> str:
        """Give the one English value of a property, or nothing.

        Raises
        ------
        TaxonomyError
            When there are several, or none where one is required.
        """
        values = [
            str(getattr(term, "value", term))
            for term in self.objects(subject, name)
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
        rest = self.objects(collection, "memberList")
        while rest and str(getattr(rest[0], "value", "")) != _RDF + "nil":
            items += self.objects(rest[0], _RDF + "first")
            rest = self.objects(rest[0], _RDF + "rest")
        return items


def preferred_labels(turtle: str) -> Iterator[tuple[str, str, str]]:
    """Read the preferred labels in all languages: address, language tag and label.

    Raises
    ------
    TaxonomyError
        When the text is not Turtle.
    """
    from pyoxigraph import RdfFormat, parse

    try:
        for quad in parse(turtle, format=RdfFormat.TURTLE):
            if quad.predicate.value == _SKOS + "prefLabel":
                label = quad.object
                yield str(quad.subject.value), getattr(label, "language", "") or "", label.value
    except SyntaxError as error:
        raise _not_turtle(error) from error


def _not_turtle(error: SyntaxError) -> TaxonomyError:
    return TaxonomyError(f"got a vocabulary that is not Turtle ({error}); expected SKOS in Turtle")
