"""A program to be killed: forks a writer of decisions for each line that it reads.

usage: python review_writer.py DATABASE_URL ASSIGNMENT_ID

A line is what the keys of the next writer begin with. Answers, one a line: ``pid N`` of the writer,
``open`` once it has opened the database, the key of each decision once it is kept, ``dead``.
"""

from __future__ import annotations

import os
import sys
from itertools import count

from ka2nlp.review import Store
from ka2nlp.review.decisions import decide, standing
from ka2nlp.review.records import YES, Choice
from ka2nlp.taxonomy import Taxonomy

TAXONOMY = Taxonomy.load()
FACET = next(concept for concept in TAXONOMY.concepts if concept.broader)


def tell(word: str) -> None:
    """Write a line at once and whole."""
    os.write(sys.stdout.fileno(), f"{word}\n".encode())


def choices() -> list[Choice]:
    """A facet, which brings its parent; then the parent's no, which takes the facet along."""
    return [Choice(FACET.code, "yes"), Choice(str(FACET.broader), "no")]


def write(url: str, assignment_id: int, prefix: str) -> None:
    """Decide for ever, so that each decision changes what stands."""
    store = Store.open(url)
    tell("open")
    with store.reading() as session:
        stands = standing(session, assignment_id).get(FACET.code)
    for number in count(int(stands is not None and stands.verdict == YES)):
        key = f"{prefix}-{number}"
        with store.transaction() as session:
            decide(session, assignment_id, choices()[number % 2], taxonomy=TAXONOMY, key=key)
        tell(key)


def main(url: str, assignment_id: int) -> None:
    """Fork a writer for each line, and wait for its end."""
    tell("ready")
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            write(url, assignment_id, line.strip())
        tell(f"pid {pid}")
        os.waitpid(pid, 0)
        tell("dead")


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
