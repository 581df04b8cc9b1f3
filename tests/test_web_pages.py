"""The pages of the desk as a browser without script gets them."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("fastapi", reason="the desk comes with the serve extra")

from desks import PASSWORD, add_users, database_url, open_desk
from fastapi.testclient import TestClient
from starlette.types import ASGIApp

from ka2nlp import Document, Tagger, Taxonomy
from ka2nlp.errors import InvalidError
from ka2nlp.labelled import Span
from ka2nlp.records import ADDRESSED, Place, Report
from ka2nlp.review.assignments import assign, get_assignment, unassign
from ka2nlp.review.calls import close_call, create_call
from ka2nlp.review.decisions import decide, standing, trail
from ka2nlp.review.proposals import add_documents
from ka2nlp.review.readings import latest_suggestions
from ka2nlp.review.records import EVALUATE, NO, UNSURE, YES, Choice
from ka2nlp.review.store import Store
from ka2nlp.review.suggestions import keep_suggestion
from ka2nlp.review.users import find_user
from ka2nlp.sentences import split_sentences
from ka2nlp.web.inference import Inference
from ka2nlp.web.pages import passages as cutting
from ka2nlp.web.pages.passages import passages
from ka2nlp.web.pages.spans import find_words, merge, parse_span, trim
from ka2nlp.web.settings import Limits

TEXT = (
    "We train forty teachers in digital methods. Pupils improve their English.\n\n"
    "Local employers offer internships, so that young people find work."
)
PEOPLE = {"lena": "lead", "ana": "evaluator", "ben": "evaluator", "marta": "administrator"}


class Visitor:
    """Somebody who uses forms: fills them in as they stand on a page, and sends them."""

    def __init__(self, app: ASGIApp, name: str) -> None:
        self.app = app
        self.client = TestClient(app, base_url="http://localhost")
        self.name = name

    def get(self, path: str) -> str:
        answer = self._send("GET", path)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return str(answer.text)

    def status(self, path: str) -> int:
        return int(self._send("GET", path).status_code)

    def send(self, path: str, page: str, status: int = 303, **values: Any) -> str:
        """Send the form of a page that has this address; give where it leads, or what it says."""
        form = re.search(rf'<form[^>]* action="{re.escape(path)}".*?</form>', page, re.DOTALL)
        assert form, f"no form for {path}"
        hidden = re.findall(r'<input type="hidden" name="([^"]+)"(?: value="([^"]*)")?', form[0])
        files = values.pop("files", None)
        data = dict(hidden) | values
        answer = self._send("POST", path, data=data, files=files)
        assert answer.status_code == status, (path, answer.status_code, answer.text)
        return str(answer.headers.get("location", answer.text))

    @property
    def store(self) -> Store:
        """The store of the desk, for what no form sends."""
        return self.app.state.desk.store  # type: ignore[attr-defined,no-any-return]

    def sign_in(self, password: str = PASSWORD, to: str = "/", status: int = 303) -> str:
        values: dict[str, Any] = {"name": self.name, "password": password, "to": to}
        return self.send("/sign-in", self.get("/sign-in"), status, **values)

    def _send(self, method: str, path: str, **rest: Any) -> Any:
        headers = {"Accept": "text/html"}
        return self.client.request(method, path, headers=headers, follow_redirects=False, **rest)


class Team(dict[str, Visitor]):
    """Visitors by name, who sign in when they are first asked for."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    def __missing__(self, name: str) -> Visitor:
        self[name] = Visitor(self.app, name)
        assert self[name].sign_in() == "/"
        return self[name]


@pytest.fixture
def alone(tmp_path: Path, toy_tagger: Tagger) -> Iterator[Visitor]:
    with open_desk(tmp_path, toy_tagger) as client:
        yield Visitor(client.app, "local")


@pytest.fixture
def team(tmp_path: Path, toy_tagger: Tagger) -> Iterator[Mapping[str, Visitor]]:
    add_users(database_url(tmp_path), PEOPLE)
    with open_desk(tmp_path, toy_tagger) as client:
        yield Team(client.app)


def make_call(team: Mapping[str, Visitor], n_files: int = 1, **settings: Any) -> str:
    """Let the lead make a call, add documents and give them to both evaluators."""
    lena = team["lena"]
    call = lena.send("/calls", lena.get("/"), name="Spring", evaluators_each=2, **settings)
    files = [("files", (f"p{at}.txt", f"{TEXT} Project {at}.")) for at in range(n_files)]
    lena.send(f"{call}/documents", lena.get(call), files=files)
    evaluators = re.findall(r'name="users" value="(\d+)"> (?:ana|ben)<', lena.get(call))
    lena.send(f"{call}/evaluators", lena.get(call), users=evaluators, each=2)
    return call


def desk_of(visitor: Visitor, call: str) -> str:
    return str(re.findall(r'href="(/desk/\d+)"', visitor.get(call))[0])


def number_of(desk: str) -> int:
    """Give the number of the task that a desk shows."""
    return int(desk.rpartition("/")[2])


def pressed(page: str) -> dict[str, str]:
    """Give the verdict that is shown as chosen, by code."""
    found = re.findall(r'id="(yes|no|unsure)-(\w+)" name="verdict" value="withdrawn"', page)
    return {code: verdict for verdict, code in found}


def read_alone(visitor: Visitor, text: str = TEXT, title: str = "A project") -> str:
    return visitor.send("/read", visitor.get("/"), title=title, text=text)


