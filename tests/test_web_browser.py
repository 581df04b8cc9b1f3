"""The desk in a real browser: keys, marking, blind and shared readings, access, nothing from elsewhere."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

pytest.importorskip("playwright", reason="playwright drives the browser")
pytest.importorskip("axe_playwright_python", reason="axe-core checks the pages")
pytest.importorskip("fastapi", reason="the desk comes with the serve extra")

import uvicorn
from axe_playwright_python.sync_playwright import Axe
from desks import PASSWORD, add_users, database_url
from made_files import PAGE_BREAK, pdf
from playwright import sync_api

from ka2nlp import Document, Tagger
from ka2nlp.review import Store
from ka2nlp.review.assignments import assign, assignments_on, finish
from ka2nlp.review.calls import create_call
from ka2nlp.review.decisions import decide, standing, trail
from ka2nlp.review.proposals import add_documents, latest_text
from ka2nlp.review.records import Choice
from ka2nlp.review.suggestions import keep_suggestion
from ka2nlp.review.users import find_user
from ka2nlp.web.app import create_app
from ka2nlp.web.desk import Model
from ka2nlp.web.settings import Settings

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")

FLAGS = (
    "--no-sandbox --disable-gpu --disable-background-networking --disable-component-update "
    "--disable-sync --no-first-run"
).split()
WIDTHS = (360, 820, 1440)
OVERLAPPING = """() => [...document.querySelectorAll(".label")].filter((label) => {
  const name = document.createRange();
  name.selectNodeContents(label.querySelector(".name"));
  const controls = label.querySelector(".choices, .verdict:not(.on-paper)").getBoundingClientRect();
  return [...name.getClientRects()].some((line) => line.right > controls.left
    && line.left < controls.right && line.bottom > controls.top && line.top < controls.bottom);
}).map((label) => label.id)"""
BEYOND = """() => document.documentElement.scrollWidth <= innerWidth ? []
  : [...document.querySelectorAll("body *")].filter((one) => !one.closest(".scroll, .hidden"))
    .filter((one) => one.getBoundingClientRect().right > innerWidth)
    .map((one) => one.outerHTML.slice(0, 90))"""

FIRST = [
    "Lamps for the Harbour 💡: a school for night repairs",
    (
        "In three harbour towns young people who left school early learn to repair lamps at night. "
        "Vocational schools and boat yards write a course of twelve units, linked to the European "
        "Qualifications Framework, and publish it as an open educational resource."
    ),
    "Twenty teachers visit each other for a week and learn to coach young people one to one.",
]
SECOND = [
    "Local employers help to define digital badges, so that a skill can be put on a CV.",
    "The town councils will draw up recommendations on how such learning can be recognised.",
    "At least ninety young people gain skills that help them find work.",
]


@dataclass
class Served:
    """A desk that listens on this machine, and its database."""

    address: str
    store: Store
    logins: dict[str, Any] = field(default_factory=dict)

    def login(self, browser: Any, user: str) -> Any:
        """Sign a user in by the form, once; give the cookies."""
        if user not in self.logins:
            page = browser.new_page(base_url=self.address)
            page.goto("/calls/1")
            page.get_by_label("Name").fill(user)
            page.get_by_label("Password").fill(PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_url(f"{self.address}/calls/1")
            self.logins[user] = page.context.storage_state()
            page.context.close()
        return self.logins[user]


@pytest.fixture(scope="module")
def fast() -> Tagger:
    return Tagger.load("fast", n_threads=1)


@pytest.fixture(scope="module")
def serve(fast: Tagger) -> Iterator[Callable[[Path], Served]]:
    """Start desks in threads of this process; their databases are made by the tests."""
    running: list[tuple[uvicorn.Server, Thread, Store]] = []

    def start(folder: Path) -> Served:
        app = create_app(Settings(database_url=database_url(folder)), Model(fast, "0" * 64))
        place = socket.socket()
        place.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        thread = Thread(target=server.run, kwargs={"sockets": [place]}, daemon=True)
        thread.start()
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        store = Store.open(database_url(folder))
        running.append((server, thread, store))
        return Served(f"http://127.0.0.1:{place.getsockname()[1]}", store)

    yield start
    for server, thread, store in running:
        server.should_exit = True
        thread.join()
        store.close()


def note_error(failed: list[str], said: Any) -> None:
    if said.type == "error":
        failed.append(said.text)


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Any) -> Iterator[Callable[..., Any]]:
    """Open a page of its own for a user; nothing may be asked of anybody else, and nothing fail."""
    contexts: list[Any] = []
    asked: list[str] = []
    failed: list[str] = []
    desks: set[str] = set()

    def start(desk: Served, user: str = "", **options: Any) -> Any:
        desks.add(desk.address)
        state = desk.login(browser, user) if user else None
        context = browser.new_context(base_url=desk.address, storage_state=state, **options)
        contexts.append(context)
        context.on("request", lambda request: asked.append(request.url))
        context.on("weberror", lambda error: failed.append(str(error.error)))
        context.on("console", partial(note_error, failed))
        page = context.new_page()
        page.set_default_timeout(15_000)
        return page

    yield start
    for context in contexts:
        context.close()
    assert [url for url in asked if not url.startswith((*desks, "data:"))] == []
    assert failed == []


@pytest.fixture(scope="module")
def alone(serve: Callable[[Path], Served], tmp_path_factory: pytest.TempPathFactory) -> Served:
    """A desk without users: whoever uses this machine is its administrator."""
    return serve(tmp_path_factory.mktemp("alone"))


@pytest.fixture(scope="module")
def team(
    serve: Callable[[Path], Served], fast: Tagger, tmp_path_factory: pytest.TempPathFactory
) -> Served:
    """A desk with an open and a blind call; two evaluate, one consolidates what both have read."""
    folder = tmp_path_factory.mktemp("team")
    roles = {"ana": "evaluator", "ben": "evaluator", "lena": "lead", "marta": "administrator"}
    add_users(database_url(folder), roles)
    desk = serve(folder)
    documents = [
        Document("p1", "Lamps for the Harbour", "\n".join(FIRST + SECOND)),
        Document("p2", "Boats of Paper " * 12, "\n".join((SECOND + FIRST) * 40)),
        Document("p3", "", SECOND[0]),
    ]
    reports = list(fast.tag_many(documents, doubts=True))
    with desk.store.transaction() as session:
        ana, ben, lena = (find_user(session, name) for name in ("ana", "ben", "lena"))
        for blind in (False, True):
            call = create_call(
                session, "Blind" if blind else "Open", blind=blind, evaluators_each=2
            )
            proposals = add_documents(session, call.id, documents)
            for proposal, report in zip(proposals, reports, strict=True):
                keep_suggestion(session, latest_text(session, proposal.id).id, report)
                for user in (ana, ben):
                    assert user is not None
                    assign(session, proposal.id, user.id, "evaluate")
        last = proposals[-1].id
        for code, task in zip(("S4", "S2"), assignments_on(session, last), strict=True):
            for one in (code, "I5"):
                decide(session, task.id, Choice(one, "yes"), taxonomy=fast.taxonomy)
            finish(session, task.id)
        assert lena is not None
        assign(session, last, lena.id, "consolidate")
    return desk


def said(page: Any, words: str) -> None:
    """Wait until the line that is read out says this."""
    sync_api.expect(page.locator("#said")).to_contain_text(words)


def chosen(page: Any) -> list[str]:
    return [one.get_attribute("id") for one in page.locator("[aria-pressed=true]").all()]


def read(page: Any, call: int, title: str) -> None:
    """Go through a call's queue to the desk of one of its proposals."""
    page.goto(f"/calls/{call}")
    page.locator(".queue a", has_text=title).first.click()
    page.wait_for_url("**/desk/*")
    page.wait_for_load_state()


