"""Engines: who does the work; in this process, in others of this machine, or on a Dask cluster."""

from __future__ import annotations

import logging
import os
import signal
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, CancelledError, Executor, Future, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from threading import Thread
from time import sleep
from typing import Any, Final, TypeVar

from ka2nlp.errors import ArchiveError

__all__ = ["ENGINES", "Pool", "default_workers", "run_jobs"]

Job = TypeVar("Job")
Outcome = TypeVar("Outcome")

_AHEAD: Final = 2
"""Jobs in hand for each worker: one that it does, one that waits for it."""

_DASK: Final = {
    "distributed.scheduler.allowed-failures": 10,  # workers that may die over one shard
    "distributed.admin.large-graph-warning-threshold": "1GB",  # a shard travels with its task
}

_PATIENCE: Final = 10
"""Seconds to wait for a scheduler's answer."""

_LOOK: Final = 0.5
"""Seconds between two looks at whether the master lives."""

_ONE_THREAD: Final = {"OMP_NUM_THREADS": "1", "RAYON_NUM_THREADS": "1"}


@dataclass(frozen=True, slots=True)
class Pool:
    """Workers.

    Parameters
    ----------
    executor
        Takes jobs.
    n_workers
        Tells how many there are by now; some may come later.
    """

    executor: Executor
    n_workers: Callable[[], int]


def default_workers() -> int:
    """Count the physical cores that this process may use."""
    from loky import cpu_count

    return int(cpu_count(only_physical_cores=True))


def run_jobs(
    work: Callable[[Job], Outcome], jobs: Iterable[Job], pool: Pool | None
) -> Iterator[Outcome]:
    """Do jobs, a bounded number at a time; outcomes come in the order in which they are ready.

    Parameters
    ----------
    work
        A function that other processes can import.
    jobs
        Taken one by one, in this thread, as workers become free.
    pool
        Who works; this process where it is None.
    """
    if pool is None:
        yield from map(work, jobs)
        return
    running: set[Future[Outcome]] = set()
    for job in jobs:
        running.add(pool.executor.submit(work, job))
        while len(running) >= _AHEAD * max(pool.n_workers(), 1):
            done, running = wait(running, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in done)
    while running:
        done, running = wait(running, return_when=FIRST_COMPLETED)
        yield from (future.result() for future in done)


@contextmanager
def _local(n_workers: int, scheduler: str | None) -> Iterator[Pool | None]:
    """Start processes of this machine; none for one worker."""
    if n_workers == 1:
        yield None
        return
    from loky import ProcessPoolExecutor

    executor = ProcessPoolExecutor(
        n_workers, initializer=_follow, initargs=(os.getpid(),), env=_ONE_THREAD
    )
    try:
        yield Pool(executor, lambda: n_workers)
    except BrokenProcessPool as error:
        raise ArchiveError(
            "got a worker process that was killed, perhaps for want of memory; run the same "
            "command again to go on, with fewer --workers"
        ) from error
    finally:
        executor.shutdown(kill_workers=True)


def _follow(master: int) -> None:
    """Leave Ctrl-C, which reaches every process, to the master; end when it was killed."""

    def watch() -> None:
        while os.getppid() == master:
            sleep(_LOOK)
        os._exit(1)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    Thread(target=watch, daemon=True).start()


@contextmanager
def _dask(n_workers: int, scheduler: str | None) -> Iterator[Pool]:
    """Connect to a Dask scheduler, or start a cluster of processes on this machine."""
    try:
        import dask
        from distributed import Client, KilledWorker
        from distributed.comm import CommClosedError
    except ModuleNotFoundError as error:
        raise ArchiveError(
            "got an installation without Dask; install it with: pip install 'ka2nlp[dask]'"
        ) from error
    with dask.config.set(_DASK), ExitStack() as stack:
        cluster = scheduler or stack.enter_context(_cluster(n_workers))
        try:
            client = stack.enter_context(Client(cluster, timeout=_PATIENCE))
        except (OSError, ValueError) as error:
            raise ArchiveError(
                f"got no Dask scheduler at {scheduler} ({error}); check the address, or start one "
                "with: dask scheduler"
            ) from error
        if scheduler is None:
            client.register_plugin(_deaf_plugin())
        try:
            yield Pool(client.get_executor(pure=False), lambda: sum(client.nthreads().values()))
        except (CommClosedError, CancelledError, KilledWorker) as error:
            raise ArchiveError(
                f"got a Dask cluster that failed ({error}); mend it, or give its workers more "
                "memory, and run the same command again to go on"
            ) from error


def _cluster(n_workers: int) -> Any:  # noqa: ANN401  (distributed has no types)
    from distributed import LocalCluster

    return LocalCluster(
        n_workers=n_workers,
        threads_per_worker=1,
        dashboard_address=None,
        silence_logs=logging.ERROR,
        env=_ONE_THREAD,
    )


def _deaf_plugin() -> Any:  # noqa: ANN401  (distributed has no types)
    """Make workers of this machine leave Ctrl-C to the master."""
    from distributed import WorkerPlugin

    class Deaf(WorkerPlugin):  # type: ignore[misc]
        def setup(self, worker: object) -> None:
            signal.signal(signal.SIGINT, signal.SIG_IGN)

    return Deaf()


Engine = Callable[[int, str | None], AbstractContextManager[Pool | None]]

ENGINES: Final[dict[str, Engine]] = {"local": _local, "dask": _dask}
"""Name of each engine, with what starts it: number of workers and address of a scheduler."""
