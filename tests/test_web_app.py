from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import PROJECT
from desks import API, PASSWORD, add_users, bearer, database_url, make_app, open_desk
from fastapi import Request
from fastapi.testclient import TestClient
from starlette.exceptions import HTTPException

from ka2nlp import Document, Tagger
from ka2nlp.errors import NotAllowedError
from ka2nlp.web.clients import while_connected
from ka2nlp.web.settings import Limits, Settings

TEXT = {"text": PROJECT}


@pytest.fixture
def client(tmp_path: Path, toy_tagger: Tagger) -> Iterator[TestClient]:
    """A desk that only this machine can reach, without users."""
    with open_desk(tmp_path, toy_tagger) as found:
        yield found


@pytest.fixture
def shared(tmp_path: Path, toy_tagger: Tagger) -> Iterator[TestClient]:
    """A desk with an administrator and an evaluator."""
    add_users(database_url(tmp_path), {"ada": "administrator", "eve": "evaluator"})
    with open_desk(tmp_path, toy_tagger) as found:
        yield found


def log_in(client: TestClient, name: str = "ada") -> dict[str, str]:
    """Log in, and give the header that changes need."""
    answer = client.post(f"{API}/session", json={"name": name, "password": PASSWORD})
    assert answer.status_code == 201
    return {"X-CSRF-Token": answer.json()["csrf"]}


def test_health_needs_no_login(shared: TestClient, toy_tagger: Tagger) -> None:
    assert shared.get(f"{API}/health/live").json() == {"status": "alive"}
    ready = shared.get(f"{API}/health/ready").json()
    assert (ready["status"], ready["model"], ready["waiting"]) == ("ready", "toy 1", 0)
    assert ready["taxonomy"] == toy_tagger.taxonomy.fingerprint


def test_tagging_gives_what_the_library_gives(client: TestClient, toy_tagger: Tagger) -> None:
    expected = toy_tagger.tag(Document("a", "Title", PROJECT)).to_dict()
    one = client.post(f"{API}/tag", json={"id": "a", "title": "Title", **TEXT})
    assert one.json() == expected
    many = [{"id": str(number), "text": f"{PROJECT} {number}"} for number in range(64)]
    reports = client.post(f"{API}/tag/many", json={"documents": many}).json()["reports"]
    documents = [Document(row["id"], "", row["text"]) for row in many]
    assert reports == [report.to_dict() for report in toy_tagger.tag_many(documents)]
    assert client.post(f"{API}/tag/many", json={"documents": [*many, TEXT]}).status_code == 422


def test_a_file_is_read_and_tagged(client: TestClient) -> None:
    page = f"<h1>Tablets</h1><p>{PROJECT}</p>"
    found = client.post(f"{API}/tag/file", files={"file": ("tablets.html", page)}).json()
    assert found["document"]["id"] == found["report"]["id"] == "tablets"
    assert found["document"]["title"] == "Tablets"
    evidence = found["report"]["tags"][0]["evidence"][0]
    text = found["document"]["text"]
    assert text[evidence["start"] : evidence["end"]] == evidence["text"]
    assert evidence["place"] == "paragraph 2"


