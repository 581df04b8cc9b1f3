from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from conftest import PROJECT
from desks import API, add_users, bearer, database_url, open_desk
from fastapi.testclient import TestClient
from review_work import other_tagger

from ka2nlp import Tagger
from ka2nlp.review.filling import suggest
from ka2nlp.review.store import Store

ROLES = {"ada": "administrator", "lea": "lead", "eve": "evaluator", "max": "evaluator"}
NUMBERS = {name: number for number, name in enumerate(ROLES, start=1)}


@dataclass(frozen=True)
class Users:
    """Asks the desk in the name of one user or another."""

    client: TestClient
    tokens: dict[str, str]

    def ask(self, name: str, method: str, path: str, status: int = 200, **request: Any) -> Any:
        answer = self.client.request(
            method, f"{API}{path}", headers=bearer(self.tokens[name]), **request
        )
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    def get(self, name: str, path: str, status: int = 200, **request: Any) -> Any:
        return self.ask(name, "GET", path, status, **request)

    def post(self, name: str, path: str, json: Any = None, status: int = 201) -> Any:
        return self.ask(name, "POST", path, status, json=json)


@pytest.fixture
def users(tmp_path: Path, toy_tagger: Tagger) -> Iterator[Users]:
    tokens = add_users(database_url(tmp_path), ROLES)
    with open_desk(tmp_path, toy_tagger) as client:
        yield Users(client, tokens)


@pytest.fixture
def call(users: Users) -> int:
    """An open call of four proposals: eve has tasks 1 and 2 on the first two, max 3 on the third."""
    return fill(users, blind=False)


def fill(users: Users, *, blind: bool) -> int:
    number: int = users.post("lea", "/calls", {"name": f"blind {blind}", "blind": blind})["id"]
    documents = [
        {"id": f"p{n}", "title": f"Number {n}", "text": f"{PROJECT} {n}"} for n in range(4)
    ]
    added = users.post("lea", f"/calls/{number}/proposals", {"documents": documents})
    for name, proposal in (("eve", added[0]), ("eve", added[1]), ("max", added[2])):
        assign(users, name, proposal["id"])
    return number


def assign(users: Users, name: str, proposal: int, task: str = "evaluate") -> int:
    body = {"proposal_id": proposal, "user_id": NUMBERS[name], "task": task}
    number: int = users.post("lea", "/assignments", body)["id"]
    return number


def decide(users: Users, name: str, task: int, code: str, verdict: str, **more: Any) -> Any:
    return users.post(
        name, f"/assignments/{task}/decisions", {"code": code, "verdict": verdict, **more}
    )


def test_a_proposal_from_upload_to_export(users: Users, call: int) -> None:
    queue = users.get("eve", f"/calls/{call}/queue")
    assert [item["source_id"] for item in queue] == ["p0", "p1"]
    task, proposal = queue[0]["assignment_id"], queue[0]["proposal_id"]
    text = users.get("eve", f"/proposals/{proposal}/text")["text"]
    assert text == f"{PROJECT} 0"
    users.post("eve", f"/assignments/{task}/reveal", status=200)
    suggestion = users.get("eve", f"/proposals/{proposal}/suggestion")
    tag = suggestion["report"]["tags"][0]
    evidence = [[tag["evidence"][0]["start"], tag["evidence"][0]["end"]]]
    made = decide(users, "eve", task, tag["code"], "yes", evidence=evidence, key="k-1")
    assert (made["action"], made["shown"], made["model"]) == ("accepted", True, "toy 1")
    assert decide(users, "eve", task, tag["code"], "yes", evidence=evidence, key="k-1") == made
    users.post("eve", f"/assignments/{task}/undo", {"key": "k-2"})
    assert users.get("eve", f"/assignments/{task}/decisions") == []
    users.post("eve", f"/assignments/{task}/undo", {}, status=409)
    decide(users, "eve", task, "O1a", "yes", evidence=[[0, 20]])
    standing = users.get("eve", f"/assignments/{task}/decisions")
    assert [(one["code"], one["verdict"]) for one in standing] == [("O1", "yes"), ("O1a", "yes")]
    trail = users.get("eve", f"/proposals/{proposal}/trail?limit=2")
    rest = users.client.get(trail["next"], headers=bearer(users.tokens["eve"])).json()
    verdicts = [one["verdict"] for one in [*trail["items"], *rest["items"]]]
    assert verdicts == ["yes", "withdrawn", "yes", "yes"]
    assert rest["next"] is None
    users.post("eve", f"/assignments/{task}/finish", status=200)
    decide_late = {"code": "S1", "verdict": "yes"}
    users.post("eve", f"/assignments/{task}/decisions", decide_late, status=409)
    labels = users.get("lea", f"/proposals/{proposal}/labels")
    assert (labels["labels"], labels["complete"]) == (["O1", "O1a"], True)
    assert labels["evidence"]["O1a"] == [[0, 20]]
    table = users.client.get(
        f"{API}/calls/{call}/export?format=csv", headers=bearer(users.tokens["lea"])
    )
    rows = list(csv.DictReader(io.StringIO(table.text.lstrip("\ufeff"))))
    assert {row["code"] for row in rows if row["id"] == "p0" and row["final"] == "yes"} >= {"O1"}