def test_a_pasted_description_opens_the_desk_with_nothing_ticked(alone: Visitor) -> None:
    page = alone.get(read_alone(alone))
    assert '<h1 id="title">A project</h1>' in page
    assert len(set(re.findall(r'id="label-(\w+)"', page))) == 48
    assert page.count('aria-pressed="false"') == 3 * 48
    assert not pressed(page)
    order = re.findall(r'class="section ([a-z-]+)"', page)
    assert order.index("to-check") < order.index("addressed")


def test_a_file_opens_the_desk_with_its_places(alone: Visitor) -> None:
    files = [("file", ("plan.html", f"<p>{TEXT}</p><p>And more of it.</p>"))]
    desk = alone.send("/read", alone.get("/"), files=files)
    page = alone.get(desk)
    assert '<h2 class="place">Paragraph 1</h2>' in page
    assert "plan" in page


def test_another_text_of_the_same_name_is_another_proposal(alone: Visitor) -> None:
    def read(text: str) -> str:
        files = [("file", ("Application.txt", text))]
        return alone.send("/read", alone.get("/"), files=files)

    first = read(TEXT)
    assert "another text called" not in alone.get(first)
    second = read(TEXT + " Bees are kept, too.")
    page = alone.get(second)
    assert "read another text called Application; this one is kept as Application (2)." in page
    assert "Bees" in page
    third = read("Nurses of three towns write a guide for newcomers.")
    assert len({first, second, third}) == 3
    assert read(TEXT + " Bees are kept, too.") == second
    assert "Bees" in alone.get(second)
    assert read(TEXT) == first
    page = alone.get(first)
    assert "kept as" not in page
    assert "Bees" not in page


def test_who_has_no_task_left_reads_alone_again(team: Mapping[str, Visitor]) -> None:
    ana = team["ana"]
    first = read_alone(ana)
    store: Store = ana.app.state.desk.store  # type: ignore[attr-defined]
    with store.transaction() as session:
        unassign(session, int(first.rpartition("/")[2]))
    page = ana.get(read_alone(ana, title="Another project"))
    assert "Another project" in page
    assert ">Single readings of ana</a>" in page


def test_who_reads_alone_gets_into_no_call_of_others(team: Mapping[str, Visitor]) -> None:
    ana, lena = team["ana"], team["lena"]
    name = "Single readings of ana"
    call = lena.send("/calls", lena.get("/"), name=name, evaluators_each=1)
    desks = [read_alone(ana, title=title) for title in ("One project", "Another project")]
    assert len(set(desks)) == 2
    for desk in desks:
        assert f">{name} (2)</a>" in ana.get(desk)
    assert ana.status(call) == 404
    assert "No proposal is in this call yet" in lena.get(call)


@pytest.mark.parametrize("read_before", [False, True])
def test_a_suggestion_of_another_vocabulary_is_passed_over(
    alone: Visitor, read_before: bool
) -> None:
    path = read_alone(alone)
    if read_before:
        alone.get(path)
    said = Report("A project", "", (), {"X1": 0.9}, {"X1": ADDRESSED}, "own 1", "0" * 16, 20, 3)
    store: Store = alone.app.state.desk.store  # type: ignore[attr-defined]
    with store.transaction() as session:
        keep_suggestion(session, 1, said)
    page = alone.get(path)
    assert "probability" in page
    alone.send(f"{path}/labels/S1", page, verdict="yes")
    with store.reading() as session:
        (decision,) = trail(session, 1)
    assert (decision.model, decision.shown) == ("toy 1", True)
    assert "toy 1" in alone.get("/proposals/1/trail")


def test_no_text_and_unreadable_files_are_told_on_a_page(alone: Visitor) -> None:
    home = alone.get("/")
    assert "Got no text, expected a description" in alone.send("/read", home, 422, text="  ")
    files = [("file", ("plan.exe", b"MZ"))]
    assert "expected one of" in alone.send("/read", home, 422, files=files)


def test_decisions_stand_fall_and_bring_their_parents(alone: Visitor) -> None:
    desk = read_alone(alone)
    alone.send(f"{desk}/labels/O2a", alone.get(desk), verdict="yes")
    assert pressed(alone.get(desk)) == {"O2a": "yes", "O2": "yes"}
    alone.send(f"{desk}/labels/S1", alone.get(desk), verdict="unsure")
    alone.send(f"{desk}/labels/O2", alone.get(desk), verdict="no")
    assert pressed(alone.get(desk)) == {"O2a": "no", "O2": "no", "S1": "unsure"}
    alone.send(f"{desk}/undo", alone.get(desk))
    alone.send(f"{desk}/labels/S1", alone.get(desk), verdict="withdrawn")
    assert pressed(alone.get(desk)) == {"O2a": "yes", "O2": "yes"}


def test_the_same_form_sent_twice_is_one_decision(alone: Visitor) -> None:
    desk = read_alone(alone)
    page = alone.get(desk)
    for _ in range(2):
        alone.send(f"{desk}/labels/S1", page, verdict="yes")
    trail = alone.get(re.findall(r'href="(/proposals/\d+/trail)"', page)[0])
    assert trail.count('<li id="decision-') == 1


