from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from desks import PASSWORD, database_url

from ka2nlp.review.logins import find_token
from ka2nlp.review.store import Store
from ka2nlp.review.users import check_password, find_user

Call = Callable[..., tuple[int, str, str]]


@pytest.fixture
def users(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """Run ``ka2nlp users`` on a database of the test, with a password on standard input."""

    def run(*arguments: str, typed: str = PASSWORD) -> tuple[int, str, str]:
        reading, writing = os.pipe()
        os.write(writing, f"{typed}\r\n".encode())
        os.close(writing)
        with os.fdopen(reading) as stream:
            monkeypatch.setattr(sys, "stdin", stream)
            return call("users", *arguments, "--database-url", database_url(tmp_path))

    return run


def test_users_are_added_listed_and_changed(users: Call, tmp_path: Path) -> None:
    added = users("add", "Ada", "--role", "administrator", "--password-stdin")
    assert added == (0, "added ada, administrator\n", "")
    assert users("add", "eve", "--password-stdin")[1] == "added eve, evaluator\n"
    listed = users("list")[1]
    assert re.search(r"ada +administrator +yes +\d{4}-\d\d-\d\d", listed)
    assert users("role", "eve", "lead")[1] == "eve is lead\n"
    assert users("password", "eve", "--password-stdin", typed="quite another one")[0] == 0
    secret = users("token", "eve", "--label", "nightly")[1].strip()
    store = Store.open(database_url(tmp_path))
    with store.reading() as session:
        assert check_password(session, "ada", PASSWORD)
        assert check_password(session, "eve", PASSWORD) is None
        assert check_password(session, "eve", "quite another one")
        assert find_token(session, secret) == find_user(session, "eve")
    assert users("deactivate", "eve")[0] == 0
    with store.reading() as session:
        assert find_token(session, secret) is None
    store.close()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["add", "ada", "--password-stdin"], "which is taken; choose another"),
        (["add", "a b", "--password-stdin"], "got the user name 'a b'"),
        (["role", "nobody", "lead"], "got the user 'nobody', who is not there"),
        (["role", "ada", "king"], "'king' is not one of"),
        (["deactivate", "ada"], "the only active administrator"),
    ],
)
def test_bad_calls_get_one_line(users: Call, arguments: list[str], message: str) -> None:
    users("add", "ada", "--role", "administrator", "--password-stdin")
    code, output, error = users(*arguments)
    assert (code, output) == (2, "")
    assert message in error


def test_a_short_password_is_refused(users: Call) -> None:
    code, _, error = users("add", "ada", "--password-stdin", typed="short")
    assert code == 2
    assert "got a password of 5 characters, expected 12" in error


def test_serve_refuses_other_addresses_without_users(call: Call, tmp_path: Path) -> None:
    code, output, error = call(
        "serve",
        "--host",
        "0.0.0.0",  # noqa: S104
        "--database-url",
        database_url(tmp_path),
    )
    assert (code, output) == (2, "")
    assert "got the address 0.0.0.0, which others can reach, and no user with a password" in error


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "none"], "got the model 'none'"),
        (["--database-url", "sqlite:///nowhere/desk.db"], "in a folder that does not exist"),
        (["--host", "300.1.1.1"], "others can reach"),
    ],
)
def test_serve_says_in_one_line_what_is_wrong(
    call: Call, tmp_path: Path, options: list[str], message: str
) -> None:
    code, output, error = call("serve", "--database-url", database_url(tmp_path), *options)
    assert (code, output) == (2, "")
    assert message in error
    assert len(error.splitlines()) == 1


def test_serve_names_a_port_that_is_taken(call: Call, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        code, _, error = call(
            "serve", "--port", port, "--model", "fast", "--database-url", database_url(tmp_path)
        )
    assert code == 2
    assert f"port {port}, which cannot be listened on" in error


CLIENT = """
import json, sys, urllib.request
address = sys.argv[1] + "/api/v1/"
print(json.load(urllib.request.urlopen(address + "health/ready"))["model"])
body = json.dumps({"text": "We train forty teachers to teach languages with tablets."}).encode()
asked = urllib.request.Request(address + "tag", body, {"Content-Type": "application/json"})
print(*(tag["code"] for tag in json.load(urllib.request.urlopen(asked))["tags"]))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_serve_serves_until_it_is_interrupted(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "ka2nlp", "serve", "--port", "0", "--model", "fast"]
    with subprocess.Popen(
        command, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": "1"},
    ) as server:  # fmt: skip
        assert server.stdout is not None
        line = server.stdout.readline()
        found = re.match(
            r"(http://127\.0\.0\.1:\d+)  decisions in sqlite:///ka2nlp-review.db", line
        )
        assert found, line
        asked = subprocess.run(
            [sys.executable, "-c", CLIENT, found[1]], capture_output=True, text=True, check=True
        )
        server.send_signal(signal.SIGINT)
        output, error = server.communicate(timeout=20)
    assert asked.stdout.startswith("ka2-fast 0.1.0\n")
    assert "I9" in asked.stdout
    assert (server.returncode, output, error) == (0, "", "")
    assert (tmp_path / "ka2nlp-review.db").is_file()
