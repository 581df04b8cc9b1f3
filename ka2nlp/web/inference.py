"""Documents of many requests to reports: one thread tags those that wait together in one batch.

A report is the same to the last bit alone or in a batch, so that company changes no answer.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from threading import Condition, Thread
from time import perf_counter
from typing import Final

from ka2nlp.errors import Ka2nlpError
from ka2nlp.records import Document, Report
from ka2nlp.tagger import Tagger
from ka2nlp.web.settings import Limits

__all__ = ["BusyError", "Inference"]

_FIRST_PACE: Final = 0.05
"""Seconds a document, until some were timed."""

_SHARE_OF_NEW: Final = 0.2
"""Weight of the newest batch in the pace."""


class BusyError(Ka2nlpError):
    """More documents wait than the desk takes on.

    Parameters
    ----------
    retry_after
        Seconds until there should be room, at least 1.
    """

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message)
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class _Waiting:
    document: Document
    report: Future[Report] = field(default_factory=Future)


class Inference:
    """Tags documents for an event loop, in a thread of its own.

    Parameters
    ----------
    tagger
        Used by that thread alone.
    limits
        How many documents may wait, and how many are tagged together.
    seen
        Is told the number of documents of each batch.
    """

    def __init__(
        self, tagger: Tagger, limits: Limits, seen: Callable[[int], None] = lambda _: None
    ) -> None:
        self.tagger = tagger
        self._limits = limits
        self._seen = seen
        self._pace = _FIRST_PACE
        self._waiting: deque[_Waiting] = deque()
        self._changed = Condition()
        self._closing = False
        self._thread = Thread(target=self._work, name="ka2nlp-inference", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def close(self) -> None:
        """Finish the batch in hand, cancel what waits, and end the thread."""
        with self._changed:
            self._closing = True
            while self._waiting:
                self._waiting.popleft().report.cancel()
            self._changed.notify()
        self._thread.join()

    @property
    def alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def n_waiting(self) -> int:
        """Number of documents that wait."""
        return len(self._waiting)

    async def tag(self, document: Document) -> Report:
        """Tag one document; the same as ``tag_many`` of one."""
        return (await self.tag_many([document]))[0]

    async def tag_many(self, documents: Iterable[Document]) -> list[Report]:
        """Tag documents beside those of other requests.

        Where the task that waits here is cancelled, its documents are not tagged.

        Parameters
        ----------
        documents
            All of them wait, or none.

        Returns
        -------
        list of Report
            One a document, in order.

        Raises
        ------
        BusyError
            When there is no room for them.
        """
        entries = [_Waiting(document) for document in documents]
        with self._changed:
            self._check_room(len(entries))
            self._waiting.extend(entries)
            self._changed.notify()
        return await asyncio.gather(*(asyncio.wrap_future(entry.report) for entry in entries))

    def _check_room(self, n_documents: int) -> None:
        n_waiting, most = len(self._waiting), self._limits.waiting
        if self._closing or n_waiting + n_documents > most:
            seconds = max(1, math.ceil(n_waiting * self._pace))
            raise BusyError(
                f"got {n_documents} documents while {n_waiting} wait, expected at most {most} "
                f"together; try again in {seconds} seconds",
                seconds,
            )

    def _work(self) -> None:
        while batch := self._gather():
            begun = perf_counter()
            self._answer(batch)
            newest = (perf_counter() - begun) / len(batch)
            self._pace += _SHARE_OF_NEW * (newest - self._pace)
            self._seen(len(batch))

    def _answer(self, batch: Sequence[_Waiting]) -> None:
        try:
            documents = [entry.document for entry in batch]
            reports = list(self.tagger.tag_many(documents, doubts=True))
        except Exception as error:  # the thread serves all others, whatever this batch held
            if len(batch) == 1:
                batch[0].report.set_exception(error)
                return
            for entry in batch:  # one document must not fail its neighbours
                self._answer([entry])
        else:
            for entry, report in zip(batch, reports, strict=True):
                entry.report.set_result(report)

    def _gather(self) -> list[_Waiting]:
        """Wait for documents and take some, leaving out what was cancelled; none means the end."""
        batch: list[_Waiting] = []
        with self._changed:
            while not batch and not self._closing:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                room = self._limits.batch_characters
                while self._waiting and len(batch) < self._limits.together:
                    room -= len(self._waiting[0].document.text)
                    if batch and room < 0:
                        break
                    entry = self._waiting.popleft()
                    if entry.report.set_running_or_notify_cancel():
                        batch.append(entry)
        return batch