def test_a_form_sent_again_is_one_decision_whatever_came_between(alone: Visitor) -> None:
    desk = read_alone(alone)
    alone.send(f"{desk}/labels/S1", alone.get(desk), verdict="yes")
    page = alone.get(desk)
    alone.send(f"{desk}/note", page, code="S1", note="Who?")
    alone.send(f"{desk}/note", page, code="S1", note="Who?")
    refused = alone.send(f"{desk}/note", page, 409, code="S1", note="And who else?")
    assert "which named another decision before" in refused
    page = alone.get(desk)
    alone.send(f"{desk}/labels/S1", page, verdict="withdrawn")
    alone.send(f"{desk}/labels/S1", page, verdict="withdrawn")
    page = alone.get(desk)
    alone.send(f"{desk}/labels/S1", page, verdict="yes")
    alone.send(f"{desk}/evidence", alone.get(desk), code="S1", quote="Pupils improve")
    alone.send(f"{desk}/labels/S1", page, verdict="yes")
    history = alone.get(re.findall(r'href="(/proposals/\d+/trail)"', page)[0])
    assert history.count('<li id="decision-') == 5
    assert "Your evidence" in alone.get(desk)


def test_evidence_is_quoted_marked_and_removed(alone: Visitor) -> None:
    desk = read_alone(alone)
    form: dict[str, Any] = {"code": "I5", "quote": "pupils   improve THEIR english"}
    alone.send(f"{desk}/evidence", alone.get(desk), **form)
    page = alone.get(desk)
    assert pressed(page) == {"I5": "yes"}
    start = TEXT.index("Pupils improve")
    mark = re.search(rf'<mark id="at-{start}"[^>]*data-codes="([^"]+)">Pupils improve', page)
    assert mark
    assert "I5" in mark[1].split()
    assert "Your evidence" in page
    span = f"{start}-{start + len('Pupils improve their English')}"
    alone.send(f"{desk}/evidence", page, code="I5", unmark=span)
    page = alone.get(desk)
    assert "Your evidence" not in page
    assert pressed(page) == {"I5": "yes"}
    refusal = alone.send(f"{desk}/evidence", page, 422, code="I5", quote="not in there")
    assert "does not stand in the text" in refusal


def test_removing_evidence_leaves_the_verdict(alone: Visitor) -> None:
    desk = read_alone(alone)
    page = alone.get(desk)
    assert "not decided" in alone.send(f"{desk}/evidence", page, 422, code="S1", unmark="0-2")
    with alone.store.transaction() as session:
        for code, verdict in (("S1", NO), ("S2", UNSURE), ("S3", YES)):
            choice = Choice(code, verdict, ((0, 2), (3, 8)))
            decide(session, number_of(desk), choice, taxonomy=Taxonomy.load())
    for code in ("S1", "S2", "S3"):
        alone.send(f"{desk}/evidence", alone.get(desk), code=code, unmark="3-8")
    with alone.store.reading() as session:
        stands = standing(session, number_of(desk))
    assert {code: (one.verdict, one.evidence) for code, one in stands.items()} == {
        "S1": (NO, ((0, 2),)),
        "S2": (UNSURE, ((0, 2),)),
        "S3": (YES, ((0, 2),)),
    }


def test_a_note_stays_with_a_decision(alone: Visitor) -> None:
    desk = read_alone(alone)
    page = alone.get(desk)
    assert f'action="{desk}/note"' not in page
    alone.send(f"{desk}/labels/S1", page, verdict="unsure")
    alone.send(f"{desk}/note", alone.get(desk), code="S1", note="Who is meant by all?")
    alone.send(f"{desk}/labels/S1", alone.get(desk), verdict="yes")
    page = alone.get(desk)
    assert 'value="Who is meant by all?"' in page
    assert pressed(page) == {"S1": "yes"}
    assert "not decided" in alone.send(f"{desk}/note", page, 422, code="S2", note="x")


def test_finishing_asks_when_labels_are_open_and_can_be_taken_back(alone: Visitor) -> None:
    desk = read_alone(alone)
    assert alone.send(f"{desk}/finish", alone.get(desk)) == f"{desk}/finish"
    question = alone.get(f"{desk}/finish")
    assert "Finish all the same" in question
    assert alone.send(f"{desk}/finish", question, sure="yes").startswith("/calls/")
    page = alone.get(desk)
    assert 'name="verdict"' not in page
    alone.send(f"{desk}/reopen", page)
    assert 'name="verdict"' in alone.get(desk)


def test_finishing_names_what_the_model_is_sure_of_too(alone: Visitor) -> None:
    desk = read_alone(alone)
    page = alone.get(desk)
    to_check, addressed = labels_under(page, "to-check"), labels_under(page, "addressed")
    assert to_check
    assert addressed
    assert f"<b>0</b> of {len(to_check + addressed)} suggestions decided" in page
    for code in to_check:
        alone.send(f"{desk}/labels/{code}", alone.get(desk), verdict="unsure")
    assert alone.send(f"{desk}/finish", alone.get(desk)) == f"{desk}/finish"
    question = alone.get(f"{desk}/finish")
    assert f"{len(addressed)} suggested label" in question
    assert re.findall(r"#label-(\w+)", question) == addressed


def labels_under(page: str, answer: str) -> list[str]:
    """Give the codes of the labels of which the model says the same."""
    parts = re.split(r'class="section ([a-z-]+)', page)[1:]
    sections = [rows for said, rows in zip(parts[::2], parts[1::2], strict=True) if said == answer]
    return [code for one in sections for code in re.findall(r'id="label-(\w+)"', one)]