def test_a_text_that_changes_is_a_new_version(users: Users, call: int) -> None:
    documents = [{"id": "p0", "title": "Number 0", "text": "We train teachers."}]
    again = users.post("lea", f"/calls/{call}/proposals", {"documents": documents})
    assert again[0]["source_id"] == "p0"
    path = f"/proposals/{again[0]['id']}/text"
    assert users.get("eve", path)["number"] == 2
    assert users.get("eve", f"{path}?number=1")["text"] == f"{PROJECT} 0"
    users.get("eve", f"{path}?number=3", status=404)


def test_files_and_late_models_get_their_suggestions(users: Users, call: int) -> None:
    answer = users.client.post(
        f"{API}/calls/{call}/files",
        files={"file": ("p9.md", f"# Nine\n\n{PROJECT}")},
        headers=bearer(users.tokens["lea"]),
    )
    assert (answer.status_code, answer.json()[0]["title"]) == (201, "Nine")
    users.get("lea", f"/proposals/{answer.json()[0]['id']}/suggestion")
    done = users.post("lea", f"/calls/{call}/suggestions", status=200)
    assert done == {"tagged": 0, "waiting": 0}


def test_lists_come_in_pages(users: Users, call: int) -> None:
    first = users.get("lea", f"/calls/{call}/proposals?limit=3")
    assert [one["source_id"] for one in first["items"]] == ["p0", "p1", "p2"]
    assert first["next"].endswith("limit=3")
    second = users.client.get(first["next"], headers=bearer(users.tokens["lea"])).json()
    assert ([one["source_id"] for one in second["items"]], second["next"]) == (["p3"], None)
    assert [one["name"] for one in users.get("lea", "/users")["items"]] == list(ROLES)


LEADS_ONLY = [
    ("POST", "/calls", {"name": "mine"}),
    ("GET", "/calls/{call}/counts", None),
    ("POST", "/calls/{call}/close", None),
    ("POST", "/calls/{call}/reopen", None),
    ("POST", "/calls/{call}/distribution", {"user_ids": [3], "each": 1}),
    ("POST", "/calls/{call}/proposals", {"documents": [{"id": "x", "text": "x"}]}),
    ("POST", "/calls/{call}/suggestions", None),
    ("GET", "/calls/{call}/export", None),
    ("GET", "/calls/{call}/agreement", None),
    ("POST", "/assignments", {"proposal_id": 3, "user_id": 3, "task": "evaluate"}),
    ("DELETE", "/assignments/1", None),
    ("GET", "/users", None),
]
ADMINISTRATORS_ONLY = [
    ("POST", "/users", {"name": "new", "password": "four words told nobody"}),
    ("PATCH", "/users/3", {"role": "administrator"}),
    ("GET", "/metrics", None),
]


@pytest.mark.parametrize(("method", "path", "body"), [*LEADS_ONLY, *ADMINISTRATORS_ONLY])
def test_evaluators_may_not_lead(
    users: Users, call: int, method: str, path: str, body: object
) -> None:
    users.ask("eve", method, path.format(call=call), 403, json=body)


def test_evaluators_may_not_add_files(users: Users, call: int) -> None:
    file = {"file": ("a.txt", PROJECT)}
    users.ask("eve", "POST", f"/calls/{call}/files", 403, files=file)