@pytest.mark.parametrize(
    ("method", "path", "request_", "status", "detail"),
    [
        ("GET", "/api/v1/nothing", {}, 404, "Nothing matches"),
        ("PUT", "/api/v1/tag", {}, 405, "method is invalid"),
        ("POST", "/api/v1/tag", {"json": {}}, 422, "#/text: Field required"),
        ("POST", "/api/v1/tag", {"json": {**TEXT, "a/b~c": 1}}, 422, "#/a~1b~0c: Extra inputs"),
        ("POST", "/api/v1/tag", {"content": "{"}, 422, "#: got no JSON: Expecting property name"),
        ("POST", "/api/v1/tag", {"content": "[" * 100_000}, 400, "parsing the body"),
        ("POST", "/api/v1/tag", {"content": b'{"text": "\xff"}'}, 400, "parsing the body"),
        ("POST", "/api/v1/tag", {"content": '{"text": "\\ud800"}'}, 422, "valid string"),
        ("POST", "/api/v1/tag", {"json": {"text": "a" * 3_000_000}}, 413, "more than 2 MiB"),
        ("POST", "/api/v1/tag", {"content": iter([b"a" * 999_999] * 3)}, 413, "more than 2 MiB"),
        ("POST", "/api/v1/tag", {"json": TEXT, "headers": {"Origin": "http://evil.org"}}, 403, "other site"),
        ("POST", "/api/v1/tag", {"json": TEXT, "headers": {"Origin": "null"}}, 403, "other site"),
        ("POST", "/api/v1/tag", {"json": TEXT, "headers": {"Sec-Fetch-Site": "cross-site"}}, 403, "other site"),
        ("GET", "/api/v1/calls", {"headers": {"Host": "evil.org"}}, 421, "host 'evil.org', expected one of localhost"),
        ("GET", "/api/v1/calls", {"headers": {"Host": "["}}, 421, "host '', expected"),
        ("GET", "/api/v1/calls?limit=x", {}, 422, "limit: Input should be a valid integer"),
        ("GET", "/api/v1/calls/99999999999", {}, 422, "call_id: Input should be less than"),
        ("GET", "/api/v1/calls/7", {}, 404, "got call 7"),
        ("POST", "/api/v1/tag/file", {"files": {"file": ("a.exe", b"MZ")}}, 422, "the ending '.exe'"),
        ("POST", "/api/v1/tag/file", {"files": {"file": ("a.txt", b"")}}, 422, "empty text"),
        ("GET", "/api/v1/calls", {"headers": bearer("wrong")}, 401, "without a valid login or token"),
    ],
)  # fmt: skip
def test_every_error_is_a_problem(
    client: TestClient,
    method: str,
    path: str,
    request_: dict[str, object],
    status: int,
    detail: str,
) -> None:
    if "content" in request_:
        request_ = {**request_, "headers": {"Content-Type": "application/json"}}
    answer = client.request(method, path, **request_)  # type: ignore[arg-type]
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"] == "about:blank"
    assert problem["title"]
    assert detail in problem["detail"]
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers.get("www-authenticate") == ("Bearer" if status == 401 else None)


def test_an_upload_over_the_limit_is_refused_before_it_is_read(
    tmp_path: Path, toy_tagger: Tagger
) -> None:
    with open_desk(tmp_path, toy_tagger, limits=Limits(upload_bytes=1 << 20)) as client:
        answer = client.post(f"{API}/tag/file", files={"file": ("a.txt", b"a" * (2 << 20))})
        assert (answer.status_code, answer.json()["status"]) == (413, 413)


def test_a_full_queue_says_when_to_come_again(tmp_path: Path, toy_tagger: Tagger) -> None:
    with open_desk(tmp_path, toy_tagger, limits=Limits(waiting=2)) as client:
        answer = client.post(f"{API}/tag/many", json={"documents": [TEXT] * 3})
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert client.post(f"{API}/tag/many", json={"documents": [TEXT] * 2}).status_code == 200