def test_parts_of_the_desk_come_alone_to_script(alone: Visitor) -> None:
    desk = read_alone(alone)
    text = re.findall(r'name="text" value="(\d+)"', alone.get(desk))[0]
    answer = alone.client.post(
        f"{desk}/labels/O1b",
        data={"verdict": "yes", "text": text},
        headers={"HX-Request": "true", "Accept": "text/html"},
    )
    assert answer.status_code == 200
    assert set(re.findall(r'<li class="label[^>]* id="label-(\w+)"', answer.text)) == {"O1", "O1b"}
    assert answer.text.count("hx-swap-oob") >= 4
    assert re.search(
        r'id="said"[^>]*>\w+ O1b Participatory and digital methods\. With it: O1\.', answer.text
    )
    refused = alone.client.post(
        f"{desk}/labels/X9",
        data={"verdict": "yes", "text": text},
        headers={"HX-Request": "true", "Accept": "text/html"},
    )
    assert refused.status_code == 422
    assert 'id="said"' in refused.text
    assert "<html" not in refused.text


def test_what_people_write_is_shown_and_never_run(alone: Visitor) -> None:
    hostile = '<script>alert(1)</script> <img src=x onerror=alert(2)> & "quotes"'
    desk = read_alone(alone, text=f"{hostile}. {TEXT}", title=hostile)
    alone.send(f"{desk}/evidence", alone.get(desk), code="S1", quote=hostile)
    trail = re.findall(r'href="(/proposals/\d+/trail)"', alone.get(desk))[0]
    for page in (alone.get(desk), alone.get(trail), alone.get("/calls/1")):
        assert "<script>alert" not in page
        assert "<img" not in page
        assert "&lt;script&gt;alert(1)" in page


def test_no_page_holds_scripts_or_styles_of_its_own(team: Mapping[str, Visitor]) -> None:
    call = make_call(team)
    desk = desk_of(team["ana"], call)
    seen = [
        ("ana", "/"),
        ("ana", call),
        ("ana", desk),
        ("ana", f"{desk}/finish"),
        ("marta", "/users"),
    ]
    seen += [
        ("ana", "/account"),
        ("lena", call),
        ("lena", f"{call}/agreement"),
        ("ana", "/sign-in"),
    ]
    for name, path in seen:
        page = team[name].get(path)
        assert not re.search(r"<style|\sstyle=|\son[a-z]+=", page), path
        assert all("src=" in tag for tag in re.findall(r"<script[^>]*>", page)), path
        assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page), path


def test_signing_in_needs_the_password_and_leads_back(team: Mapping[str, Visitor]) -> None:
    ana = team["ana"]
    ana.send("/sign-out", ana.get("/"))
    assert ana._send("GET", "/calls/7").headers["location"] == "/sign-in?to=/calls/7"
    assert "Got a wrong name or password" in ana.sign_in("another password", status=401)
    assert ana.sign_in(to="/calls/7") == "/calls/7"
    for elsewhere in ("https://example.org/", "//example.org", "/\\example.org"):
        assert ana.sign_in(to=elsewhere) == "/"


def test_changes_need_the_token_of_the_login(team: Mapping[str, Visitor]) -> None:
    call = make_call(team)
    desk = desk_of(team["ana"], call)
    page = team["ana"].get(desk)
    refused = team["ana"].send(f"{desk}/labels/S1", page, 403, verdict="yes", csrf="guessed")
    assert "This is not yours to do" in refused
    assert not pressed(team["ana"].get(desk))


def test_evaluators_see_what_is_theirs_alone(team: Mapping[str, Visitor]) -> None:
    call = make_call(team, n_files=2)
    ana, ben, lena = team["ana"], team["ben"], team["lena"]
    desk = desk_of(ana, call)
    ana.send(f"{desk}/labels/S1", ana.get(desk), verdict="yes")
    trail = re.findall(r'href="(/proposals/\d+/trail)"', ana.get(desk))[0]
    assert "decision-1" in ana.get(trail)
    assert "decision-1" not in ben.get(trail)
    assert not pressed(ben.get(desk_of(ben, call)))
    assert ben.status(desk) == 404
    assert lena.status(desk) == 404
    assert ana.status(f"{call}/agreement") == 403
    assert ana.status(f"/api/v1{call}/export?format=csv") == 403
    assert lena.status("/users") == 403
    other = lena.send("/calls", lena.get("/"), name="Another", evaluators_each=1)
    assert ana.status(other) == 404


def test_a_blind_call_tells_nothing_until_it_is_finished(team: Mapping[str, Visitor]) -> None:
    call = make_call(team, blind="true")
    ana = team["ana"]
    desk = desk_of(ana, call)
    page = ana.get(desk)
    for word in ("To check", "Addressed", "Not addressed", "%<", "data-codes", ">Accept<"):
        assert word not in page, word
    ana.send(f"{desk}/labels/S1", page, verdict="yes")
    trail = re.findall(r'href="(/proposals/\d+/trail)"', page)[0]
    history = ana.get(trail)
    assert "<b>Yes</b>" in history
    for word in ("toy 1", "%", "Accepted", "Added", "Nothing was suggested"):
        assert word not in history, word
    number = desk.rpartition("/")[2]
    (told,) = ana._send("GET", f"/api/v1/assignments/{number}/decisions").json()
    assert told["action"] == "yes"
    assert told["model"] is told["probability"] is told["answer"] is None
    assert ana.send(f"{desk}/finish", ana.get(desk)) == f"{desk}/finish"
    question = ana.get(f"{desk}/finish")
    assert "You have decided on 1 of 48 labels." in question
    assert "not blind any more" in question
    assert "data-codes" not in ana.get(desk)
    ana.send(f"{desk}/finish", question, sure="yes")
    page = ana.get(desk)
    assert "You and the model" in page
    assert "data-codes" in page
    assert "toy 1" in ana.get(trail)
    (told,) = ana._send("GET", f"/api/v1/assignments/{number}/decisions").json()
    assert told["model"] == "toy 1"