@pytest.mark.parametrize(("method", "path", "body"), ADMINISTRATORS_ONLY)
def test_leads_may_not_administer(users: Users, method: str, path: str, body: object) -> None:
    users.ask("lea", method, path, 403, json=body)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/calls/{unseen}", None),
        ("GET", "/calls/{unseen}/queue", None),
        ("GET", "/proposals/{other}", None),
        ("GET", "/proposals/{other}/text", None),
        ("GET", "/proposals/{other}/suggestion", None),
        ("GET", "/proposals/{other}/trail", None),
        ("GET", "/proposals/{other}/labels", None),
        ("GET", "/assignments/{task}", None),
        ("GET", "/assignments/{task}/decisions", None),
        ("POST", "/assignments/{task}/decisions", {"code": "S1", "verdict": "yes"}),
        ("POST", "/assignments/{task}/undo", {}),
        ("POST", "/assignments/{task}/reveal", None),
        ("POST", "/assignments/{task}/finish", None),
        ("POST", "/assignments/{task}/reopen", None),
        ("DELETE", "/tokens/{token}", None),
    ],
)
def test_what_is_not_theirs_does_not_exist_for_evaluators(
    users: Users, call: int, method: str, path: str, body: object
) -> None:
    unseen = users.post("lea", "/calls", {"name": "empty"})["id"]
    places = {"unseen": unseen, "other": 3, "task": 3, "token": 1}
    theirs = users.ask("eve", method, path.format(**places), 404, json=body)
    places = dict.fromkeys(places, 999)
    nothing = users.ask("eve", method, path.format(**places), 404, json=body)
    told, of_nothing = (re.sub(r"\d+", "N", one["detail"]) for one in (theirs, nothing))
    assert told == of_nothing


def test_lists_hold_only_what_is_assigned(users: Users, call: int) -> None:
    users.post("lea", "/calls", {"name": "empty"})
    assert [one["id"] for one in users.get("eve", "/calls")["items"]] == [call]
    seen = users.get("eve", f"/calls/{call}/proposals")["items"]
    assert [one["source_id"] for one in seen] == ["p0", "p1"]
    assert [one["proposal_id"] for one in users.get("eve", "/assignments")["items"]] == [1, 2]
    assert users.get("eve", "/assignments?finished=true")["items"] == []
    assert len(users.get("eve", f"/assignments?call_id={call}&task=evaluate")["items"]) == 2


def test_even_leads_decide_for_nobody_else(users: Users, call: int) -> None:
    for name in ("lea", "ada"):
        users.get(name, "/assignments/1")
        body = {"code": "S1", "verdict": "yes"}
        users.post(name, "/assignments/1/decisions", body, status=404)
        users.post(name, "/assignments/1/finish", status=404)


def test_suggestions_show_only_once_they_are_asked_for(users: Users, call: int) -> None:
    told = users.get("eve", "/proposals/1/suggestion", status=403)["detail"]
    assert "POST /api/v1/assignments/1/reveal" in told
    users.get("lea", "/proposals/1/suggestion")
    assert users.get("eve", "/assignments/1")["revealed"] is None
    users.post("eve", "/assignments/1/reveal", status=200)
    assert users.get("eve", "/proposals/1/suggestion")["model"] == "toy 1"


def test_a_suggestion_of_another_vocabulary_is_passed_over(
    users: Users, call: int, tmp_path: Path
) -> None:
    users.post("eve", "/assignments/1/finish", status=200)
    before = users.get("eve", f"/calls/{call}/queue")
    store = Store.open(database_url(tmp_path))
    suggest(store, call, other_tagger())
    store.close()
    assert users.get("eve", f"/calls/{call}/queue") == before
    assert users.get("lea", "/proposals/1/suggestion")["model"] == "toy 1"
    agreement = users.get("lea", f"/calls/{call}/agreement")
    assert {one["model"] for one in agreement["models"]} == {"toy 1"}


def test_a_blind_call_shows_suggestions_after_the_decisions(users: Users) -> None:
    fill(users, blind=True)
    users.post("eve", "/assignments/1/reveal", status=403)
    assert users.get("eve", "/calls/1/queue")[0]["n_to_check"] is None
    assert decide(users, "eve", 1, "S6", "yes")["shown"] is False
    users.get("eve", "/proposals/1/suggestion", status=403)
    users.post("eve", "/assignments/1/finish", status=200)
    users.get("eve", "/proposals/1/suggestion")


def test_a_blind_call_tells_no_answer_with_what_was_decided(users: Users) -> None:
    fill(users, blind=True)
    told = [decide(users, "eve", 1, code, "yes") for code in ("S1", "S6")]
    told.append(decide(users, "eve", 1, "I5", "no"))
    told += users.get("eve", "/assignments/1/decisions")
    told += users.get("eve", "/proposals/1/trail")["items"]
    told.append(users.post("eve", "/assignments/1/undo", {}))
    suggested = {(one["model"], one["probability"], one["answer"]) for one in told}
    assert suggested == {(None, None, None)}
    assert [one["action"] for one in told] == [one["verdict"] for one in told]
    assert told[-1]["action"] == "withdrawn"
    assert users.get("lea", "/proposals/1/trail")["items"][0]["model"] == "toy 1"
    users.post("eve", "/assignments/1/finish", status=200)
    assert {one["model"] for one in users.get("eve", "/assignments/1/decisions")} == {"toy 1"}


