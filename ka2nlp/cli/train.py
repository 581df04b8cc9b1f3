"""``ka2nlp train``: a corpus in, a model bundle out."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ka2nlp.cli.corpus import report_join, report_oddities
from ka2nlp.cli.inputs import taxonomy_option
from ka2nlp.documents import read_documents
from ka2nlp.documents.urls import show_url
from ka2nlp.progress import Lines, Progress

if TYPE_CHECKING:
    from ka2nlp.adaptation import Adapted
    from ka2nlp.labelled import LabelledDocument
    from ka2nlp.taxonomy import Taxonomy

__all__ = ["command", "show_progress", "without_password"]

_CORPUS = click.Path(path_type=Path)


@click.command("train")
@click.option(
    "--corpus",
    "corpora",
    type=_CORPUS,
    multiple=True,
    help="Labelled file, table, annotation file, or a folder of these; may be repeated.",
)
@click.option(
    "--from-decisions",
    "decisions",
    metavar="URL",
    help="Learn from what was settled at the review desk with this database; with --call.",
)
@click.option("--call", "calls", multiple=True, metavar="NAME", help="Of these calls; repeatable.")
@click.option(
    "--auxiliary",
    type=_CORPUS,
    multiple=True,
    help="The same, of other kinds of text: learnt from, but not measured or tuned on.",
)
@click.option(
    "--texts",
    multiple=True,
    metavar="FILE",
    help="Texts of documents annotated by reference: tables, JSON Lines or Parquet; repeatable.",
)
@click.option(
    "--start", metavar="DIR", help="Adapt this model instead: some dozens of documents will do."
)
@taxonomy_option
@click.option("--encoder", metavar="DIR", help="Encoder folder or model; default: the shipped one.")
@click.option(
    "--fine-tune", is_flag=True, help="Fine-tune the pretrained encoder too (ka2nlp[train])."
)
@click.option(
    "--epochs", type=click.IntRange(1), help="Of fine-tuning; default: as the shipped model."
)
@click.option("--output", "-o", type=click.Path(path_type=Path), required=True, help="New folder.")
@click.option("--version", "version", default="1", show_default=True, help="Of the new model.")
@click.option("--seed", default=0, show_default=True, help="Of folds and fine-tuning.")
def command(
    corpora: tuple[Path, ...],
    decisions: str | None,
    calls: tuple[str, ...],
    auxiliary: tuple[Path, ...],
    texts: tuple[str, ...],
    start: str | None,
    taxonomy: Path | None,
    encoder: str | None,
    fine_tune: bool,
    epochs: int | None,
    output: Path,
    version: str,
    seed: int,
) -> None:
    """Train a model on a labelled corpus.

    Annotations by reference name documents by identifier and fingerprint; --texts brings their
    words. Documents whose text is missing or has changed are counted and left out, and so are
    proposals of a call that are not settled. With some hundreds of documents a model can be
    trained; with fewer, --start adapts one that ships.
    """
    from ka2nlp.bundle_adaptation import adapt_bundle
    from ka2nlp.bundle_training import rare_codes, train_bundle
    from ka2nlp.bundles import find_model
    from ka2nlp.cli.evaluate import show
    from ka2nlp.encoder_training import FineTuneSettings
    from ka2nlp.taxonomy import Taxonomy
    from ka2nlp.training import Settings
    from ka2nlp.transformer_body import TransformerBody

    _check_options(start, encoder, fine_tune, epochs, auxiliary, taxonomy)
    if (not corpora and not decisions) or bool(decisions) != bool(calls):
        raise click.UsageError(
            "got nothing to learn from, expected --corpus, or --from-decisions and --call together"
        )
    scheme = Taxonomy.carried_by(find_model(start)) if start else Taxonomy.load(taxonomy)
    corpus = [*_labelled(corpora, texts, scheme), *_decided(decisions, calls, scheme)]
    others = _labelled(auxiliary, texts, scheme)
    report_oddities([*corpus, *others], scheme)
    called = shlex.join(["ka2nlp", *without_password(sys.argv[1:], decisions)])
    with show_progress() as progress:
        if start is not None:
            bundle, adapted = adapt_bundle(
                corpus,
                output,
                start=start,
                version=version,
                command=called,
                progress=progress,
            )
            _show_changes(adapted, scheme)
            click.echo(f"wrote {bundle.folder}")
            return
        if rare := rare_codes(corpus, scheme):
            named = ", ".join(f"{code} {count}" for code, count in rare.items())
            click.echo(f"in fewer than ten documents, and hardly learnt: {named}", err=True)
        tuning = FineTuneSettings(random_state=seed)
        bundle, trained = train_bundle(
            corpus,
            output,
            taxonomy=scheme,
            auxiliary=others,
            encoder=encoder,
            body=TransformerBody() if fine_tune else None,
            fine_tune=replace(tuning, n_epochs=epochs or tuning.n_epochs),
            version=version,
            settings=Settings(random_state=seed),
            command=called,
            progress=progress,
        )
    evaluation = trained.evaluate()
    click.echo(f"cross-validated on {evaluation.n_documents} documents of the corpus")
    show(evaluation)
    click.echo(f"wrote {bundle.folder}")


def _show_changes(adapted: Adapted, taxonomy: Taxonomy) -> None:
    """Say what of a model was changed; a line each."""
    for what, codes in (
        ("changed the probabilities", adapted.changed),
        ("moved the thresholds", adapted.moved),
    ):
        click.echo(f"{what} of {len(codes)} codes{': ' * bool(codes)}{' '.join(codes)}")
    if adapted.relevance_changed:
        click.echo(f"changed the probability that a text serves any {taxonomy.noun}")


def _labelled(
    sources: Sequence[Path], texts: Sequence[str], taxonomy: Taxonomy
) -> Sequence[LabelledDocument]:
    """Read corpora, and say what annotations by reference did not find."""
    from ka2nlp.corpora import load_corpus

    if not sources:
        return ()
    documents = (document for source in texts for document in read_documents(source))
    corpus = load_corpus(sources, documents, taxonomy)
    report_join(corpus.joined)
    return corpus.documents


def _decided(
    url: str | None, calls: Sequence[str], taxonomy: Taxonomy
) -> Iterator[LabelledDocument]:
    """Take what calls have settled, and say what they have not."""
    if url is None:
        return
    from ka2nlp.review import Store
    from ka2nlp.review.outcomes import settled
    from ka2nlp.review.readings import find_call

    store = Store.open(url, migrate=False)
    try:
        for name in calls:
            with store.reading() as session:
                found = settled(session, find_call(session, name).id, taxonomy)
            click.echo(
                f"{name}: {len(found.settled)} proposals are settled, {len(found.left_out)} not",
                err=True,
            )
            yield from found.documents
    finally:
        store.close()


def without_password(words: Sequence[str], url: str | None) -> list[str]:
    """Show the address of a database as people may see it: the command stands in the manifest."""
    return [word.replace(url, show_url(url)) if url else word for word in words]


def _check_options(
    start: str | None,
    encoder: str | None,
    fine_tune: bool,
    epochs: int | None,
    auxiliary: tuple[Path, ...],
    taxonomy: Path | None,
) -> None:
    if start and (encoder or fine_tune or auxiliary or taxonomy):
        raise click.UsageError(
            "got --start with --encoder, --fine-tune, --auxiliary or --taxonomy, expected it alone"
        )
    if fine_tune and encoder:
        raise click.UsageError("got --fine-tune and --encoder, expected one of them")
    if epochs and not fine_tune:
        raise click.UsageError("got --epochs without --fine-tune, expected both")


@contextmanager
def show_progress() -> Iterator[Progress]:
    """Show what a long run does and how far it is: a bar on a terminal, lines in a pipe."""
    from rich.console import Console
    from rich.progress import BarColumn, TextColumn, TimeElapsedColumn
    from rich.progress import Progress as Bar

    console = Console(file=sys.stderr)
    if not console.is_terminal:
        yield Lines()
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Bar(*columns, console=console, transient=True) as bar:
        task = bar.add_task("reading", total=None)

        def show(message: str, share: float | None = None) -> None:
            bar.update(task, description=message, total=1.0, completed=share)

        yield show
