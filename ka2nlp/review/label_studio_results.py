"""Labels and their spans in Label Studio's words: results, offsets, the labelling interface.

A code is written as "S1 Quality and access", so that people can read it, and read back by its first
word. What holds of the whole text is a result of type "choices" with one list a level, and evidence
one of type "labels" a span. Offsets are written in Unicode code points, as Python counts and as
Label Studio's text tag has counted since 2022; older ones counted UTF-16 code units, in which a
character beyond U+FFFF, such as an emoji, is two.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from xml.etree import ElementTree

from ka2nlp.labelled import Span
from ka2nlp.taxonomy import Concept, Taxonomy

__all__ = ["Labels", "labelling_configuration", "read_results", "write_results"]

_TEXT: Final = "text"
_EVIDENCE: Final = "evidence"
_STYLE: Final = ".htx-text { white-space: pre-wrap; }"
"""Without it the editor swallows spaces, and offsets seem to be wrong."""


@dataclass(frozen=True, slots=True)
class Labels:
    """What one annotation says of one text.

    Parameters
    ----------
    codes
        The codes ticked, or named at a span; parents of facets included, in label order.
    evidence
        Each code, to the spans that show it, in characters; only codes with spans.
    n_lost
        Spans whose place could not be told.
    """

    codes: tuple[str, ...]
    evidence: Mapping[str, tuple[Span, ...]]
    n_lost: int = 0


def labelling_configuration(taxonomy: Taxonomy) -> str:
    """Write the labelling interface of a project as XML.

    The text stands above; spans are labelled by code, and each level has its choices for the text
    as a whole.
    """
    view = ElementTree.Element("View")
    ElementTree.SubElement(view, "Style").text = _STYLE
    ElementTree.SubElement(view, "Header", value="$title")
    labels = ElementTree.SubElement(view, "Labels", name=_EVIDENCE, toName=_TEXT)
    for concept in taxonomy.concepts:
        ElementTree.SubElement(labels, "Label", value=_name(concept), hint=concept.definition)
    ElementTree.SubElement(view, "Text", name=_TEXT, value="$text")
    for level in taxonomy.levels:
        ElementTree.SubElement(view, "Header", value=level.label)
        choices = ElementTree.SubElement(
            view, "Choices", name=level.key, toName=_TEXT, choice="multiple"
        )
        for code in level.codes:
            concept = taxonomy[code]
            ElementTree.SubElement(choices, "Choice", value=_name(concept), hint=concept.definition)
    ElementTree.indent(view)
    return ElementTree.tostring(view, encoding="unicode") + "\n"


def write_results(
    text: str,
    codes: Iterable[str],
    evidence: Mapping[str, Sequence[Span]],
    taxonomy: Taxonomy,
) -> list[dict[str, object]]:
    """Write labels as a list of results.

    Parameters
    ----------
    text
        That the spans are of.
    codes
        The codes that hold.
    evidence
        Each code, to the spans that show it.
    taxonomy
        The labels.
    """
    held = taxonomy.with_parents(codes)
    results: list[dict[str, object]] = []
    for level in taxonomy.levels:
        names = [_name(taxonomy[code]) for code in level.codes if code in held]
        if names:
            results.append(_result(level.key, level.key, "choices", {"choices": names}))
    for code in held:
        for number, (start, end) in enumerate(evidence.get(code, ()), start=1):
            where: dict[str, object] = {"start": start, "end": end, "text": text[start:end]}
            value = where | {"labels": [_name(taxonomy[code])]}
            results.append(_result(f"{code}-{number}", _EVIDENCE, "labels", value))
    return results


def _result(
    identifier: str, control: str, kind: str, value: dict[str, object]
) -> dict[str, object]:
    return {"id": identifier, "from_name": control, "to_name": _TEXT, "type": kind, "value": value}


def _name(concept: Concept) -> str:
    return f"{concept.code} {concept.label}"


def read_results(results: Iterable[Mapping[str, Any]], text: str, taxonomy: Taxonomy) -> Labels:
    """Read a list of results.

    A code counts whether it is ticked for the whole text ("choices" or "taxonomy") or named at a
    span ("labels"). Results of other types are passed over.

    Parameters
    ----------
    results
        As Label Studio writes them, of any version.
    text
        That they are of.
    taxonomy
        The labels.

    Raises
    ------
    ValueError
        When a name does not begin with a code of the taxonomy.
    KeyError, TypeError
        When a result is not of the form expected.
    """
    codes: set[str] = set()
    evidence: dict[str, list[Span]] = {}
    n_lost = 0
    for result in results:
        value = result.get("value", {})
        named = {_code(name, taxonomy) for name in _names(result.get("type"), value)}
        codes |= named
        if result.get("type") != "labels":
            continue
        span = _span(value, text)
        if span is None:
            n_lost += 1
            continue
        for code in named:
            evidence.setdefault(code, []).append(span)
    return Labels(
        tuple(taxonomy.with_parents(codes)),
        {code: tuple(sorted(set(evidence[code]))) for code in taxonomy.codes if code in evidence},
        n_lost,
    )


def _names(kind: object, value: Mapping[str, Any]) -> list[str]:
    if kind in ("choices", "labels"):
        return list(value[str(kind)])
    if kind == "taxonomy":  # each choice is the list of names on the way to it
        return [path[-1] for path in value["taxonomy"]]
    return []


def _code(name: str, taxonomy: Taxonomy) -> str:
    code = name.split(" ")[0]
    if code not in taxonomy:
        raise ValueError(f"the label {name!r}, which does not begin with a code of the taxonomy")
    return code


def _span(value: Mapping[str, Any], text: str) -> Span | None:
    """Find where a span stands, whichever way its offsets are counted.

    Both ways agree but after a character beyond U+FFFF; there the words that were selected tell
    which one it is, spaces aside, since some versions change those.
    """
    start, end = int(value["start"]), int(value["end"])
    readings = dict.fromkeys([(start, end), (_from_utf16(text, start), _from_utf16(text, end))])
    possible = [span for span in readings if 0 <= span[0] < span[1] <= len(text)]
    selected = value.get("text")
    if len(readings) > 1 and selected is not None:
        possible = [
            (start, end) for start, end in possible if _words(text[start:end]) == _words(selected)
        ]
    return possible[0] if possible else None


def _from_utf16(text: str, offset: int) -> int:
    """Turn an offset in UTF-16 code units into one in code points; -1 outside the text."""
    units = text.encode("utf-16-le", errors="surrogatepass")
    if not 0 <= 2 * offset <= len(units):
        return -1
    return len(units[: 2 * offset].decode("utf-16-le", errors="replace"))


def _words(text: str) -> str:
    return "".join(text.split())