def number_of(page: Any) -> int:
    return int(page.url.partition("/desk/")[2].partition("?")[0].partition("#")[0])


def follow(page: Any, link: Any) -> None:
    """Click on what leads to another page, and wait for that."""
    with page.expect_navigation():
        link.click()


def test_a_pdf_is_read_by_keyboard_alone(
    alone: Served, open_page: Callable[..., Any], tmp_path: Path
) -> None:
    file = tmp_path / "lamps.pdf"
    file.write_bytes(pdf([*FIRST, PAGE_BREAK, *SECOND], title="Lamps for the Harbour"))
    page = open_page(alone)
    page.goto("/")
    page.get_by_label("Or choose a file").set_input_files(file)
    page.get_by_label("Or choose a file").press("Enter")
    page.get_by_role("button", name="Read it").press("Enter")
    page.wait_for_url("**/desk/*")
    assert page.get_by_role("heading", name="Page 2").count() == 1
    assert chosen(page) == []

    page.keyboard.press("j")
    first = page.evaluate("document.activeElement.id").removeprefix("name-")
    page.keyboard.press("a")
    said(page, f"Accepted {first}")
    page.keyboard.press("j")
    second = page.evaluate("document.activeElement.id").removeprefix("name-")
    page.keyboard.press("r")
    said(page, f"Rejected {second}")
    page.keyboard.press("j")
    third = page.evaluate("document.activeElement.id").removeprefix("name-")
    page.keyboard.press("u")
    said(page, f"Not sure {third}")
    assert len({first, second, third}) == 3
    assert set(chosen(page)) >= {f"yes-{first}", f"no-{second}", f"unsure-{third}"}

    page.keyboard.press("z")
    said(page, f"Undone: {third}")
    assert f"unsure-{third}" not in chosen(page)
    assert page.evaluate("document.activeElement.id") == f"name-{third}"

    page.keyboard.press("]")
    page.keyboard.press("]")
    words = page.evaluate("getSelection().toString()")
    assert words
    page.keyboard.press("e")
    said(page, f"Evidence marked for {third}")
    page.keyboard.press("f")
    page.wait_for_url("**/finish")
    page.keyboard.press("Tab")
    while page.evaluate("document.activeElement.textContent") != "Finish all the same":
        page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_url("**/calls/*")
    assert page.get_by_text("Finished: Lamps for the Harbour").count() == 1

    with page.expect_download() as download:
        page.get_by_role("link", name="Everything, JSON Lines").click()
    assert words.split()[0] in Path(download.value.path()).read_text(encoding="utf-8")
    follow(page, page.get_by_role("link", name="Progress and agreement"))
    row = page.get_by_role("row", name="local").first
    assert row.get_by_role("cell").all_text_contents()[1:4] == ["1", "1", "1"]