def test_a_third_person_consolidates(team: Mapping[str, Visitor]) -> None:
    call = make_call(team)
    ana, ben, lena = team["ana"], team["ben"], team["lena"]
    for visitor, codes in ((ana, ("S1", "S2")), (ben, ("S2", "S3"))):
        desk = desk_of(visitor, call)
        for code in codes:
            visitor.send(f"{desk}/labels/{code}", visitor.get(desk), verdict="yes")
        visitor.send(f"{desk}/finish", visitor.get(desk), sure="yes")
    user = re.findall(r'<option value="(\d+)">lena<', lena.get(call))[0]
    lena.send(f"{call}/consolidators", lena.get(call), user=user)
    desk = re.findall(r'href="(/desk/\d+)"', lena.get(call))[0]
    page = lena.get(desk)
    disagreed, _, rest = page.partition('id="level-agreed"')
    agreed = rest.partition('id="level-nobody"')[0]
    assert re.findall(r'data-code="(\w+)"', disagreed) == ["S1", "S3"]
    assert re.findall(r'data-code="(\w+)"', agreed) == ["S2"]
    assert re.findall(r"<b>(ana|ben)</b> ([a-z ()]+)", disagreed) == [
        *(("ana", "yes"), ("ben", "no (left open)"), ("ana", "no (left open)"), ("ben", "yes"))
    ]
    lena.send(f"{desk}/adopt", page)
    assert pressed(lena.get(desk)) == {"S2": "yes"}
    assert lena.send(f"{desk}/finish", lena.get(desk)) == f"{desk}/finish"
    assert "2 labels have no decision" in lena.get(f"{desk}/finish")
    for code in ("S1", "S3"):
        lena.send(f"{desk}/labels/{code}", lena.get(desk), verdict="no")
    assert lena.send(f"{desk}/finish", lena.get(desk)) == call
    assert "consolidated" in lena.get(call)


def consolidate(team: Mapping[str, Visitor], call: str, *evidence: tuple[Span, ...]) -> str:
    """Let both evaluators say yes to S1, each with evidence, differ on S2, and let the lead decide."""
    lena = team["lena"]
    for name, spans in zip(("ana", "ben"), evidence, strict=True):
        desk = desk_of(team[name], call)
        with lena.store.transaction() as session:
            for choice in (Choice("S1", YES, spans), Choice("S2", YES if name == "ana" else NO)):
                decide(session, number_of(desk), choice, taxonomy=Taxonomy.load())
        team[name].send(f"{desk}/finish", team[name].get(desk), sure="yes")
    user = re.findall(r'<option value="(\d+)">lena<', lena.get(call))[0]
    lena.send(f"{call}/consolidators", lena.get(call), user=user)
    return desk_of(lena, call)


def test_a_consolidator_keeps_a_note_with_a_no_and_no_evidence(
    team: Mapping[str, Visitor],
) -> None:
    lena = team["lena"]
    desk = consolidate(team, make_call(team), ((0, 2),), ((3, 8),))
    assert "Marked by evaluators" in lena.get(desk)
    lena.send(f"{desk}/labels/S1", lena.get(desk), verdict="no")
    lena.send(f"{desk}/note", lena.get(desk), code="S1", note="It says so nowhere.")
    page = lena.get(desk)
    assert pressed(page) == {"S1": "no"}
    assert "Your evidence" not in page
    with lena.store.reading() as session:
        stands = standing(session, number_of(desk))["S1"]
    assert (stands.verdict, stands.evidence, stands.note) == (NO, (), "It says so nowhere.")


def test_a_consolidator_says_yes_to_what_very_many_spans_show(team: Mapping[str, Visitor]) -> None:
    lena = team["lena"]
    spans = tuple((at, at + 1) for at in range(60))
    desk = consolidate(team, make_call(team), spans[:30], spans[30:])
    page = lena.get(desk)
    for _ in range(2):
        lena.send(f"{desk}/labels/S1", page, verdict="yes")
    with lena.store.reading() as session:
        assert standing(session, number_of(desk))["S1"].evidence == spans[:50]


def test_who_is_not_sure_does_not_differ_from_the_model(team: Mapping[str, Visitor]) -> None:
    call = make_call(team, blind="true")
    ana, lena = team["ana"], team["lena"]
    desk = desk_of(ana, call)
    ana.get(desk)
    said = lena._send("GET", "/api/v1/proposals/1/suggestion").json()["report"]["answers"]
    first, *others = [code for code, answer in said.items() if answer == ADDRESSED]
    for code in (first, *others):
        ana.send(f"{desk}/labels/{code}", ana.get(desk), verdict="unsure")
    ana.send(f"{desk}/finish", ana.get(desk), sure="yes")
    assert "You agree on every label of which the model is sure." in ana.get(desk)
    ana.send(f"{desk}/reopen", ana.get(desk))
    ana.send(f"{desk}/labels/{first}", ana.get(desk), verdict="no")
    page = ana.get(desk)
    compared = page.partition("You and the model")[2].partition("</section>")[0]
    assert re.findall(r"#label-(\w+)", compared) == [first]


