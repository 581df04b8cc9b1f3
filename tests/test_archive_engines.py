"""Archives under fire: killed runs, killed workers, two runs at once, a full disk, Dask."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from conftest import PROJECT, ROOT
from test_archive import TOPICS, tree

Cluster = tuple[str, list[subprocess.Popen[bytes]]]
Call = Callable[..., tuple[int, str, str]]

N_ROWS = 60
PATIENCE = 300


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_source(tmp_path_factory.mktemp("source") / "in.jsonl", N_ROWS)


@pytest.fixture(scope="module")
def long_source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """So many rows that no run of a test comes to their end."""
    return write_source(tmp_path_factory.mktemp("source") / "long.jsonl", 40 * N_ROWS)


def write_source(path: Path, n_rows: int) -> Path:
    texts = [f"{PROJECT} In bay {n} {TOPICS[n % len(TOPICS)]}." for n in range(n_rows)]
    texts[5], texts[6] = "", "\ufffd" * 40
    rows = [{"id": str(n), "title": f"Bay {n}", "text": text} for n, text in enumerate(texts)]
    path.write_text("\n".join(map(json.dumps, rows)))
    return path


@pytest.fixture(scope="module")
def expected(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What an uninterrupted run writes."""
    output = tmp_path_factory.mktemp("expected")
    done = start(source, output, "--workers", 1)
    assert_done(done)
    return tree(output)


STARTED: list[subprocess.Popen[str]] = []


@pytest.fixture(autouse=True)
def nothing_left() -> Iterator[None]:
    """End what a test that failed has left running."""
    yield
    while STARTED:
        run = STARTED.pop()
        if run.poll() is None:
            os.killpg(run.pid, signal.SIGKILL)
        run.communicate()


