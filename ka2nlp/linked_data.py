"""A vocabulary to its mappings to other vocabularies, and to all that is known of it in Turtle.

Mappings of ``x.ttl`` stand beside it in ``x.sssom.tsv``, a table in the Simple Standard for Sharing
Ontological Mappings (SSSOM, https://mapping-commons.github.io/sssom/). The schemes that it maps to
stand there too, each in a file that is named as its namespace ends.
"""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from ka2nlp.errors import TaxonomyError
from ka2nlp.taxonomy import Taxonomy

__all__ = ["ConceptMapping", "read_mappings", "to_turtle"]

MAPPINGS: Final = ".sssom.tsv"
_MATCHES: Final = frozenset(
    f"skos:{kind}Match" for kind in ("exact", "close", "broad", "narrow", "related")
)
_PREFIXES: Final = """@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix rdfs: <http://www.w3.org/2000/01/rdf-schema#> .
@prefix semapv: <https://w3id.org/semapv/vocab/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix sssom: <https://w3id.org/sssom/> .
"""


@dataclass(frozen=True, slots=True)
class ConceptMapping:
    """A statement that a concept matches one of another scheme.

    Parameters
    ----------
    code
        Of the concept.
    match
        ``skos:closeMatch`` and the like; broad says that the other concept is the broader one.
    uri, label, scheme
        Of the other concept: its address, its name and the address of its scheme.
    justification
        How the match was found, a term of the Semantic Mapping Vocabulary.
    note
        What the match covers and what it does not.
    """

    code: str
    match: str
    uri: str
    label: str
    scheme: str
    justification: str
    note: str


def read_mappings(taxonomy: Taxonomy) -> tuple[ConceptMapping, ...]:
    """Read the mappings beside a vocabulary; none where it has none.

    Raises
    ------
    TaxonomyError
        When the file is not of the form, or names a concept that the vocabulary lacks.
    """
    lines = taxonomy.companion(MAPPINGS).splitlines()
    namespaces = dict(_namespaces(lines))
    rows = csv.DictReader(
        (line for line in lines if not line.startswith("#")),
        delimiter="\t",
        quoting=csv.QUOTE_NONE,
    )
    codes = {concept.uri: concept.code for concept in taxonomy.concepts}
    return tuple(_mapping(row, namespaces, codes) for row in rows)


def _namespaces(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Read the prefixes that the head of the table declares."""
    for line in lines:
        name, colon, address = line.removeprefix("#").strip().partition(": ")
        if line.startswith("#  ") and colon:
            yield name, address.strip()


def _mapping(
    row: Mapping[str, str], namespaces: Mapping[str, str], codes: Mapping[str, str]
) -> ConceptMapping:
    def expand(name: str) -> str:
        prefix, _, local = row[name].partition(":")
        return namespaces[prefix] + local

    try:
        if row["predicate_id"] not in _MATCHES:
            raise KeyError(row["predicate_id"])
        return ConceptMapping(
            code=codes[expand("subject_id")],
            match=row["predicate_id"],
            uri=expand("object_id"),
            label=row["object_label"],
            scheme=expand("object_source"),
            justification=row["mapping_justification"],
            note=row["comment"],
        )
    except KeyError as error:
        raise TaxonomyError(
            f"got the mapping {' '.join(filter(None, row.values()))!r} ({error} is not known), "
            "expected a concept of the vocabulary, a SKOS match, declared prefixes and SSSOM's "
            "names of columns"
        ) from error


def to_turtle(taxonomy: Taxonomy) -> str:
    """Give a vocabulary with its labels, its mappings and the schemes that it maps to.

    Every mapping is a SKOS statement, and a node that annotates it, as SSSOM prescribes.
    """
    mappings = read_mappings(taxonomy)
    schemes = dict.fromkeys(one.scheme.rstrip("/").split("/")[-2] for one in mappings)
    parts = [
        taxonomy.turtle,
        taxonomy.companion("-labels.ttl"),
        _mappings_turtle(taxonomy, mappings) if mappings else "",
        *(taxonomy.beside(f"{name}.ttl") for name in schemes),
    ]
    return "\n".join(filter(None, parts))


def _mappings_turtle(taxonomy: Taxonomy, mappings: tuple[ConceptMapping, ...]) -> str:
    statements = (_statement(taxonomy, mapping) for mapping in mappings)
    return "\n".join(["# Mappings, each with its note (SSSOM)", _PREFIXES, *statements])


def _statement(taxonomy: Taxonomy, mapping: ConceptMapping) -> str:
    concept = taxonomy[mapping.code]
    subject, target = f"<{concept.uri}>", f"<{mapping.uri}>"
    return f"""{subject} {mapping.match} {target} .
[] a owl:Axiom ;
    owl:annotatedSource {subject} ;
    owl:annotatedProperty {mapping.match} ;
    owl:annotatedTarget {target} ;
    sssom:subject_label {_quoted(concept.label)} ;
    sssom:object_label {_quoted(mapping.label)} ;
    sssom:object_source <{mapping.scheme}> ;
    sssom:mapping_justification {mapping.justification} ;
    rdfs:comment {_quoted(mapping.note)}@en .
"""


def _quoted(text: str) -> str:
    """Write a Turtle string; JSON's escapes are Turtle's."""
    return json.dumps(text, ensure_ascii=False)
