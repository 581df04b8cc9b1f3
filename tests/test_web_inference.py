from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from threading import Event
from typing import cast

import pytest
from conftest import PROJECT

from ka2nlp import Document, Report, Tagger
from ka2nlp.web.inference import BusyError, Inference
from ka2nlp.web.settings import Limits

DOCUMENTS = [Document(str(number), "", f"{PROJECT} Part {number}.") for number in range(12)]


class GatedTagger(Tagger):
    """The toy tagger behind a gate: what is asked for meanwhile has to wait."""

    def __init__(self, like: Tagger) -> None:
        super().__init__(like.taxonomy, like.encoder, like.heads, like.name)
        self.batches: list[list[str]] = []
        self.reached = Event()
        self.gate = Event()

    def tag_many(
        self, documents: Iterable[str | Document], *, doubts: bool = False
    ) -> Iterator[Report]:
        batch = [cast(Document, one) for one in documents]
        self.batches.append([document.id for document in batch])
        self.reached.set()
        assert self.gate.wait(20)
        if any("poison" in document.text for document in batch):
            raise ValueError("cannot read this one")
        return super().tag_many(batch, doubts=doubts)


@pytest.fixture
def gated(toy_tagger: Tagger) -> GatedTagger:
    return GatedTagger(toy_tagger)


async def hold(inference: Inference, tagger: GatedTagger) -> asyncio.Task[Report]:
    """Let the thread take one document and stand before the gate."""
    task = asyncio.create_task(inference.tag(Document("first", "", PROJECT)))
    await asyncio.to_thread(tagger.reached.wait, 20)
    return task


def alone(tagger: Tagger) -> list[Report]:
    return [report for one in DOCUMENTS for report in tagger.tag_many([one], doubts=True)]


def running(
    tagger: Tagger, work: Callable[[Inference], object], limits: Limits | None = None
) -> None:
    inference = Inference(tagger, limits or Limits())
    inference.start()
    try:
        asyncio.run(work(inference))  # type: ignore[arg-type]
    finally:
        inference.close()
    assert not inference.alive


def test_what_waits_together_is_tagged_in_one_batch_with_the_same_answers(
    gated: GatedTagger, toy_tagger: Tagger
) -> None:
    async def work(inference: Inference) -> None:
        first = await hold(inference, gated)
        tasks = [asyncio.create_task(inference.tag(one)) for one in DOCUMENTS]
        while inference.n_waiting < len(DOCUMENTS):
            await asyncio.sleep(0.001)
        gated.gate.set()
        reports = await asyncio.gather(first, *tasks)
        assert gated.batches == [["first"], [one.id for one in DOCUMENTS]]
        assert reports[1:] == alone(toy_tagger)

    running(gated, work)


def test_the_shipped_model_gives_the_same_reports_as_alone(tagger: Tagger) -> None:
    async def work(inference: Inference) -> None:
        reports = await asyncio.gather(*map(inference.tag, DOCUMENTS))
        assert reports == alone(tagger)
        assert [one.to_dict() for one in reports] == [tagger.tag(d).to_dict() for d in DOCUMENTS]
        assert await inference.tag_many(DOCUMENTS) == reports

    running(tagger, work)


def test_batches_are_bounded_by_documents_and_characters(gated: GatedTagger) -> None:
    async def work(inference: Inference) -> None:
        await hold(inference, gated)
        documents = [Document(str(n), "", "a" * (900 if n == 2 else 100)) for n in range(6)]
        waiting = asyncio.create_task(inference.tag_many(documents))
        await asyncio.sleep(0)
        gated.gate.set()
        await waiting
        assert gated.batches[1:] == [["0", "1"], ["2"], ["3", "4", "5"]]

    running(gated, work, Limits(together=3, batch_characters=500))


def test_more_than_may_wait_is_refused_and_nothing_of_it_kept(gated: GatedTagger) -> None:
    async def work(inference: Inference) -> None:
        await hold(inference, gated)
        waiting = asyncio.create_task(inference.tag_many(DOCUMENTS[:3]))
        await asyncio.sleep(0)
        with pytest.raises(
            BusyError, match="got 2 documents while 3 wait, expected at most 4"
        ) as e:
            await inference.tag_many(DOCUMENTS[:2])
        assert e.value.retry_after >= 1
        assert inference.n_waiting == 3
        gated.gate.set()
        assert len(await waiting) == 3

    running(gated, work, Limits(waiting=4))


def test_what_was_cancelled_is_not_tagged(gated: GatedTagger) -> None:
    async def work(inference: Inference) -> None:
        await hold(inference, gated)
        kept, dropped = (asyncio.create_task(inference.tag(one)) for one in DOCUMENTS[:2])
        await asyncio.sleep(0)
        dropped.cancel()
        with pytest.raises(asyncio.CancelledError):
            await dropped
        gated.gate.set()
        assert (await kept).id == "0"
        assert gated.batches == [["first"], ["0"]]

    running(gated, work)


def test_a_document_that_fails_does_not_fail_its_neighbours(gated: GatedTagger) -> None:
    async def work(inference: Inference) -> None:
        first = await hold(inference, gated)
        good = asyncio.create_task(inference.tag(DOCUMENTS[0]))
        bad = asyncio.create_task(inference.tag(Document("bad", "", "poison")))
        await asyncio.sleep(0)
        gated.gate.set()
        assert (await first).id == "first"
        assert (await good).id == "0"
        with pytest.raises(ValueError, match="cannot read this one"):
            await bad
        assert (await inference.tag(DOCUMENTS[1])).id == "1"

    running(gated, work)


def test_closing_cancels_what_waits(gated: GatedTagger) -> None:
    async def work(inference: Inference) -> None:
        first = await hold(inference, gated)
        waiting = asyncio.create_task(inference.tag(DOCUMENTS[0]))
        await asyncio.sleep(0)
        closing = asyncio.create_task(asyncio.to_thread(inference.close))
        with pytest.raises(asyncio.CancelledError):
            await waiting
        gated.gate.set()
        await closing
        assert (await first).id == "first"
        with pytest.raises(BusyError):
            await inference.tag(DOCUMENTS[1])

    running(gated, work)


def test_the_event_loop_goes_on_while_texts_are_tagged(gated: GatedTagger) -> None:
    async def work(inference: Inference) -> None:
        task = await hold(inference, gated)
        for _ in range(100):
            await asyncio.sleep(0)
        assert not task.done()
        gated.gate.set()
        await task

    running(gated, work)