def test_a_call_takes_tables_and_gives_files(team: Mapping[str, Visitor]) -> None:
    lena = team["lena"]
    call = lena.send("/calls", lena.get("/"), name="Table", evaluators_each=1)
    table = f'id,title,text\nP-1,First,"{TEXT}"\nP-2,Second,"{TEXT} Twice."\nP-3,Empty,\n'
    files = [("files", ("call.csv", table))]
    lena.send(f"{call}/documents", lena.get(call), files=files)
    page = lena.get(call)
    assert "Added 2 new of 2 descriptions. 1 left out: P-3: " in page
    assert re.findall(r">(P-\d)<", page) == ["P-1", "P-2"]
    assert "has not read" not in page
    link = re.findall(r'href="([^"]+format=jsonl)"', page)[0]
    answer = lena._send("GET", link)
    assert answer.headers["content-disposition"].startswith("attachment")
    assert answer.text.count("\n") == 2


def test_a_bad_file_keeps_no_other_out_of_a_call(team: Mapping[str, Visitor]) -> None:
    lena = team["lena"]
    call = lena.send("/calls", lena.get("/"), name="Mixed", evaluators_each=1)
    bad = [("files", (name, b"junk")) for name in ("bad.pdf", "program.exe")]
    refusal = lena.send(f"{call}/documents", lena.get(call), 422, files=bad)
    assert "Bad: got a file that is not PDF" in refusal
    assert "program: got a file with the ending" in refusal
    good = [("files", (name, TEXT)) for name in ("one.txt", "two.txt")]
    lena.send(f"{call}/documents", lena.get(call), files=[good[0], *bad, good[1]])
    page = lena.get(call)
    assert "Added 2 new of 2 descriptions. 2 left out: bad: got a file that is not PDF" in page
    assert re.findall(r'scope="row">(\w+)', page) == ["one", "two"]


def test_a_long_notice_in_any_script_fits_a_cookie(team: Mapping[str, Visitor]) -> None:
    lena = team["lena"]
    call = lena.send("/calls", lena.get("/"), name="Long", evaluators_each=1)
    bad = [("files", (f"{at}{'ω' * 180}.pdf", b"junk")) for at in range(9)]
    lena.send(f"{call}/documents", lena.get(call), files=[("files", ("one.txt", TEXT)), *bad])
    cookies = [len(one.name) + len(one.value or "") for one in lena.client.cookies.jar]
    assert max(cookies) < 4096
    assert "Added 1 new of 1 descriptions. 9 left out: 0ωωω" in lena.get(call)


def test_a_changed_text_keeps_decisions_and_drops_their_places(team: Mapping[str, Visitor]) -> None:
    call = make_call(team)
    ana, lena = team["ana"], team["lena"]
    desk = desk_of(ana, call)
    ana.send(f"{desk}/evidence", ana.get(desk), code="I5", quote="Pupils improve their English")
    files = [("files", ("p0.txt", f"Another beginning. {TEXT}"))]
    lena.send(f"{call}/documents", lena.get(call), files=files)
    page = lena.get(call)
    assert (
        "Added 0 new of 1 descriptions. 1 came with another text, now the newest version." in page
    )
    page = ana.get(desk)
    assert "version 2 of the text" in page
    assert "The text has changed since you decided on 1 label." in page
    assert pressed(page) == {"I5": "yes"}
    assert "Your evidence" not in page
    ana.send(f"{desk}/labels/I5", page, verdict="no")
    page = ana.get(desk)
    assert "The text has changed" not in page
    assert pressed(page) == {"I5": "no"}


def test_a_page_of_an_older_text_is_to_be_loaded_anew(team: Mapping[str, Visitor]) -> None:
    call = make_call(team)
    ana, lena = team["ana"], team["lena"]
    desk = desk_of(ana, call)
    ana.send(f"{desk}/labels/I5", ana.get(desk), verdict="yes")
    page = ana.get(desk)
    files = [("files", ("p0.txt", f"Another beginning. {TEXT}"))]
    lena.send(f"{call}/documents", lena.get(call), files=files)
    words = "Pupils improve their English"
    for path, values in (
        ("labels/I5", {"verdict": "no"}),
        ("evidence", {"code": "I5", "quote": words}),
        ("note", {"code": "I5", "note": "Seen."}),
    ):
        refused = ana.send(f"{desk}/{path}", page, 409, **values)
        assert "the text has changed, load the page anew" in refused
    ana.send(f"{desk}/evidence", ana.get(desk), code="I5", quote=words)
    number = desk.rpartition("/")[2]
    (stands,) = ana._send("GET", f"/api/v1/assignments/{number}/decisions").json()
    assert (stands["verdict"], stands["note"]) == ("yes", "")
    assert stands["text_id"] != 1
    ((start, end),) = stands["evidence"]
    assert f"Another beginning. {TEXT}"[start:end] == words


def untagged_call(visitor: Visitor) -> tuple[Store, int, int]:
    """Give a call with one proposal that no model has read, and the task of the user of the desk."""
    visitor.get("/")
    store: Store = visitor.app.state.desk.store  # type: ignore[attr-defined]
    with store.transaction() as session:
        user = find_user(session, visitor.name)
        assert user is not None
        call = create_call(session, "Spring").id
        (proposal,) = add_documents(session, call, [Document("p1", "Gardens", TEXT)])
        return store, call, assign(session, proposal.id, user.id, EVALUATE).id


