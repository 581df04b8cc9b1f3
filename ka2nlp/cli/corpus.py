"""``ka2nlp corpus``: check, join, describe and compare labelled data."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from ka2nlp.cli.inputs import taxonomy_option
from ka2nlp.cli.tables import print_table
from ka2nlp.documents import read_documents

if TYPE_CHECKING:
    from ka2nlp.annotations import Joined
    from ka2nlp.labelled import LabelledDocument
    from ka2nlp.taxonomy import Taxonomy

__all__ = ["command", "report_join", "report_oddities"]

_CORPUS = click.Path(path_type=Path)
_NAMED: Final = 5


@click.group("corpus")
def command() -> None:
    """Check, join, describe and compare labelled data."""


@command.command("validate")
@click.argument("corpora", nargs=-1, required=True, type=_CORPUS, metavar="CORPUS...")
@click.option("--texts", multiple=True, metavar="FILE", help="Also check against these texts.")
@taxonomy_option
def validate(corpora: tuple[Path, ...], texts: tuple[str, ...], taxonomy: Path | None) -> None:
    """Check the schema, codes, hierarchy, identifiers and fingerprints of a corpus."""
    from ka2nlp.corpora import check_identifiers, load_corpus
    from ka2nlp.taxonomy import Taxonomy

    documents = chain.from_iterable(read_documents(source) for source in texts)
    scheme = Taxonomy.load(taxonomy)
    corpus = load_corpus(corpora, documents, scheme)
    check_identifiers(corpus.documents)
    report_oddities(corpus.documents, scheme)
    if texts:
        report_join(corpus.joined)
    named = len(corpus.joined.without_text) if corpus.joined and not texts else 0
    click.echo(f"valid: {len(corpus.documents)} documents with text, {named} by reference")


@command.command("build")
@click.argument("corpora", nargs=-1, required=True, type=_CORPUS, metavar="CORPUS...")
@click.option("--texts", multiple=True, required=True, metavar="FILE", help="May be repeated.")
@click.option("--output", "-o", required=True, type=click.Path(dir_okay=False, path_type=Path))
@taxonomy_option
def build(
    corpora: tuple[Path, ...], texts: tuple[str, ...], output: Path, taxonomy: Path | None
) -> None:
    """Join annotations with the texts that you have, into a file of labelled documents."""
    from ka2nlp.corpora import load_corpus
    from ka2nlp.labelled import write_labelled
    from ka2nlp.taxonomy import Taxonomy

    documents = chain.from_iterable(read_documents(source) for source in texts)
    corpus = load_corpus(corpora, documents, Taxonomy.load(taxonomy))
    report_join(corpus.joined)
    write_labelled(corpus.documents, output)
    click.echo(f"wrote {len(corpus.documents)} labelled documents to {output}")


def report_join(joined: Joined | None) -> None:
    """Say on standard error what the annotations did not find."""
    if joined is None:
        return
    click.echo(
        f"joined {len(joined.documents)} annotated documents with their texts; "
        f"{len(joined.without_text)} have no text here, {len(joined.changed)} have another text; "
        f"{joined.n_lost} of {joined.n_sentences} sentences not found",
        err=True,
    )


def report_oddities(corpus: Sequence[LabelledDocument], taxonomy: Taxonomy) -> None:
    """Say on standard error, a line each, what a model could not learn from, or not well."""
    from ka2nlp.corpora import mistyped_codes
    from ka2nlp.languages import doubt_english

    texts = {one.document.id: one.document.text for one in corpus}
    empty = [name for name, text in texts.items() if not text.strip()]
    foreign = [name for name, text in texts.items() if text.strip() and doubt_english(text)]
    columns = [f"{header} ({code}?)" for header, code in mistyped_codes(corpus, taxonomy).items()]
    for found, said in (
        (empty, "documents without a text, which are left out"),
        (foreign, "documents that seem not to be in English, which is what models read"),
        (columns, "columns that are named almost as a code, and are not read as one"),
    ):
        if found:
            named = ", ".join(found[:_NAMED]) + (", ..." if len(found) > _NAMED else "")
            click.echo(f"got {len(found)} {said}: {named}", err=True)


@command.command("agree")
@click.argument("first", type=_CORPUS)
@click.argument("second", type=_CORPUS)
@click.option("--format", "-f", type=click.Choice(["table", "json"]), default="table")
@taxonomy_option
def agree(first: Path, second: Path, format: str, taxonomy: Path | None) -> None:
    """Compute the agreement of two label files on the documents that both hold."""
    from ka2nlp.agreement import compare_labels
    from ka2nlp.corpora import read_labels
    from ka2nlp.taxonomy import Taxonomy

    scheme = Taxonomy.load(taxonomy)
    found = compare_labels(read_labels(first, scheme), read_labels(second, scheme), scheme)
    if format == "json":
        click.echo(json.dumps(asdict(found), indent=1))
        return
    click.echo(f"{found.n_documents} documents labelled in both")
    print_table(
        ("group", "micro-F1", "macro-F1", "kappa", "alpha (MASI)"),
        [(g.name, g.micro_f1, g.macro_f1, g.kappa, g.alpha) for g in found.groups],
    )
    print_table(
        ("code", "first", "second", "both", "F1", "kappa"),
        [(c.code, c.n_first, c.n_second, c.n_both, c.f1, c.kappa) for c in found.codes],
    )


@command.command("stats")
@click.argument("corpora", nargs=-1, required=True, type=_CORPUS, metavar="CORPUS...")
@click.option("--texts", multiple=True, metavar="FILE", help="Texts annotated by reference.")
@click.option("--plot", type=click.Path(file_okay=False, path_type=Path), help="Write charts here.")
@taxonomy_option
def stats(
    corpora: tuple[Path, ...], texts: tuple[str, ...], plot: Path | None, taxonomy: Path | None
) -> None:
    """Count labels, lengths and labels that stand together."""
    from ka2nlp.corpora import load_corpus, read_labels
    from ka2nlp.corpus_statistics import describe, plot_statistics
    from ka2nlp.taxonomy import Taxonomy

    scheme = Taxonomy.load(taxonomy)
    labels = read_labels(corpora, scheme)
    documents = chain.from_iterable(read_documents(source) for source in texts)
    corpus = load_corpus(corpora, documents, scheme)
    if texts:
        report_join(corpus.joined)
    found = describe(labels, corpus.documents, scheme)
    click.echo(
        f"{found.n_documents} documents, {found.labels_per_document:.1f} labels a document, "
        f"{found.n_unlabelled} without any"
    )
    if found.median_words is not None:
        click.echo(
            f"words: median {found.median_words:.0f}, nine in ten under {found.p90_words:.0f}"
        )
    print_table(
        ("code", "label", "documents", "share"),
        [(c, scheme[c].label, n, n / found.n_documents) for c, n in found.counts.items()],
    )
    print_table(
        ("pair", "together", "lift"), [(" ".join(p), n, lift) for p, n, lift in found.strongest]
    )
    if plot is not None:
        for path in plot_statistics(found, scheme, plot):
            click.echo(f"wrote {path}")
