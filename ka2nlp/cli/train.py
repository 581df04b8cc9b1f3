"""``ka2nlp train``: a corpus in, a model bundle out."""

from __future__ import annotations

import shlex
import sys
from itertools import chain
from pathlib import Path

import click

from ka2nlp.cli.corpus import report_join
from ka2nlp.documents import read_documents

__all__ = ["command"]


@click.command("train")
@click.option(
    "--corpus",
    "corpora",
    type=click.Path(path_type=Path),
    multiple=True,
    required=True,
    help="Labelled file, table, annotation file, or a folder of these; may be repeated.",
)
@click.option(
    "--texts",
    multiple=True,
    metavar="FILE",
    help="Texts of documents annotated by reference: JSON Lines or Parquet; may be repeated.",
)
@click.option("--encoder", metavar="DIR", help="Encoder folder or model; default: the shipped one.")
@click.option("--output", "-o", type=click.Path(path_type=Path), required=True, help="New folder.")
@click.option("--version", "version", default="1", show_default=True, help="Of the new model.")
@click.option("--seed", default=0, show_default=True, help="Of the cross-validation folds.")
def command(
    corpora: tuple[Path, ...],
    texts: tuple[str, ...],
    encoder: str | None,
    output: Path,
    version: str,
    seed: int,
) -> None:
    """Train a model on a labelled corpus.

    Annotations by reference name documents by identifier and fingerprint; --texts brings their
    words. Documents whose text is missing or has changed are counted and left out.
    """
    from ka2nlp.bundle_training import train_bundle
    from ka2nlp.cli.evaluate import show
    from ka2nlp.corpora import load_corpus
    from ka2nlp.taxonomy import Taxonomy
    from ka2nlp.training import Settings

    documents = chain.from_iterable(read_documents(source) for source in texts)
    corpus = load_corpus(corpora, documents, Taxonomy.load())
    report_join(corpus.joined)
    bundle, trained = train_bundle(
        corpus.documents,
        output,
        encoder=encoder,
        version=version,
        settings=Settings(random_state=seed),
        command=shlex.join(["ka2nlp", *sys.argv[1:]]),
        progress=lambda message: click.echo(message, err=True),
    )
    click.echo(f"cross-validated on {trained.evaluation.n_documents} documents of the corpus")
    show(trained.evaluation)
    click.echo(f"wrote {bundle.folder}")