def test_an_unforeseen_error_tells_nobody_what_the_text_was(
    tmp_path: Path, toy_tagger: Tagger, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(tmp_path, toy_tagger)

    @app.get("/fail")
    def fail() -> None:
        raise ValueError(f"cannot read {PROJECT}")

    with TestClient(app, base_url="http://localhost") as client, caplog.at_level(logging.DEBUG):
        answer = client.get("/fail")
    assert answer.status_code == 500
    assert answer.json()["title"] == "Internal Server Error"
    assert "test_web_app.py" in caplog.text
    assert "ValueError" in caplog.text
    for said in (answer.text, caplog.text):
        assert "forty teachers" not in said


def test_every_answer_has_strict_headers(client: TestClient) -> None:
    for path in (f"{API}/health/live", f"{API}/openapi.json", "/nothing"):
        headers = client.get(path).headers
        policy = headers["content-security-policy"].split("; ")
        assert "default-src 'none'" in policy
        assert not any("unsafe" in rule or "http" in rule or "*" in rule for rule in policy)
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert "strict-transport-security" not in headers


def test_a_private_desk_needs_no_login_until_it_has_users(client: TestClient) -> None:
    who = client.get(f"{API}/session").json()
    assert (who["user"]["name"], who["user"]["role"]) == ("local", "administrator")
    refused = client.post(f"{API}/users", json={"name": "eve", "password": PASSWORD})
    assert refused.status_code == 409
    assert "add an administrator first" in refused.json()["detail"]
    ada = {"name": "ada", "password": PASSWORD, "role": "administrator"}
    assert client.post(f"{API}/users", json=ada).status_code == 201
    assert client.get(f"{API}/session").status_code == 401
    log_in(client)
    assert client.get(f"{API}/session").json()["user"]["name"] == "ada"


@pytest.mark.parametrize("name", ["Forwarded", "Via", "X-Forwarded-For", "X-Real-IP"])
def test_who_comes_through_a_proxy_is_not_local(client: TestClient, name: str) -> None:
    answer = client.get(f"{API}/session", headers={name: "198.51.100.7"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    "settings",
    [{"host": "0.0.0.0"}, {"names": ("desk.org",)}, {"trusted_proxy": "10.0.0.1"}],  # noqa: S104
)
def test_a_desk_that_others_can_reach_refuses_to_start_without_users(
    tmp_path: Path, toy_tagger: Tagger, settings: dict[str, Any]
) -> None:
    refused = pytest.raises(NotAllowedError, match="no user with a password; add one first")
    with refused, open_desk(tmp_path, toy_tagger, **settings):
        pass
    add_users(database_url(tmp_path), {"ada": "administrator"})
    with open_desk(tmp_path, toy_tagger, **settings) as client:
        assert client.get(f"{API}/session").status_code == 401


def test_hosts_that_are_ours(tmp_path: Path, toy_tagger: Tagger) -> None:
    add_users(database_url(tmp_path), {"ada": "administrator"})
    with open_desk(tmp_path, toy_tagger, host="desk.local", names=("Desk.Example.org",)) as client:
        for host in (
            "localhost:8000",
            "127.0.0.1",
            "[::1]:8000",
            "desk.example.ORG",
            "desk.local:1",
        ):
            found = client.get(f"{API}/health/live", headers={"Host": host})
            assert found.status_code == 200, host
        for host in ("evil.org", "localhost.evil.org", "desk.example.org.evil.org", ""):
            found = client.get(f"{API}/health/live", headers={"Host": host})
            assert found.status_code == 421, host


@pytest.mark.parametrize(
    ("base_url", "secure"),
    [("http://localhost", False), ("https://localhost", False), ("http://localhost", True)],
)
def test_the_cookie_is_kept_from_scripts_and_other_sites(
    tmp_path: Path, toy_tagger: Tagger, base_url: str, secure: bool
) -> None:
    add_users(database_url(tmp_path), {"ada": "administrator"})
    with TestClient(make_app(tmp_path, toy_tagger, secure=secure), base_url=base_url) as client:
        answer = client.post(f"{API}/session", json={"name": "ada", "password": PASSWORD})
    cookie = answer.headers["set-cookie"].split("; ")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= set(cookie)
    by_https = secure or base_url.startswith("https")
    assert ("Secure" in cookie) == by_https
    assert ("strict-transport-security" in answer.headers) == by_https


def test_changes_by_cookie_need_the_token_of_the_login(shared: TestClient) -> None:
    header = log_in(shared)
    call = {"name": "first"}
    assert shared.get(f"{API}/calls").status_code == 200
    for wrong in ({}, {"X-CSRF-Token": "wrong"}, {"X-CSRF-Token": ""}):
        refused = shared.post(f"{API}/calls", json=call, headers=wrong)
        assert refused.status_code == 403
        assert "X-CSRF-Token" in refused.json()["detail"]
    assert shared.post(f"{API}/calls", json=call, headers=header).status_code == 201
    file = {"file": ("a.txt", PROJECT)}
    assert shared.post(f"{API}/tag/file", files=file).status_code == 403
    form = {"csrf": header["X-CSRF-Token"]}
    assert shared.post(f"{API}/tag/file", files=file, data=form).status_code == 200
    assert shared.post(f"{API}/tag/file", files=file, data={"csrf": "x"}).status_code == 403


def test_the_token_of_another_login_is_worth_nothing(shared: TestClient) -> None:
    eve = log_in(shared, "eve")
    log_in(shared, "ada")
    assert shared.post(f"{API}/calls", json={"name": "first"}, headers=eve).status_code == 403


def test_logging_out_ends_the_login(shared: TestClient) -> None:
    header = log_in(shared)
    cookie = dict(shared.cookies)
    assert shared.delete(f"{API}/session", headers=header).status_code == 204
    assert not dict(shared.cookies)
    shared.cookies.update(cookie)
    assert shared.get(f"{API}/session").status_code == 401


def test_tokens_need_no_cookie_and_can_be_revoked(shared: TestClient) -> None:
    header = log_in(shared)
    secret = shared.post(f"{API}/tokens", json={"label": "export"}, headers=header).json()["secret"]
    shared.cookies.clear()
    found = shared.get(f"{API}/tokens", headers=bearer(secret)).json()["items"]
    assert [token["label"] for token in found] == ["test", "export"]
    assert secret not in str(found)
    made = shared.post(f"{API}/calls", json={"name": "first"}, headers=bearer(secret))
    assert made.status_code == 201
    path = f"{API}/tokens/{found[1]['id']}"
    assert shared.delete(path, headers=bearer(secret)).status_code == 204
    assert shared.get(f"{API}/tokens", headers=bearer(secret)).status_code == 401


def test_wrong_passwords_are_slowed_down(shared: TestClient) -> None:
    wrong = {"name": "ada", "password": "four other words here"}
    statuses = [shared.post(f"{API}/session", json=wrong).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]
    right = shared.post(f"{API}/session", json={"name": "ada", "password": PASSWORD})
    assert right.status_code == 429
    assert 1 <= int(right.headers["retry-after"]) <= 300
    unknown = shared.post(f"{API}/session", json={"name": "nobody", "password": PASSWORD})
    assert unknown.json()["detail"] == "got a wrong name or password; check both"


def test_who_is_deactivated_is_out_at_once(tmp_path: Path, toy_tagger: Tagger) -> None:
    tokens = add_users(database_url(tmp_path), {"ada": "administrator", "eve": "evaluator"})
    with open_desk(tmp_path, toy_tagger) as client:
        change = client.patch(
            f"{API}/users/2", json={"active": False}, headers=bearer(tokens["ada"])
        )
        assert change.json()["active"] is False
        assert client.get(f"{API}/session", headers=bearer(tokens["eve"])).status_code == 401
        eve = {"name": "eve", "password": PASSWORD}
        assert client.post(f"{API}/session", json=eve).status_code == 401


def test_metrics_count_and_say_nothing(tmp_path: Path, toy_tagger: Tagger) -> None:
    tokens = add_users(database_url(tmp_path), {"ada": "administrator", "eve": "evaluator"})
    with open_desk(tmp_path, toy_tagger) as client:
        client.post(f"{API}/tag", json={"id": "my-id", **TEXT}, headers=bearer(tokens["eve"]))
        client.get(f"{API}/calls/7", headers=bearer(tokens["eve"]))
        client.get("/my-own-path")
        client.request("MYOWN", "/")
        assert client.get(f"{API}/metrics", headers=bearer(tokens["eve"])).status_code == 403
        found = client.get(f"{API}/metrics", headers=bearer(tokens["ada"])).text
    for line in (
        'ka2nlp_requests_total{method="POST",route="/api/v1/tag",status="200"} 1.0',
        'ka2nlp_requests_total{method="GET",route="/api/v1/calls/{call_id}",status="404"} 1.0',
        'ka2nlp_requests_total{method="GET",route="other",status="404"} 1.0',
        'ka2nlp_request_seconds_count{method="POST",route="/api/v1/tag"} 1.0',
        "ka2nlp_batch_documents_count 1.0",
        "ka2nlp_waiting_documents 0.0",
        'ka2nlp_model{name="toy 1"} 1.0',
    ):
        assert line in found
    for secret in ("teachers", "my-id", "my-own-path", "MYOWN", "calls/7", "eve", "ada"):
        assert secret not in found


def test_work_is_given_up_when_the_client_goes_away() -> None:
    async def ask() -> None:
        gone, begun, cancelled = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def receive() -> dict[str, str]:
            await gone.wait()
            return {"type": "http.disconnect"}

        async def work() -> int:
            begun.set()
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                cancelled.set()
                raise
            return 1

        request = Request({"type": "http"}, receive)
        task = asyncio.create_task(while_connected(request, work()))
        await begun.wait()
        gone.set()
        with pytest.raises(HTTPException, match="went away"):
            await task
        await asyncio.wait_for(cancelled.wait(), 5)

    asyncio.run(ask())


def test_which_desks_are_private() -> None:
    for host in ("127.0.0.1", "127.9.9.9", "::1", "localhost"):
        assert Settings(host=host).private, host
    for host in ("0.0.0.0", "::", "192.168.1.2", "desk.example.org", ""):  # noqa: S104
        assert not Settings(host=host).private, host