def test_a_dropped_file_is_taken(alone: Served, open_page: Callable[..., Any]) -> None:
    page = open_page(alone)
    page.goto("/")
    page.locator("form[data-drop]").evaluate(
        """(form) => {
        const dropped = new DataTransfer();
        dropped.items.add(new File(["A school opens its workshop to the town."], "workshop.txt"));
        form.dispatchEvent(new DragEvent("drop", { dataTransfer: dropped, cancelable: true }));
        }"""
    )
    page.get_by_role("button", name="Read it").click()
    page.get_by_role("heading", name="workshop").wait_for()


def test_what_is_selected_becomes_evidence(team: Served, open_page: Callable[..., Any]) -> None:
    page = open_page(team, "ana", viewport={"width": 1280, "height": 900})
    read(page, 1, "Lamps for the Harbour")
    target = page.locator("#text [data-start]", has_text="Twenty teachers visit").first
    box = target.bounding_box()
    page.mouse.move(box["x"] + 2, box["y"] + 8)
    page.mouse.down()
    page.mouse.move(box["x"] + 160, box["y"] + 8, steps=4)
    page.mouse.up()
    words = page.evaluate("getSelection().toString()").strip()
    assert words.startswith("Twenty teachers")
    page.get_by_label("Evidence for").select_option("I12")
    page.get_by_role("button", name="Use", exact=False).locator("visible=true").last.click()
    said(page, "Evidence marked for I12")
    quote = page.locator("#label-I12 .quotes a")
    assert quote.text_content() == words
    with team.store.reading() as session:
        decision = standing(session, number_of(page))["I12"]
        text = latest_text(session, decision.proposal_id).text
    ((start, end),) = decision.evidence
    assert text[start:end] == words  # an emoji before it moves no offset
    marked = page.locator(f'mark[data-start="{start}"]').get_attribute("data-codes")
    assert "I12" in marked.split()
    page.locator("#name-I12").click()
    page.get_by_role("button", name="Remove this evidence of I12").click()
    said(page, "Evidence removed from I12")
    assert page.locator("#about-I12").get_attribute("open") is not None


