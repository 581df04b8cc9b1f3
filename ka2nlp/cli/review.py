"""``ka2nlp review``: fill the review desk, share out its work, and take out what was decided."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ka2nlp.cli.databases import database_option
from ka2nlp.cli.inputs import Read, reading_options
from ka2nlp.cli.tables import print_table
from ka2nlp.cli.train import show_progress
from ka2nlp.errors import ModelError

if TYPE_CHECKING:
    from ka2nlp.review import Store
    from ka2nlp.review.agreement_figures import CallAgreement

__all__ = ["command"]

_FORMATS = ("corpus", "labelled", "csv", "xlsx", "jsonl", "label-studio")
_MOST_NAMES = 3
_MOST_REASONS = 10


@click.group("review")
def command() -> None:
    """Fill the review desk, share out its work, and take out what was decided.

    `ka2nlp serve` is the desk itself. CALL is the name of a call: a batch of proposals.
    """


@command.command("calls")
@database_option
def calls(store: Store) -> None:
    """List the calls and how far they are."""
    from ka2nlp.review.calls import call_counts
    from ka2nlp.review.readings import all_calls

    with store.reading() as session:
        rows = [(call, call_counts(session, call.id)) for call in all_calls(session)]
    print_table(
        ("call", "proposals", "tasks", "finished", "consolidated", "decisions", "mode", "state"),
        [
            (
                call.name,
                counts.n_proposals,
                counts.n_assigned,
                counts.n_finished,
                counts.n_consolidated,
                counts.n_decisions,
                "blind" if call.blind else "open",
                "closed" if call.closed else "going on",
            )
            for call, counts in rows
        ],
    )


@command.command("create")
@click.argument("name")
@click.option("--description", default="", metavar="WORDS", help="A few words.")
@click.option("--blind", is_flag=True, help="Show suggestions only once a proposal is finished.")
@click.option(
    "--each", type=click.IntRange(1), default=1, show_default=True, help="Evaluators a proposal."
)
@database_option
def create(store: Store, name: str, description: str, blind: bool, each: int) -> None:
    """Begin a call."""
    from ka2nlp.review.calls import create_call

    with store.transaction() as session:
        call = create_call(session, name, description, blind=blind, evaluators_each=each)
    click.echo(f"created the call {call.name!r} in {store.url}")


@command.command("add")
@click.argument("call")
@click.argument("inputs", nargs=-1, required=True, metavar="INPUT...")
@reading_options
@database_option
def add(store: Store, call: str, inputs: tuple[str, ...], read: Read) -> None:
    """Put descriptions into a call.

    INPUT is what `ka2nlp tag` takes, or the folder of an archive: then its inputs are read again,
    and its tags become suggestions. A text that has changed becomes a new version.
    """
    from ka2nlp.review.filling import add_inputs
    from ka2nlp.review.readings import find_call
    from ka2nlp.taxonomy import Taxonomy

    with store.reading() as session:
        found = find_call(session, call)
    added = add_inputs(store, found.id, inputs, read, Taxonomy.load())
    _tell_left_out(added.problems)
    click.echo(
        f"{added.n_new} new proposals, {added.n_changed} with a new text, {added.n_same} as they "
        f"were; {added.n_suggestions} suggestions taken over"
    )


@command.command("assign")
@click.argument("call")
@click.argument("users", nargs=-1, required=True, metavar="USER...")
@click.option(
    "--each", type=click.IntRange(1), help="Evaluators a proposal; default: as the call says."
)
@database_option
def assign(store: Store, call: str, users: tuple[str, ...], each: int | None) -> None:
    """Share the proposals of a call out to evaluators, evenly."""
    from ka2nlp.review.assignments import distribute
    from ka2nlp.review.readings import find_call, user_named

    with store.transaction() as session:
        found = find_call(session, call)
        numbers = {user_named(session, name).id: name for name in users}
        given = distribute(session, found.id, list(numbers), each or found.evaluators_each)
    tasks = [one.user_id for one in given]
    print_table(
        ("evaluator", "new tasks"), [(name, tasks.count(one)) for one, name in numbers.items()]
    )


@command.command("suggest")
@click.argument("call")
@click.option("--model", metavar="DIR", help="A model folder, or the name of one that ships.")
@database_option
def suggest(store: Store, call: str, model: str | None) -> None:
    """Tag the texts that a model has not tagged yet."""
    from ka2nlp.review.filling import suggest as tag_texts
    from ka2nlp.review.readings import find_call
    from ka2nlp.tagger import Tagger
    from ka2nlp.taxonomy import Taxonomy

    with store.reading() as session:
        found = find_call(session, call)
    tagger = Tagger.load(model)
    if tagger.taxonomy.codes != Taxonomy.load().codes:
        raise ModelError(
            f"got {tagger.name}, a model for other labels, expected one for those of "
            "`ka2nlp taxonomy`: the commands of the review desk know no others"
        )
    with show_progress() as progress:
        n_texts = tag_texts(store, found.id, tagger, progress)
    click.echo(f"{tagger.name} tagged {n_texts} texts")


@command.command("agreement")
@click.argument("call")
@click.option("--format", "-f", type=click.Choice(["table", "json"]), default="table")
@database_option
def agreement(store: Store, call: str, format: str) -> None:
    """Measure how far evaluators and model agree."""
    from ka2nlp.review.agreement import call_agreement
    from ka2nlp.review.readings import find_call
    from ka2nlp.taxonomy import Taxonomy

    with store.reading() as session:
        found = call_agreement(session, find_call(session, call).id, Taxonomy.load())
    if format == "json":
        click.echo(json.dumps(found.to_dict(), indent=1))
        return
    click.echo(
        f"{found.n_finished} of {found.n_proposals} proposals finished by all their evaluators; "
        f"{found.n_unsure} answers not sure, which count for nothing"
    )
    _show_evaluators(found)
    _show_models(found)


def _show_evaluators(found: CallAgreement) -> None:
    print_table(
        ("evaluator", "assigned", "begun", "finished", "yes", "no", "not sure"),
        [
            (p.name, p.n_assigned, p.n_begun, p.n_finished, p.n_yes, p.n_no, p.n_unsure)
            for p in found.progress
        ],
    )
    print_table(
        ("evaluators", "proposals", "decisions", "agreed", "kappa", "F1"),
        [
            (f"{p.first}, {p.second}", p.n_proposals, p.n_pairs, p.agreed, p.kappa, p.f1)
            for p in found.pairs
        ],
    )
    print_table(
        ("group", "proposals", "decisions", "alpha", "alpha (MASI)"),
        [(g.name, g.n_proposals, g.n_pairs, g.alpha, g.masi) for g in found.groups],
    )


def _show_models(found: CallAgreement) -> None:
    modes = {None: "all", False: "blind", True: "open"}
    print_table(
        ("model", "against", "decided", "codes", "decisions", "P", "R", "F1", "kappa"),
        [
            (
                one.model,
                one.evaluator or "everybody",
                modes[one.shown],
                one.name,
                one.n_pairs,
                one.precision,
                one.recall,
                one.f1,
                one.kappa,
            )
            for one in (*found.models, *found.model_groups)
            if one in found.models or one.name != "all codes"
        ],
    )


@command.command("export")
@click.argument("call")
@click.option("--format", "-f", type=click.Choice(_FORMATS), required=True)
@click.option(
    "--output", "-o", type=click.Path(dir_okay=False, path_type=Path), required=True, metavar="FILE"
)
@database_option
def export(store: Store, call: str, format: str, output: Path) -> None:
    """Write what was decided to a file.

    corpus holds settled proposals by reference, without text; labelled the same with the text, for
    `ka2nlp train` and `evaluate`; csv and xlsx a row a proposal and code; jsonl everything, with
    every decision ever made; label-studio the tasks of a Label Studio project.
    """
    from ka2nlp.review.exports import export_call
    from ka2nlp.review.readings import find_call
    from ka2nlp.taxonomy import Taxonomy

    with store.reading() as session:
        found = find_call(session, call)
        exported = export_call(session, found.id, format, output, Taxonomy.load())
    _tell_left_out(exported.left_out)
    click.echo(f"wrote {exported.n_proposals} proposals to {output}")


@command.command("import")
@click.argument("call")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--user", required=True, metavar="NAME", help="Whose decisions they become.")
@click.option("--annotator", metavar="ID", help="In Label Studio; needed where tasks have several.")
@database_option
def import_(store: Store, call: str, file: Path, user: str, annotator: str | None) -> None:
    """Take annotations of Label Studio as decisions.

    FILE is its export "JSON". A code that is ticked, or stands at a span, becomes a yes; one that
    was suggested and is neither becomes a no; then the proposal is finished for this user.
    """
    from ka2nlp.review.label_studio import from_label_studio, read_tasks
    from ka2nlp.review.readings import find_call, user_named
    from ka2nlp.taxonomy import Taxonomy

    tasks = read_tasks(file)
    with store.transaction() as session:
        found, who = find_call(session, call), user_named(session, user)
        imported = from_label_studio(
            session, found.id, who.id, tasks, Taxonomy.load(), annotator=annotator
        )
    _tell_left_out(imported.skipped)
    click.echo(
        f"{who.name} has finished {imported.n_proposals} proposals with {imported.n_decisions} "
        f"decisions; {imported.n_lost} spans were not found in their texts"
    )


@command.command("interface")
def interface() -> None:
    """Print the interface of a Label Studio project."""
    from ka2nlp.review.label_studio_results import labelling_configuration
    from ka2nlp.taxonomy import Taxonomy

    click.echo(labelling_configuration(Taxonomy.load()), nl=False)


def _tell_left_out(left_out: Sequence[tuple[str, str]]) -> None:
    """Say what was left out and why: each reason once, with the first names."""
    names: dict[str, list[str]] = {}
    for name, reason in left_out:
        names.setdefault(reason, []).append(name)
    ranked = sorted(names.items(), key=lambda item: -len(item[1]))
    for reason, found in ranked[:_MOST_REASONS]:
        more = f" and {len(found) - _MOST_NAMES} more" if len(found) > _MOST_NAMES else ""
        named = ", ".join(found[:_MOST_NAMES])
        click.echo(f"ka2nlp: left out {named}{more}: {reason}", err=True)
    if rest := sum(len(found) for _, found in ranked[_MOST_REASONS:]):
        click.echo(f"ka2nlp: left out {rest} more, for other reasons", err=True)
