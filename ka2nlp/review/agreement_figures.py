"""The figures of a call's agreement: progress, pairs of evaluators, all of them, and the model."""

from __future__ import annotations

from dataclasses import asdict, dataclass

__all__ = [
    "CallAgreement",
    "EvaluatorProgress",
    "ModelAgreement",
    "PairAgreement",
    "Reliability",
]


@dataclass(frozen=True, slots=True)
class EvaluatorProgress:
    """How far one evaluator is.

    Parameters
    ----------
    user_id, name
        The evaluator.
    n_assigned, n_begun, n_finished
        Proposals assigned, of these begun (a decision stands or they are finished) and finished.
    n_yes, n_no, n_unsure
        Standing decisions on all proposals assigned, finished or not.
    """

    user_id: int
    name: str
    n_assigned: int
    n_begun: int
    n_finished: int
    n_yes: int
    n_no: int
    n_unsure: int


@dataclass(frozen=True, slots=True)
class PairAgreement:
    """How far two evaluators agree.

    Parameters
    ----------
    first, second
        Names, in alphabetical order.
    n_proposals
        Proposals that both have finished, reading the same text.
    n_pairs
        Pairs of proposal and code that both said yes or no to.
    n_unsure
        Pairs left out because one of them was not sure.
    agreed
        Share of the pairs in which both said the same, in [0, 1]; None without pairs.
    kappa
        Cohen's kappa over the pairs, at most 1; None where one of them said always or never yes.
    f1
        2 n_both / (n_first + n_second) over their yes, in [0, 1]; None where nobody said yes.
    """

    first: str
    second: str
    n_proposals: int
    n_pairs: int
    n_unsure: int
    agreed: float | None
    kappa: float | None
    f1: float | None


@dataclass(frozen=True, slots=True)
class Reliability:
    """How far all evaluators agree on some codes.

    Parameters
    ----------
    name
        A group of codes ("outcomes", "facets", "framing aims", "all codes"), or one code.
    n_proposals
        Proposals that two evaluators or more have finished.
    n_pairs
        Pairs of proposal and code that two or more said yes or no to.
    n_yes, n_answers
        Yes answers among all answers to these pairs.
    alpha
        Krippendorff's alpha of the answers, nominal, over all evaluators, missing ones allowed;
        None where fewer than two different answers were given.
    masi
        Of a group: Krippendorff's alpha of the sets of codes ticked, under MASI distance
        (Passonneau 2006), not sure counting as not ticked; None for a code, and where undefined.
    """

    name: str
    n_proposals: int
    n_pairs: int
    n_yes: int
    n_answers: int
    alpha: float | None
    masi: float | None = None


@dataclass(frozen=True, slots=True)
class ModelAgreement:
    """How far a model and one evaluator agree; the evaluator's answers are taken as the truth.

    Parameters
    ----------
    model
        Its name.
    evaluator
        Name; empty for all of them together.
    shown
        False: only what was decided before the suggestions were shown (blind); True: only what was
        decided with them in view; None: both.
    name
        A group of codes, or one code.
    n_pairs
        Pairs of proposal and code; one counts once for each evaluator.
    n_evaluator, n_model, n_both
        Pairs that the evaluator, the model and both say yes to.
    precision, recall, f1
        In [0, 1], of the model's yes; None where undefined.
    kappa
        Cohen's kappa; None where one of them said always or never yes.
    """

    model: str
    evaluator: str
    shown: bool | None
    name: str
    n_pairs: int
    n_evaluator: int
    n_model: int
    n_both: int
    precision: float | None
    recall: float | None
    f1: float | None
    kappa: float | None


@dataclass(frozen=True, slots=True)
class CallAgreement:
    """All figures of one call.

    Parameters
    ----------
    n_proposals
        Proposals in the call.
    n_finished
        Of these, those that every evaluator assigned has finished; at least one must be assigned.
    n_unsure
        Pairs of proposal, code and evaluator that say not sure, in finished assignments.
    progress
        One an evaluator, in the order of their names.
    pairs
        One for each two evaluators with a finished proposal in common.
    groups, codes
        Of all evaluators; by group of codes and by code, in the order of the taxonomy.
    models
        For each model: all evaluators together and each of them, blind and open apart and both
        together, on all codes.
    model_groups, model_codes
        All evaluators together, blind and open apart and both together, by group and by code.
    """

    n_proposals: int
    n_finished: int
    n_unsure: int
    progress: tuple[EvaluatorProgress, ...]
    pairs: tuple[PairAgreement, ...]
    groups: tuple[Reliability, ...]
    codes: tuple[Reliability, ...]
    models: tuple[ModelAgreement, ...]
    model_groups: tuple[ModelAgreement, ...]
    model_codes: tuple[ModelAgreement, ...]

    def to_dict(self) -> dict[str, object]:
        """Give plain dictionaries and lists, for JSON."""
        return asdict(self)