def start(source: Path, output: Path, *words: object, **how: Any) -> subprocess.Popen[str]:
    command = ["-m", "ka2nlp", "archive", source, "-o", output, "--shard-rows", 2, *words]
    run = subprocess.Popen(
        [sys.executable, *map(str, command)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **how,
    )
    STARTED.append(run)
    return run


def assert_done(run: subprocess.Popen[str], *, quiet: bool = True) -> str:
    output, error = run.communicate(timeout=PATIENCE)
    assert run.returncode == 0, error
    assert not (quiet and error), error
    assert f"{N_ROWS} documents" in output
    return output


def n_parts(output: Path) -> int:
    return len(list(output.glob("run-*/part-*")))


def wait_until(met: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not met():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def went_on(run: subprocess.Popen[str], folder: Path, n_before: int) -> bool:
    return n_parts(folder) > n_before or run.poll() is not None


def registered(log: Path) -> bool:
    return "Registered to" in log.read_text()


@pytest.mark.parametrize("n_workers", [1, 2])
def test_killed_at_any_moment_it_goes_on_to_the_same_bytes(
    source: Path, expected: dict[str, bytes], tmp_path: Path, n_workers: int
) -> None:
    chance = random.Random(n_workers)
    for kill in range(3):
        before = n_parts(tmp_path)
        run = start(source, tmp_path, "--workers", n_workers)
        if kill:  # the first is killed at any time, the others while they write
            wait_until(partial(went_on, run, tmp_path, before))
        time.sleep(chance.uniform(0, 0.02 if kill else 0.3))
        run.kill()
        run.communicate(timeout=PATIENCE)
    assert 0 < n_parts(tmp_path) < N_ROWS // 2, "all was done before it was killed"
    output = assert_done(start(source, tmp_path, "--workers", n_workers))
    assert f"{N_ROWS - 2} tagged" not in output
    assert tree(tmp_path) == expected


@pytest.mark.parametrize("words", [("--workers", 2), ("--engine", "dask", "--workers", 2)])
def test_engines_write_the_same_bytes(
    source: Path, expected: dict[str, bytes], tmp_path: Path, words: tuple[object, ...]
) -> None:
    quiet = "dask" not in words  # its workers may tell of a machine that is busy
    assert_done(start(source, tmp_path, *words), quiet=quiet)
    assert tree(tmp_path) == expected


def test_interrupted_it_says_so_and_leaves_no_process(long_source: Path, tmp_path: Path) -> None:
    run = start(long_source, tmp_path, "--workers", 2, preexec_fn=hear_interrupts)
    wait_until(lambda: n_parts(tmp_path))
    os.killpg(run.pid, signal.SIGINT)  # a terminal sends Ctrl-C to every process
    output, error = run.communicate(timeout=PATIENCE)
    assert (run.returncode, output, error.strip()) == (130, "", "ka2nlp: interrupted")
    assert not list(tmp_path.glob("run-*/.drafts*"))
    wait_until(lambda: not processes(run.pid))


def hear_interrupts() -> None:
    """Undo what a shell does to what it starts in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_workers_do_not_outlive_a_killed_run(long_source: Path, tmp_path: Path) -> None:
    run = start(long_source, tmp_path, "--workers", 2)
    wait_until(lambda: n_parts(tmp_path))
    run.kill()
    run.communicate(timeout=PATIENCE)
    wait_until(lambda: not processes(run.pid))


def test_a_killed_worker_is_told(long_source: Path, tmp_path: Path) -> None:
    run = start(long_source, tmp_path, "--workers", 2)
    wait_until(lambda: n_parts(tmp_path))
    worker = next(pid for pid, command in processes(run.pid).items() if "LokyProcess" in command)
    os.kill(worker, signal.SIGKILL)
    _, error = run.communicate(timeout=PATIENCE)
    assert run.returncode == 2
    assert error.splitlines()[-1].startswith("ka2nlp: got a worker process that was killed")


def processes(session: int) -> dict[int, str]:
    """Commands of the living processes of a session."""
    shown = subprocess.run(
        ["ps", "-ww", "-s", str(session), "-o", "pid=,stat=,args="],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    rows = [line.split(maxsplit=2) for line in shown.splitlines()]
    return {int(pid): command for pid, state, command in rows if not state.startswith("Z")}


def test_two_runs_refuse_each_other(
    source: Path, long_source: Path, call: Call, tmp_path: Path
) -> None:
    run = start(long_source, tmp_path, "--workers", 1)
    wait_until(lambda: n_parts(tmp_path))
    os.kill(run.pid, signal.SIGSTOP)
    code, _, error = call("archive", source, "-o", tmp_path, "--workers", 1)
    assert code == 2
    assert error.startswith(f"ka2nlp: got the output {tmp_path}, to which another run writes")
    run.kill()  # and the lock is free
    run.communicate(timeout=PATIENCE)
    assert call("archive", source, "-o", tmp_path, "--workers", 1)[0] == 0


@pytest.mark.parametrize("n_workers", [1, 2])
def test_a_disk_that_is_full_is_one_line_and_no_loss(
    source: Path, expected: dict[str, bytes], tmp_path: Path, n_workers: int
) -> None:
    import resource

    def fill_disk() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))

    run = start(source, tmp_path, "--workers", n_workers, preexec_fn=fill_disk)
    output, error = run.communicate(timeout=PATIENCE)
    assert (run.returncode, output) == (2, "")
    assert error.startswith(f"ka2nlp: got the output {tmp_path}, which cannot be written (")
    assert error.count("\n") == 1
    assert not n_parts(tmp_path)
    assert_done(start(source, tmp_path, "--workers", n_workers))
    assert tree(tmp_path) == expected


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """A Dask scheduler and two worker processes: its address, and the workers."""
    file = tmp_path / "scheduler.json"
    dask = [sys.executable, "-m", "dask"]
    where = ["--scheduler-file", str(file)]
    alone = ["--no-dashboard", "--host", "127.0.0.1", "--port", "0"]
    worker = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
    scheduler = run_quietly([*dask, "scheduler", *where, *alone], tmp_path / "0")
    wait_until(file.exists)
    workers = [
        run_quietly([*dask, "worker", *where, *worker, "--name", name], tmp_path / name)
        for name in ("1", "2")
    ]
    for name in ("1", "2"):
        wait_until(partial(registered, tmp_path / name / "log"))
    yield json.loads(file.read_text())["address"], workers
    for process in (*workers, scheduler):
        process.kill()
        process.wait()


def run_quietly(command: list[str], folder: Path) -> subprocess.Popen[bytes]:
    folder.mkdir()
    with (folder / "log").open("wb") as log:
        return subprocess.Popen(
            command, stdout=log, stderr=log, cwd=folder, env=os.environ | {"PYTHONPATH": str(ROOT)}
        )


def test_a_dask_worker_that_is_killed_loses_nothing(
    source: Path, expected: dict[str, bytes], tmp_path: Path, cluster: Cluster
) -> None:
    address, workers = cluster
    output = tmp_path / "out"
    os.kill(workers[0].pid, signal.SIGSTOP)  # its shards stay in hand until it dies
    run = start(source, output, "--engine", "dask", "--scheduler", address)
    wait_until(lambda: n_parts(output))
    time.sleep(1)
    assert run.poll() is None
    workers[0].kill()
    assert_done(run)
    assert tree(output) == expected


def test_no_scheduler_is_one_line(source: Path, tmp_path: Path) -> None:
    run = start(source, tmp_path, "--engine", "dask", "--scheduler", "tcp://127.0.0.1:9")
    _, error = run.communicate(timeout=PATIENCE)
    assert run.returncode == 2
    assert error.startswith("ka2nlp: got no Dask scheduler at tcp://127.0.0.1:9 (")
    assert error.count("\n") == 1