def test_nothing_is_tagged_in_a_closed_call(alone: Visitor) -> None:
    store, call, _ = untagged_call(alone)
    page = alone.get(f"/calls/{call}")
    alone.send(f"/calls/{call}/close", page)
    assert "which is closed" in alone.send(f"/calls/{call}/tag", page, 409)
    with store.reading() as session:
        assert latest_suggestions(session, call) == {}


def test_nothing_is_tagged_in_a_call_that_is_closed_meanwhile(
    alone: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, call, _ = untagged_call(alone)
    inference: Inference = alone.app.state.desk.inference  # type: ignore[attr-defined]
    tag_many = inference.tag_many

    async def close_first(documents: Iterable[Document]) -> list[Report]:
        with store.transaction() as session:
            close_call(session, call)
        return await tag_many(documents)

    monkeypatch.setattr(inference, "tag_many", close_first)
    alone.send(f"/calls/{call}/tag", alone.get(f"/calls/{call}"))
    with store.reading() as session:
        assert latest_suggestions(session, call) == {}


def test_a_desk_in_a_closed_call_writes_nothing(alone: Visitor) -> None:
    store, call, task = untagged_call(alone)
    alone.send(f"/calls/{call}/close", alone.get(f"/calls/{call}"))
    assert "The call is closed" in alone.get(f"/desk/{task}")
    with store.reading() as session:
        assert latest_suggestions(session, call) == {}
        assert get_assignment(session, task).revealed is None


def test_a_table_with_too_many_rows_is_refused(tmp_path: Path, toy_tagger: Tagger) -> None:
    with open_desk(tmp_path, toy_tagger, limits=Limits(upload_rows=2)) as client:
        visitor = Visitor(client.app, "local")
        call = visitor.send("/calls", visitor.get("/"), name="Table", evaluators_each=1)
        table = "id,text\n" + "".join(f"P-{row},{TEXT.splitlines()[0]}\n" for row in range(3))
        files = [("files", ("call.csv", table))]
        refusal = visitor.send(f"{call}/documents", visitor.get(call), 422, files=files)
        assert "more than 2 rows" in refusal
        assert "No proposal is in this call yet" in visitor.get(call)


def test_agreement_is_shown_as_charts_and_tables(team: Mapping[str, Visitor]) -> None:
    call = make_call(team)
    assert "no two evaluators have finished" in team["lena"].get(f"{call}/agreement")
    for name in ("ana", "ben"):
        desk = desk_of(team[name], call)
        team[name].send(f"{desk}/labels/S1", team[name].get(desk), verdict="yes")
        team[name].send(f"{desk}/finish", team[name].get(desk), sure="yes")
    page = team["lena"].get(f"{call}/agreement")
    assert re.search(r'scope="row">ana and ben</th><td class="chart"><svg.*?<b>1\.00</b>', page)
    assert "Krippendorff" in page


def test_the_first_user_is_an_administrator(alone: Visitor) -> None:
    first: dict[str, Any] = {"name": "ana", "password": PASSWORD, "role": "evaluator"}
    refused = alone.send("/users", alone.get("/users"), 409, **first)
    assert "add an administrator first" in refused


def test_administrators_look_after_users(team: Mapping[str, Visitor]) -> None:
    marta = team["marta"]
    new: dict[str, Any] = {"name": "Otto", "role": "evaluator", "password": "a long new password"}
    marta.send("/users", marta.get("/users"), **new)
    page = marta.get("/users")
    number = re.findall(r'action="/users/(\d+)"', page.partition("<b>otto</b>")[2])[0]
    marta.send(f"/users/{number}", page, role="lead")
    assert "otto is now lead." in marta.get("/users")
    marta.send(f"/users/{number}", marta.get("/users"), active="no")
    otto = Visitor(marta.app, "otto")
    assert "wrong name or password" in otto.sign_in(new["password"], status=401)
    weak: dict[str, Any] = {"name": "pia", "role": "lead", "password": "short"}
    short = marta.send("/users", marta.get("/users"), 422, **weak)
    assert "expected 12 to 1000" in short


def test_a_role_changes_only_by_its_button(team: Mapping[str, Visitor]) -> None:
    page = team["marta"].get("/users")
    forms = re.findall(r"<form[^>]*>(?:(?!</form>).)*<select[^>]*name=\"role\".*?</form>", page)
    assert len(forms) == len(PEOPLE)
    assert all("<button>Change</button>" in form for form in forms)
    assert "data-choose" not in page
    assert "choosing.js" not in page


def test_tokens_are_shown_once_and_passwords_renewed(team: Mapping[str, Visitor]) -> None:
    ana = team["ana"]
    page = ana.send("/account/tokens", ana.get("/account"), 200, label="my script")
    secret = re.findall(r"ka2nlp_[\w-]{40,}", page)[0]
    bearer = {"Authorization": f"Bearer {secret}"}
    program = TestClient(ana.client.app, base_url="http://localhost", headers=bearer)
    assert program.get("/account").status_code == 200
    page = ana.get("/account")
    assert secret not in page
    revoke = re.findall(r'action="(/account/tokens/\d+/revoke)"', page)
    ana.send(revoke[-1], page)
    assert program.get("/account").status_code == 401
    new = "quite another password"
    assert "wrong password" in ana.send(
        "/account/password", ana.get("/account"), 422, old="no", new=new
    )
    ana.send("/account/password", ana.get("/account"), old=PASSWORD, new=new)
    assert ana.sign_in(new) == "/"


def test_an_error_leads_back_to_the_page_of_its_form(alone: Visitor) -> None:
    path = read_alone(alone)
    page = alone.get(path)
    refused = alone.send(f"{path}/evidence", page, 422, quote="words that stand nowhere")
    assert f'<a href="{path}">Back to where you were</a>' in refused
    assert "Back to" not in alone.send("/read", alone.get("/"), 422, text="  ")


def test_the_buttons_of_the_last_question_come_before_its_list(alone: Visitor) -> None:
    path = read_alone(alone)
    page = alone.get(alone.send(f"{path}/finish", alone.get(path)))
    assert page.index("Finish all the same") < page.index('<ul class="undecided"')


def test_the_home_link_has_a_name_where_its_words_are_hidden(alone: Visitor) -> None:
    assert '<a class="brand" href="/" aria-label="Review desk">' in alone.get("/")


def test_unknown_pages_are_told_of_on_a_page(alone: Visitor) -> None:
    for path in ("/nowhere", "/calls/999", "/desk/999", "/proposals/999/trail"):
        answer = alone._send("GET", path)
        assert answer.status_code == 404
        assert "There is no such page" in answer.text
    assert alone._send("GET", "/desk/word").status_code == 422


def test_files_of_the_pages_are_asked_for_anew(alone: Visitor) -> None:
    answer = alone._send("GET", "/static/review.css")
    assert answer.headers["cache-control"] == "no-cache"
    assert answer.headers["etag"]
    assert alone._send("GET", "/static/htmx/LICENSE").status_code == 200


def test_passages_hold_every_character_and_know_their_labels() -> None:
    text = (
        "Heading\r\n\r\nOne sentence that is long enough to have been wrapped by whoever\r\n"
        "wrote it. Another one 😀 follows.\n- a list item\n"
    )
    document = Document("a", "", text, places=(Place(0, "page 1"), Place(11, "page 2")))
    start = text.index("Another")
    span = (start + 3, start + 11)
    found = passages(document, {"S1": [span], "S4": [(start, len(text) - 15)]})
    kept = "".join(one.text for passage in found for one in passage.stretches)
    assert "".join(kept.split()) == "".join(text.split())
    assert [passage.place for passage in found] == ["page 1", "page 2", ""]
    for passage in found:
        for one in passage.stretches:
            assert text[one.start : one.end] == one.text
            assert "\r" not in one.text or not one.text.strip()
    marked = [one for passage in found for one in passage.stretches if "S1" in one.codes]
    assert "".join(one.text for one in marked) == text[slice(*span)]
    assert [one.closes for one in marked if one.closes] == [("S1",)]
    assert {one.sentence for one in marked} == {2}


def test_passages_are_cut_as_the_plain_way_cuts_them() -> None:
    draw = random.Random(5)
    for _ in range(100):
        lines = draw.choices(["One reads. Two write!", "A heading", "", "- an item", "x\r"], k=12)
        text = "\n".join(lines)
        places = tuple(
            Place(at, f"page {at}") for at in sorted(draw.sample(range(len(text) + 1), 3))
        )
        spans = [
            (code, (draw.randrange(len(text)), draw.randrange(len(text) + 5)))
            for code in ("S1", "S2", "S4")
            for _ in range(draw.randrange(5))
        ]
        evidence = {code: [span for other, span in spans if other == code] for code, _ in spans}
        inner = {edge for _, span in spans for edge in span} | {place.start for place in places}
        sentences = [(one.start, one.end) for one in split_sentences(text)]
        for passage in passages(Document("a", "", text, places=places), evidence):
            low, high = passage.stretches[0].start, passage.stretches[-1].end
            edges = {one.start for one in passage.stretches} | {high}
            assert {edge for edge in inner if low < edge < high} <= edges
            assert [one.end for one in passage.stretches] == sorted(edges - {low})
            for one in passage.stretches:
                around = [n for n, (start, end) in enumerate(sentences) if start <= one.start < end]
                assert one.sentence == (around[0] if around else None)
                assert one.codes == tuple(
                    code for code, (start, end) in spans if start <= one.start and one.end <= end
                )
                assert one.closes == tuple(
                    code for code, (_, end) in spans if one.start < end <= one.end
                )


def test_a_passage_looks_only_at_its_own_edges(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at = 0

    class Counted(list[int]):
        def __iter__(self) -> Iterator[int]:
            nonlocal looked_at
            looked_at += len(self)
            return super().__iter__()

    def counted(*given: Any) -> Counted:
        return Counted(edges(*given))

    edges = cutting._edges
    monkeypatch.setattr(cutting, "_edges", counted)
    text = "A line of its own.\n\n" * 300
    assert len(passages(Document("a", "", text), {"S1": [(0, len(text))]})) == 300
    assert looked_at <= 5 * 300


def test_spans_are_read_trimmed_found_and_merged() -> None:
    assert parse_span("12-40") == (12, 40)
    with pytest.raises(InvalidError, match="expected two offsets"):
        parse_span("12")
    assert trim((0, 7), "  ab c ") == (2, 6)
    with pytest.raises(InvalidError, match="expected words"):
        trim((0, 2), "  ab")
    assert find_words("AB  c", "x ab\nc y") == (2, 6)
    with pytest.raises(InvalidError, match="does not stand in the text"):
        find_words("", "x ab")
    assert merge([(5, 9), (0, 2), (7, 12), (2, 3)]) == ((0, 2), (2, 3), (5, 12))