def test_evidence_by_key_needs_a_label_in_hand(team: Served, open_page: Callable[..., Any]) -> None:
    page = open_page(team, "ben")
    read(page, 1, "Boats of Paper")
    before = chosen(page)
    page.keyboard.press("]")
    assert page.evaluate("getSelection().toString()")
    sync_api.expect(page.locator("#mark")).to_be_visible()
    page.keyboard.press("e")
    said(page, "Choose a label first.")
    assert chosen(page) == before
    page.get_by_label("Evidence for").select_option("I12")
    page.get_by_label("Evidence for").press("Tab")
    page.keyboard.press("e")  # on the button that is called so
    said(page, "Evidence marked for I12")
    page.locator("#undo").click()
    said(page, "Undone: I12")


def test_labels_and_sentences_light_each_other(team: Served, open_page: Callable[..., Any]) -> None:
    page = open_page(team, "ben", viewport={"width": 1280, "height": 700}, reduced_motion="reduce")
    read(page, 1, "Boats of Paper")
    page.locator("#label-S4").hover()
    lit = page.locator("mark.lit")
    sync_api.expect(lit.first).to_be_visible()
    assert all("S4" in one.get_attribute("data-codes").split() for one in lit.all())
    sync_api.expect(lit.first).to_be_in_viewport()
    codes = lit.first.get_attribute("data-codes").split()
    lit.first.click()
    speaking = page.locator(".label.speaking")
    assert {one.get_attribute("data-code") for one in speaking.all()} == set(codes)
    page.locator("#strip-says a", has_text=f"{codes[-1]} ").click()
    assert page.evaluate("document.activeElement.id") == f"name-{codes[-1]}"
    sync_api.expect(page.locator(f"#label-{codes[-1]}")).to_be_in_viewport()


def test_a_blind_reading_shows_the_comparison_only_at_its_end(
    team: Served, open_page: Callable[..., Any]
) -> None:
    page = open_page(team, "ana")
    read(page, 2, "Lamps for the Harbour")
    content = page.content()
    assert not any(word in content for word in ("To check", "Addressed", "data-codes", "%</"))
    page.keyboard.press("j")
    page.keyboard.press("a")
    said(page, "Yes S1")
    assert "data-codes" not in page.content()
    page.keyboard.press("f")
    page.wait_for_url("**/finish")
    assert "data-codes" not in page.content()
    page.get_by_role("button", name="Finish all the same").click()
    page.get_by_role("heading", name="You and the model").wait_for()
    assert page.locator(".compared").get_by_text("You ").count()
    assert page.locator("mark").count()
    with team.store.reading() as session:
        assert not standing(session, number_of(page))["S1"].shown


def test_two_evaluators_do_not_see_each_other_and_a_third_decides(
    team: Served, open_page: Callable[..., Any]
) -> None:
    ana, ben, lena = (open_page(team, name) for name in ("ana", "ben", "lena"))
    for page, code in ((ana, "S6"), (ben, "S8")):
        read(page, 1, "p3")
        page.locator(f"#label-{code}").evaluate(
            "one => one.closest('details.section')?.setAttribute('open', '')"
        )
        page.locator(f"#yes-{code}").click()
        said(page, code)
    ben.reload()
    assert "yes-S6" not in chosen(ben)
    assert "yes-S8" in chosen(ben)
    follow(ben, ben.get_by_role("link", name="History"))
    assert "S6" not in ben.locator(".history").inner_text()
    assert ben.request.get(ana.url).status == 404
    read(lena, 2, "p3")
    groups = {name: lena.locator(f"#level-{name} .label") for name in ("disagreed", "agreed")}
    found = {
        name: [one.get_attribute("data-code") for one in rows.all()]
        for name, rows in groups.items()
    }
    assert found == {"disagreed": ["S2", "S4"], "agreed": ["I5"]}
    assert lena.locator("#label-S4 .voices li").all_inner_texts()[:2] == [
        "ana yes",
        "ben no (left open)",
    ]
    lena.get_by_role("button", name="Take over all").click()
    lena.locator("#no-S2").click()
    said(lena, "No S2")
    lena.locator("#yes-S4").click()
    said(lena, "Yes S4")
    lena.keyboard.press("f")
    lena.get_by_text("All that was given to you is consolidated.").wait_for()


