"""Killed at any moment: what was acknowledged is there, once, and nothing is there by half."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from review_desk import give, set_up
from review_writer import FACET, choices
from sqlalchemy import text

from ka2nlp.review import Store
from ka2nlp.review.decisions import decide, trail
from ka2nlp.review.records import Decision
from ka2nlp.taxonomy import Taxonomy

KILLS = {"sqlite": 50, "postgresql": 12}


class Nursery:
    """Starts writers and kills them; starting a process anew would take most of the time."""

    def __init__(self, url: str, assignment_id: int) -> None:
        program = Path(__file__).with_name("review_writer.py")
        self._process = subprocess.Popen(
            [sys.executable, str(program), url, str(assignment_id)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parent.parent,
            env=os.environ | {"PYTHONPATH": str(Path(__file__).parent.parent)},
        )
        self._pace = 0.01
        assert self._next() == "ready"

    def _next(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline().strip()

    def kill_one(self, prefix: str, n_kept: int, moment: float) -> list[str]:
        """Let a writer keep so many decisions, and kill it at some moment of the next one.

        ``moment`` is a share of the time that a decision takes, or that opening takes where
        ``n_kept`` is 0. Returns the keys that it acknowledged.
        """
        assert self._process.stdin is not None
        self._process.stdin.write(f"{prefix}\n")
        self._process.stdin.flush()
        said: list[str] = []
        pids: list[str] = []
        kept: list[float] = []
        while not pids or len(kept) < n_kept:
            said.append(self._next())  # the writer may speak before its parent does
            assert said[-1] not in ("dead", ""), "the writer died by itself"
            pids = [word for word in said if word.startswith("pid ")]
            if said[-1].startswith(f"{prefix}-"):
                kept.append(time.monotonic())
        if len(kept) > 1:
            self._pace = kept[-1] - kept[-2]
        time.sleep(moment * (self._pace if kept else 0.1))
        os.kill(int(pids[0].split()[1]), signal.SIGKILL)
        while said[-1] != "dead":
            said.append(self._next())
        return [word for word in said if word.startswith(f"{prefix}-")]

    def close(self) -> None:
        self._process.communicate(timeout=10)


@contextmanager
def nursery(url: str, assignment_id: int) -> Iterator[Nursery]:
    with contextlib.closing(Nursery(url, assignment_id)) as found:
        yield found


def whole(events: list[Decision]) -> bool:
    """Tell whether each decision has its consequence: they turn a facet and its parent over."""
    followers = Counter(one.follows for one in events if one.follows)
    return all(followers[one.id] == 1 for one in events if one.follows is None)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the writers are forked")
def test_no_acknowledged_decision_is_lost(
    store: Store, database_url: str, taxonomy: Taxonomy
) -> None:
    desk = set_up(store, taxonomy)
    with store.transaction() as session:
        task = give(session, desk, desk.ada)
    rng = random.Random(7)
    acknowledged: list[str] = []
    n_kills = KILLS[database_url.split(":")[0]]
    with nursery(database_url, task.id) as writers:
        for number in range(n_kills):
            acknowledged += writers.kill_one(f"w{number}", (2, 0, 2, 3)[number % 4], rng.random())
            with store.reading() as session:
                events = trail(session, task.proposal_id)
            keys = [one.key for one in events if one.follows is None]
            assert whole(events)
            assert len(set(keys)) == len(keys)
            assert set(acknowledged) <= set(keys)
            assert len(keys) <= len(acknowledged) + number + 1  # one in flight a kill, at most
    assert len(acknowledged) > n_kills
    if database_url.startswith("sqlite"):
        with store.reading() as session:
            assert session.scalars(text("PRAGMA integrity_check")).one() == "ok"
    for key in acknowledged[:20]:
        with store.transaction() as session:
            again = choices()[int(key.split("-")[1]) % 2]
            decide(session, task.id, again, taxonomy=taxonomy, key=key)
    with store.reading() as session:
        assert trail(session, task.proposal_id) == events
    assert {one.code for one in events} == {FACET.code, FACET.broader}
