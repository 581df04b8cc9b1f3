"""What is published as linked data: files that a SKOS checker accepts, labels and mappings."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import rdflib
import skosify
from conftest import ROOT
from rdflib.namespace import DCTERMS, OWL, RDF, SKOS
from skosify import check

from ka2nlp import Taxonomy
from ka2nlp.errors import TaxonomyError
from ka2nlp.linked_data import read_mappings, to_turtle

DATA = ROOT / "ka2nlp" / "data"
LANGUAGES = "bg cs da de el en es et fi fr ga hr hu it lt lv mt nl pl pt ro sk sl sv".split()
SCHEMES = {
    "ka2": ["ka2.ttl", "ka2-labels.ttl"],
    "topics-2014-2020": ["topics-2014-2020.ttl"],
    "topics-2021-2027": ["topics-2021-2027.ttl"],
    "priorities": ["priorities.ttl"],
}


def graph(*names: str) -> rdflib.Graph:
    found = rdflib.Graph()
    for name in names:
        found.parse(DATA / name, format="turtle")
    return found


@pytest.fixture(scope="module")
def whole(taxonomy: Taxonomy) -> rdflib.Graph:
    return rdflib.Graph().parse(data=to_turtle(taxonomy), format="turtle")


@pytest.mark.parametrize("names", SCHEMES.values(), ids=SCHEMES)
def test_skosify_finds_nothing_to_warn_of(
    names: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        skosify.skosify(graph(*names))
    assert [record.message for record in caplog.records] == []


def test_the_checker_warns_of_a_bad_scheme(caplog: pytest.LogCaptureFixture) -> None:
    bad = graph("priorities.ttl")
    bad.remove((rdflib.URIRef("https://w3id.org/ka2nlp/priorities/scheme"), None, None))
    with caplog.at_level(logging.WARNING):
        skosify.skosify(bad)
    assert caplog.records


def test_the_integrity_conditions_of_skos_hold_across_all_schemes(
    whole: rdflib.Graph, caplog: pytest.LogCaptureFixture
) -> None:
    n_statements = len(whole)
    with caplog.at_level(logging.WARNING):
        check.hierarchy_cycles(whole, fix=True)
        check.disjoint_relations(whole, fix=True)
        check.hierarchical_redundancy(whole, fix=True)
        check.preflabel_uniqueness(whole, policy="shortest")
        check.label_overlap(whole, fix=True)
    assert [record.message for record in caplog.records] == []
    assert len(whole) == n_statements


def test_the_version_is_that_of_the_changelog(taxonomy: Taxonomy) -> None:
    changelog = (DATA / "CHANGELOG.md").read_text()
    versions = re.findall(r"^## (\S+) \((\S+)\)\n\nFingerprint `(\w+)`", changelog, re.MULTILINE)
    scheme = graph("ka2.ttl")
    uri = rdflib.URIRef("https://w3id.org/ka2nlp/ka2/scheme")
    newest, oldest = versions[0], versions[-1]
    assert (taxonomy.version, taxonomy.fingerprint) == (newest[0], newest[2])
    assert str(scheme.value(uri, DCTERMS.modified)) == newest[1]
    assert str(scheme.value(uri, DCTERMS.issued)) == oldest[1]
    assert str(scheme.value(uri, OWL.versionIRI)) == f"https://w3id.org/ka2nlp/ka2/{newest[0]}"
    assert (
        str(scheme.value(uri, OWL.priorVersion)) == f"https://w3id.org/ka2nlp/ka2/{versions[1][0]}"
    )


def test_every_concept_has_a_label_in_each_official_language(taxonomy: Taxonomy) -> None:
    assert list(taxonomy.languages) == LANGUAGES
    labels = graph("ka2.ttl", "ka2-labels.ttl")
    uris = [one.uri for one in taxonomy.concepts] + [one.uri for one in taxonomy.levels]
    for uri in [*uris, "https://w3id.org/ka2nlp/ka2/scheme"]:
        found = sorted(
            str(one.language)
            for one in labels.objects(rdflib.URIRef(uri), SKOS.prefLabel)
            if isinstance(one, rdflib.Literal)
        )
        assert found == LANGUAGES, uri


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_are_translated_and_tell_concepts_apart(taxonomy: Taxonomy, language: str) -> None:
    labels = [taxonomy.label(code, language) for code in taxonomy.codes]
    assert len({label.casefold() for label in labels}) == len(labels)
    for code, label in zip(taxonomy.codes, labels, strict=True):
        assert label == " ".join(label.split())
        assert 4 <= len(label) <= 56, (code, label)
        assert label[0].isupper()
        assert not label.endswith(".")
        assert language == "en" or label.casefold() != taxonomy[code].label.casefold(), code


SCRIPTS = {"bg": "[Ѐ-ӿ]", "el": "[Ͱ-Ͽἀ-῾]"}


@pytest.mark.parametrize("language", LANGUAGES)
def test_labels_are_in_the_script_of_their_language(taxonomy: Taxonomy, language: str) -> None:
    letters = "".join(
        filter(str.isalpha, "".join(taxonomy.label(c, language) for c in taxonomy.codes))
    )
    expected = SCRIPTS.get(language, "[A-Za-zÀ-ɏ]")
    assert set(re.sub(expected, "", letters)) == set()
    if language == "ro":  # comma below, not cedilla
        assert not set(letters) & set("şţŞŢ")


def test_labels_outside_english_are_marked_as_ours() -> None:
    notes = graph("ka2-labels.ttl").objects(None, SKOS.editorialNote)
    assert any("not official" in str(note) for note in notes)


def test_a_translated_taxonomy_keeps_its_identity(taxonomy: Taxonomy) -> None:
    french = taxonomy.translated("fr")
    assert french["S1"].label == taxonomy.label("S1", "fr") == "Qualité et accès"
    assert french["S1"].definition == taxonomy["S1"].definition
    assert [level.label for level in french.levels][:3] == [
        "Systèmes",
        "Organisations",
        "Personnes",
    ]
    assert not any(level.definition for level in french.levels)
    assert taxonomy.translated("en") == taxonomy
    assert french.fingerprint == taxonomy.fingerprint
    assert french.label("S1") == "Quality and access"


def test_unknown_languages(taxonomy: Taxonomy) -> None:
    with pytest.raises(TaxonomyError, match="got the language 'tlh', expected one of bg, cs, da"):
        taxonomy.label("S1", "tlh")
    with pytest.raises(TaxonomyError, match="got the language 'de', expected one of en"):
        Taxonomy.load("priorities").translated("de")


def test_two_labels_in_one_language_are_refused(tmp_path: Path) -> None:
    own = tmp_path / "own.ttl"
    own.write_text((DATA / "priorities.ttl").read_text())
    labels = (
        '@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n<{}INC> skos:prefLabel "{}"@fr .\n'
    )
    space = "https://w3id.org/ka2nlp/priorities/"
    (tmp_path / "own-labels.ttl").write_text(labels.format(space, "Inclusion"))
    own_taxonomy = Taxonomy.load(own)
    assert own_taxonomy.label("INC", "fr") == "Inclusion"
    assert own_taxonomy.label("DIG", "fr") == "Digital transformation"
    with (tmp_path / "own-labels.ttl").open("a") as stream:
        stream.write(labels.format(space, "Diversité"))
    with pytest.raises(TaxonomyError, match=r"two preferred labels of .*INC in 'fr'"):
        _ = Taxonomy.load(own).languages


def test_labels_are_not_read_before_one_is_asked_for(tmp_path: Path) -> None:
    own = tmp_path / "own.ttl"
    own.write_text((DATA / "priorities.ttl").read_text())
    (tmp_path / "own-labels.ttl").write_text("no Turtle")
    taxonomy = Taxonomy.load(own)
    assert taxonomy["INC"].label == "Inclusion and diversity"
    with pytest.raises(TaxonomyError, match="not Turtle"):
        taxonomy.label("INC", "fr")


def addresses(name: str) -> Iterator[tuple[str, str]]:
    found = graph(name)
    for uri in found.subjects(RDF.type, SKOS.Concept):
        yield str(uri), str(found.value(uri, SKOS.prefLabel))


def test_mappings_hold_between_known_concepts(taxonomy: Taxonomy) -> None:
    known = {
        f"https://w3id.org/ka2nlp/{scheme}/scheme": dict(addresses(names[0]))
        for scheme, names in SCHEMES.items()
        if scheme != "ka2"
    }
    mappings = read_mappings(taxonomy)
    assert {mapping.scheme for mapping in mappings} == set(known)
    assert len({(mapping.code, mapping.uri) for mapping in mappings}) == len(mappings)
    for mapping in mappings:
        assert known[mapping.scheme][mapping.uri] == mapping.label
        assert mapping.justification == "semapv:ManualMappingCuration"
        assert 20 < len(mapping.note) < 160
        assert mapping.note.endswith(".")


def test_the_table_of_mappings_names_its_version_and_our_labels(taxonomy: Taxonomy) -> None:
    lines = (DATA / "ka2.sssom.tsv").read_text().splitlines()
    assert f"#mapping_set_version: '{taxonomy.version}'" in lines
    for line in (line for line in lines if line.startswith("ka2:")):
        subject, label = line.split("\t")[:2]
        assert taxonomy[subject.removeprefix("ka2:")].label == label


def test_every_mapping_is_annotated_in_turtle(taxonomy: Taxonomy, whole: rdflib.Graph) -> None:
    annotated = {
        (
            whole.value(axiom, OWL.annotatedSource),
            whole.value(axiom, OWL.annotatedProperty),
            whole.value(axiom, OWL.annotatedTarget),
        )
        for axiom in whole.subjects(RDF.type, OWL.Axiom)
    }
    mappings = read_mappings(taxonomy)
    assert len(annotated) == len(mappings)
    assert all(statement in whole for statement in annotated)
    notes = {str(note) for note in whole.objects(None, rdflib.RDFS.comment)}
    assert {mapping.note for mapping in mappings} == notes


def test_a_vocabulary_without_companions_is_its_own_turtle() -> None:
    priorities = Taxonomy.load(DATA / "priorities.ttl")
    assert read_mappings(priorities) == ()
    assert to_turtle(priorities) == priorities.turtle
    assert read_mappings(Taxonomy.parse(priorities.turtle)) == ()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("ka2:S1\t", "ka2:S9\t", "got the mapping 'ka2:S9"),
        ("skos:closeMatch", "owl:sameAs", "'owl:sameAs' is not known"),
        ("topics14:scheme", "topics15:scheme", "'topics15' is not known"),
        ("\tcomment", "\tremark", "'comment' is not known"),
    ],
)
def test_bad_mappings(tmp_path: Path, old: str, new: str, message: str) -> None:
    own = tmp_path / "ka2.ttl"
    own.write_text((DATA / "ka2.ttl").read_text())
    table = (DATA / "ka2.sssom.tsv").read_text()
    assert old in table
    (tmp_path / "ka2.sssom.tsv").write_text(table.replace(old, new))
    with pytest.raises(TaxonomyError, match=message):
        read_mappings(Taxonomy.load(own))
