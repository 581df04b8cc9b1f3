"""``ka2nlp train``: annotations and their texts in, a model bundle out."""

from __future__ import annotations

import shlex
import sys
from itertools import chain
from pathlib import Path

import click

from ka2nlp.documents import read_documents

__all__ = ["command"]


@click.command("train")
@click.option(
    "--corpus",
    type=click.Path(path_type=Path),
    required=True,
    help="Annotation file, or a folder of them.",
)
@click.option(
    "--texts",
    multiple=True,
    required=True,
    metavar="FILE",
    help="The texts that were annotated: JSON Lines or Parquet; may be repeated.",
)
@click.option("--encoder", metavar="DIR", help="Encoder folder or model; default: the shipped one.")
@click.option("--output", "-o", type=click.Path(path_type=Path), required=True, help="New folder.")
@click.option("--version", "version", default="1", show_default=True, help="Of the new model.")
@click.option("--seed", default=0, show_default=True, help="Of the cross-validation folds.")
def command(
    corpus: Path, texts: tuple[str, ...], encoder: str | None, output: Path, version: str, seed: int
) -> None:
    """Train a model on an annotated corpus.

    The corpus names documents by identifier and fingerprint; --texts brings their words. Documents
    whose text is missing or has changed are counted and left out.
    """
    from ka2nlp.bundle_training import train_bundle
    from ka2nlp.cli.evaluate import show
    from ka2nlp.training import Settings

    documents = chain.from_iterable(read_documents(source) for source in texts)
    words = ["ka2nlp", *sys.argv[1:]]
    bundle, trained, missing = train_bundle(
        corpus,
        documents,
        output,
        encoder=encoder,
        version=version,
        settings=Settings(random_state=seed),
        command=shlex.join(words),
        progress=lambda message: click.echo(message, err=True),
    )
    if missing:
        click.echo(f"left out {missing} annotated documents: no text with their fingerprint")
    click.echo(f"cross-validated on {trained.evaluation.n_documents} documents of the corpus")
    show(trained.evaluation)
    click.echo(f"wrote {bundle.folder}")