def test_two_evaluators_and_a_third_who_consolidates(users: Users, call: int) -> None:
    second = assign(users, "max", 1)
    third = assign(users, "ada", 1, "consolidate")
    decide(users, "eve", 1, "S6", "yes")
    decide(users, "max", second, "S6", "no")
    own = users.get("max", "/proposals/1/trail")["items"]
    assert [one["user_id"] for one in own] == [NUMBERS["max"]]
    users.get("max", "/assignments/1/decisions", status=404)
    users.get("max", "/proposals/1/labels", status=403)
    for name, task in (("eve", 1), ("max", second)):
        users.post(name, f"/assignments/{task}/finish", status=200)
    assert users.get("ada", "/proposals/1/labels")["unsettled"] == ["S6"]
    assert len(users.get("ada", "/proposals/1/trail")["items"]) == 2
    decide(users, "ada", third, "S6", "yes")
    users.post("ada", f"/assignments/{third}/finish", status=200)
    assert users.get("lea", "/proposals/1/labels")["labels"] == ["S6"]
    agreement = users.get("lea", f"/calls/{call}/agreement")
    assert [pair["n_proposals"] for pair in agreement["pairs"]] == [1]
    assert users.get("lea", f"/calls/{call}/counts")["n_consolidated"] == 1


def read_lines(content: bytes) -> int:
    return len([json.loads(line) for line in content.splitlines()])


def read_sheet(content: bytes) -> int:
    return len(ZipFile(io.BytesIO(content)).namelist())


@pytest.mark.parametrize(
    ("format", "kind", "read"),
    [
        ("corpus", "application/x-ndjson", read_lines),
        ("labelled", "application/x-ndjson", read_lines),
        ("jsonl", "application/x-ndjson", read_lines),
        ("csv", "text/csv; charset=utf-8", lambda content: content.count(b"\n")),
        ("label-studio", "application/json", lambda content: len(json.loads(content))),
        (
            "xlsx",
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            read_sheet,
        ),
    ],
)
def test_a_call_leaves_in_every_format(
    users: Users, call: int, format: str, kind: str, read: Callable[[bytes], int]
) -> None:
    decide(users, "eve", 1, "S6", "yes", evidence=[[43, 141]])
    users.post("eve", "/assignments/1/finish", status=200)
    answer = users.client.get(
        f"{API}/calls/{call}/export?format={format}", headers=bearer(users.tokens["lea"])
    )
    assert answer.headers["content-type"] == kind
    assert f"call-{call}-{format}." in answer.headers["content-disposition"]
    assert read(answer.content) >= 1
    left_out = 3 if format in ("corpus", "labelled") else 0
    assert int(answer.headers["x-left-out"]) == left_out


def test_a_closed_call_does_not_change(users: Users, call: int) -> None:
    users.post("lea", f"/calls/{call}/close", status=200)
    body = {"code": "S6", "verdict": "yes"}
    assert "closed" in users.post("eve", "/assignments/1/decisions", body, status=409)["detail"]
    users.post("lea", f"/calls/{call}/suggestions", status=409)
    more = {"documents": [{"id": "x", "text": "x"}]}
    users.post("lea", f"/calls/{call}/proposals", more, status=409)
    users.post("lea", f"/calls/{call}/reopen", status=200)
    decide(users, "eve", 1, "S6", "yes")


def test_users_change_and_the_last_administrator_stays(users: Users) -> None:
    users.ask("ada", "PATCH", "/users/1", 409, json={"role": "lead"})
    changed = users.ask("ada", "PATCH", "/users/3", 200, json={"role": "lead", "active": True})
    assert changed["role"] == "lead"
    users.get("eve", "/users")
    new = {"name": "new.user", "password": "four words told nobody", "role": "lead"}
    assert "password" not in str(users.post("ada", "/users", new))
    users.post("ada", "/users", new, status=409)
    users.ask("ada", "PATCH", "/users/99", 404, json={"role": "lead"})
    users.ask("ada", "PATCH", "/users/3", 422, json={"password": "short"})
