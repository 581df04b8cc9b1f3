"""Addresses: files in memory, in a bucket of a local S3 server, and behind a local web server."""

from __future__ import annotations

import http.server
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fsspec
import made_files
import pytest
from fsspec.config import conf

from ka2nlp.documents import read_documents
from ka2nlp.documents.urls import show_url
from ka2nlp.errors import InputError


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let these tests reach this machine, and no other."""
    connect = socket.socket.connect

    def local(self: socket.socket, address: Any) -> None:
        assert address[0] in ("127.0.0.1", "localhost"), f"a test opened a connection: {address}"
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", local)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Start an S3 server with one bucket, and point s3fs to it."""
    from moto.server import ThreadedMotoServer
    from s3fs import S3FileSystem

    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "local")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "local")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    monkeypatch.setitem(conf, "s3", {"endpoint_url": f"http://{host}:{port}"})
    S3FileSystem.clear_instance_cache()
    files = fsspec.filesystem("s3")
    files.mkdir("ka2nlp-test")
    yield files
    S3FileSystem.clear_instance_cache()
    server.stop()


def test_files_in_a_bucket(bucket: Any) -> None:
    table = b"id,text\n" + b"".join(b"%d,We mend %d.\n" % (n, n) for n in range(20_000))
    bucket.pipe("ka2nlp-test/in/table.csv", table)
    bucket.pipe("ka2nlp-test/in/form.pdf", made_files.pdf(["We train."]))
    found = list(read_documents("s3://ka2nlp-test/in/table.csv"))
    assert [one.id for one in found] == [str(n) for n in range(20_000)]
    assert found[-1].text == "We mend 19999."
    (document,) = read_documents("s3://ka2nlp-test/in/form.pdf")
    assert (document.id, document.text) == ("form", "We train.")
    with pytest.raises(InputError, match=r"got s3://ka2nlp-test/no\.csv, which cannot be opened"):
        list(read_documents("s3://ka2nlp-test/no.csv"))


def test_files_in_memory() -> None:
    files = fsspec.filesystem("memory")
    files.pipe("/ka2nlp/a.docx", made_files.word(["We train."], "A"))
    files.pipe("/ka2nlp/b.csv", b"text\n")
    (document,) = read_documents("memory://ka2nlp/a.docx")
    assert (document.id, document.title, document.text) == ("a", "A", "We train.")
    with pytest.raises(InputError, match=r"^memory://ka2nlp/b\.csv: got a header without a row"):
        list(read_documents("memory://ka2nlp/b.csv"))
    with pytest.raises(InputError, match="which cannot be opened"):
        list(read_documents("memory://ka2nlp/c.csv"))
    with pytest.raises(InputError, match=r"unknown ending '\.xyz'"):
        list(read_documents("memory://ka2nlp/c.xyz"))


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    (tmp_path / "page.html").write_bytes(made_files.page(["We train."], "A page"))
    (tmp_path / "table.csv").write_bytes(b"text\nOne.\nTwo.\n")

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments, directory=str(tmp_path))

        def log_message(self, *arguments: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_files_of_a_web_server(site: str) -> None:
    (document,) = read_documents(f"{site}/page.html?key=secret")
    assert (document.id, document.title, document.text) == ("page", "A page", "We train.")
    assert [one.text for one in read_documents(f"{site}/table.csv")] == ["One.", "Two."]
    with pytest.raises(InputError, match="which cannot be opened") as caught:
        list(read_documents(f"{site}/gone.html?key=secret"))
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://u:p%40@host/a.csv?sig=x#y", "https://host/a.csv"),
        ("postgresql+psycopg://u:p/a@ss@host:1/db", "postgresql+psycopg://host:1/db"),
        ("sqlite:///a/b.db", "sqlite:///a/b.db"),
        ("folder/a@b.csv", "folder/a@b.csv"),
        ("https://host.org/table.csv?sig=abc@SECRET", "https://host.org/table.csv"),
        ("https://host.org#abc@SECRET", "https://host.org"),
        ("https://u:p@[::1]:8080/a@b.csv?x=c@d", "https://[::1]:8080/a@b.csv"),
        ("s3://bucket/me@x.org/table.csv", "s3://bucket/me@x.org/table.csv"),
        ("https://u:p/a@ss@host/a.csv", "https://host/a.csv"),
        ("postgres://u:p/a@ss?@host/db", "postgres://host/db"),
    ],
)
def test_addresses_are_shown_without_secrets(url: str, shown: str) -> None:
    assert show_url(url) == shown


@pytest.mark.parametrize(
    ("url", "module", "message"),
    [
        ("gs://bucket/a.csv", "gcsfs", "no gcsfs to read it"),
        ("s3://bucket/a.csv", "s3fs", "install: pip install s3fs"),
        ("memory://a.csv", "fsspec", r"install: pip install 'ka2nlp\[remote\]'"),
        ("nothing://a.csv", "gcsfs", "which cannot be opened"),
    ],
)
def test_a_missing_library_is_named(
    url: str, module: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fsspec.registry import _registry

    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(_registry, "s3", raising=False)
    with pytest.raises(InputError, match=message):
        list(read_documents(url))
