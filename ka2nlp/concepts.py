"""Concepts and levels, in order: read off the graph of a SKOS vocabulary."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from ka2nlp.errors import TaxonomyError

if TYPE_CHECKING:
    from ka2nlp.skos import Graph, Term

__all__ = ["Concept", "Level", "read_concepts"]

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
    """A named, ordered group of concepts, such as the systemic outcomes.

    Parameters
    ----------
    framing
        Whether its concepts frame the outcomes, and are none themselves.
    """

    key: str
    uri: str
    label: str
    definition: str
    codes: tuple[str, ...]
    framing: bool = False


def read_concepts(graph: Graph) -> tuple[tuple[Concept, ...], tuple[Level, ...]]:
    """Read the concepts, in label order, and their levels.

    Raises
    ------
    TaxonomyError
        When the levels are not ordered, a concept lacks a notation, label or definition, or has
        two broader ones.
    """
    nodes = _level_nodes(graph)
    levels = tuple(_level(graph, node) for node in nodes)
    concepts = tuple(
        _concept(graph, node, level.key)
        for level, collection in zip(levels, nodes, strict=True)
        for node in graph.listed(collection)
    )
    return concepts, levels


def _level_nodes(graph: Graph) -> list[Term]:
    nested = [
        graph.listed(node)
        for node in graph.instances("OrderedCollection")
        if node.value.endswith("levels")
    ]
    if len(nested) != 1 or not nested[0]:
        raise TaxonomyError(
            f"got {len(nested)} ordered collections named levels, expected one that lists "
            "the levels (ordered collections of concepts)"
        )
    return nested[0]


def _level(graph: Graph, node: Term) -> Level:
    framing = [
        member
        for collection in graph.instances("Collection")
        if collection.value.endswith("framing")
        for member in graph.objects(collection, "member")
    ]
    return Level(
        key=graph.text(node, "notation"),
        uri=str(getattr(node, "value", node)),
        label=graph.text(node, "prefLabel"),
        definition=graph.text(node, "definition", required=False),
        codes=tuple(graph.text(member, "notation") for member in graph.listed(node)),
        framing=node in framing,
    )


def _concept(graph: Graph, node: Term, level: str) -> Concept:
    broader, narrower = (
        [graph.text(other, "notation") for other in graph.objects(node, relation)]
        for relation in ("broader", "narrower")
    )
    if len(broader) > 1:
        raise TaxonomyError(f"got {len(broader)} broader concepts of {node}, expected one")
    return Concept(
        code=graph.text(node, "notation"),
        uri=str(getattr(node, "value", node)),
        label=graph.text(node, "prefLabel"),
        definition=graph.text(node, "definition"),
        note=graph.text(node, "scopeNote", required=False),
        level=level,
        broader=broader[0] if broader else None,
        narrower=tuple(sorted(narrower)),
        source=graph.text(node, _SOURCE, required=False),
    )