def test_the_desk_works_without_script(team: Served, open_page: Callable[..., Any]) -> None:
    page = open_page(team, "ben", java_script_enabled=False)
    read(page, 1, "Lamps for the Harbour")
    follow(page, page.locator("#yes-S2"))
    assert "yes-S2" in chosen(page)
    page.locator("#name-S2").click()
    page.locator("#quote-S2").fill("Local employers help to define")
    follow(page, page.locator("#label-S2").get_by_role("button", name="Use"))
    page.locator("#name-S2").click()
    assert (
        page.locator("#label-S2 .quotes").inner_text().startswith("Local employers help to define")
    )
    follow(page, page.locator("#undo"))
    follow(page, page.locator("#undo"))
    assert chosen(page) == []


def test_single_keys_can_be_switched_off(team: Served, open_page: Callable[..., Any]) -> None:
    page = open_page(team, "ana")
    read(page, 1, "p3")
    page.keyboard.press("?")
    page.get_by_label("Use single keys").uncheck()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    assert not page.evaluate("document.activeElement.id").startswith("name-")
    page.get_by_role("button", name="Keys").click()
    page.get_by_label("Use single keys").check()
    page.get_by_label("After a decision by key").check()
    page.keyboard.press("Escape")
    page.keyboard.press("j")
    before = page.evaluate("document.activeElement.id")
    page.keyboard.press("r")
    said(page, "Rejected")
    page.wait_for_function("id => document.activeElement.id !== id", arg=before)
    assert page.evaluate("document.activeElement.id").startswith("name-")


@pytest.mark.parametrize(
    ("anchor", "pane"),
    [
        ("level-systemic", "labels"),
        ("label-S4", "labels"),
        ("labels", "labels"),
        ("at-0", "reading"),
        ("nothing", "reading"),
        ("", "reading"),
    ],
)
def test_a_link_opens_the_pane_that_it_leads_to(
    team: Served, open_page: Callable[..., Any], anchor: str, pane: str
) -> None:
    page = open_page(team, "ana", viewport={"width": 360, "height": 800})
    page.goto(f"/desk/1#{anchor}")
    page.wait_for_function("document.body.dataset.pane")
    assert page.evaluate("document.body.dataset.pane") == pane
    if anchor == "level-systemic":
        sync_api.expect(page.locator("#level-systemic")).to_be_visible()


RULES: dict[str, dict[str, list[str]]] = {"light": {}, "dark": {"runOnly": ["color-contrast"]}}
"""What axe looks at: everything, and what another colour scheme can change."""

PAGES = {
    "marta": ("/", "/users", "/account", "/labels"),
    "lena": ("/", "/calls/1", "/calls/2/agreement", "/proposals/6/trail", "/desk/13"),
    "ana": ("/calls/1", "/desk/1", "/desk/3", "/desk/7", "/desk/11", "/desk/1/finish"),
    "": ("/sign-in",),
}


@pytest.mark.parametrize("scheme", list(RULES))
@pytest.mark.parametrize("user", list(PAGES))
def test_every_page_can_be_used_by_everybody(
    team: Served, open_page: Callable[..., Any], user: str, scheme: str
) -> None:
    axe = Axe()
    page = open_page(team, user, color_scheme=scheme)
    for path in PAGES[user]:
        page.goto(path)
        page.locator("details").evaluate_all("all => all.forEach((one) => { one.open = true; })")
        found = axe.run(page, options={"resultTypes": ["violations"], **RULES[scheme]})
        broken = [
            (path, one["id"], [node["html"][:120] for node in one["nodes"]][:3])
            for one in found.response["violations"]
        ]
        assert broken == []


def test_nothing_runs_over_the_edge(team: Served, open_page: Callable[..., Any]) -> None:
    for user, paths in PAGES.items():
        page = open_page(team, user)
        for path in paths:
            page.goto(path)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 800})
                over = page.evaluate(BEYOND)
                assert over == [], (path, width)
                assert page.evaluate(OVERLAPPING) == [], (path, width)


def test_the_trail_keeps_everything(team: Served) -> None:
    with team.store.reading() as session:
        kept = trail(session, 1)
    assert [one for one in kept if one.undoes] != []
    assert len({one.id for one in kept}) == len(kept)
