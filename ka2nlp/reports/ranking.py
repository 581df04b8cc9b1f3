"""The order in which the tags of a report are shown."""

from __future__ import annotations

from collections.abc import Sequence

from ka2nlp.records import Tag
from ka2nlp.taxonomy import Taxonomy

__all__ = ["rank_tags"]


def rank_tags(tags: Sequence[Tag], taxonomy: Taxonomy) -> list[Tag]:
    """Order the tags of a level by probability, each facet below its parent."""
    broader = {tag.code: taxonomy[tag.code].broader or tag.code for tag in tags}
    probability = {tag.code: tag.probability for tag in tags}
    return sorted(
        tags,
        key=lambda tag: (
            -probability[broader[tag.code]],
            broader[tag.code],
            broader[tag.code] != tag.code,
            -tag.probability,
        ),
    )
