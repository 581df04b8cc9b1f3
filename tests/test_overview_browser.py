"""The page of an overview in a real browser: filters, narrow screens, no script."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from test_overview_page import KEEP, invented

pytest.importorskip("pyarrow", reason="pyarrow comes with the archive extra")

from archive_folders import write_archive

BROWSER = shutil.which("chromium") or shutil.which("google-chrome")
pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed")

ROWS = invented(120, seed=5)

# The page runs unchanged in a frame, under its own policy; what a probe sees there is printed.
FRAME = """<!DOCTYPE html><iframe style="width:1280px;height:900px;border:0" srcdoc="{page}"></iframe>
<pre id="found"></pre>
<script>
document.querySelector("iframe").addEventListener("load", async (event) => {{
  const frame = event.target.contentWindow, page = frame.document;
  const pause = () => new Promise((done) => setTimeout(done, 20));
  let found;
  try {{ found = await ({probe})(page, frame, pause); }} catch (error) {{ found = String(error); }}
  document.getElementById("found").textContent = JSON.stringify(found);
}});
</script>"""

READ = """(page) => Object.fromEntries([...page.querySelectorAll("tr[data-column]")].map((row) => [
  row.querySelector(".code").textContent,
  [".expected b", ".expected small", ".decided", ".share", ".check"].map(
    (part) => row.querySelector(part).textContent)]))"""


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> str:
    from ka2nlp.cli.main import main

    folder = tmp_path_factory.mktemp("browser")
    write_archive(folder / "a", ROWS, keep=KEEP, shard_rows=50)
    output = folder / "page.html"
    assert (
        main(["report", str(folder / "a"), "-o", str(output), "--compare", str(folder / "a")]) == 0
    )
    return output.read_text(encoding="utf-8")


@pytest.fixture
def probe(page: str, tmp_path: Path) -> Callable[..., Any]:
    def run(script: str, page: str = page) -> Any:
        frame = tmp_path / "frame.html"
        frame.write_text(FRAME.format(page=html.escape(page), probe=script), "utf-8")
        done = subprocess.run(
            [
                *(str(BROWSER), "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run"),
                *("--disable-background-networking", "--virtual-time-budget=20000"),
                *(f"--user-data-dir={tmp_path / 'profile'}", "--window-size=1400,1000"),
                *("--dump-dom", frame.as_uri()),
            ],
            capture_output=True,
            text=True,
            timeout=120,
            check=True,
        )
        found = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.DOTALL)
        assert found, done.stderr
        return json.loads(html.unescape(found[1]))

    return run


def number(text: str) -> float:
    return float(text.replace(",", "").rstrip("%"))


def expect(rows: list[dict[str, Any]], code: str) -> tuple[float, float, float, int, float]:
    chances = np.array([np.float32(row["scores"][code]) for row in rows], dtype=float)
    reach = 1.959964 * np.sqrt((chances * (1 - chances)).sum())
    middle = chances.sum()
    return (
        middle,
        max(middle - reach, 0),
        min(middle + reach, len(rows)),
        sum(code in row["tags"] for row in rows),
        100 * sum(code in row["to_check"] for row in rows) / len(rows),
    )


def check(found: dict[str, list[str]], rows: list[dict[str, Any]]) -> None:
    assert len(found) == 48
    for code, (expected, interval, decided, share, doubt) in found.items():
        middle, low, high, n_decided, to_check = expect(rows, code)
        shown = [number(expected), *map(number, interval.split(" – "))]
        assert shown == pytest.approx([middle, low, high], abs=0.55)
        assert number(decided) == n_decided
        assert number(share) == pytest.approx(100 * middle / len(rows), abs=0.15)
        assert number(doubt) == pytest.approx(to_check, abs=0.06)


def test_filters_count_the_rows_of_the_archive(probe: Callable[..., Any]) -> None:
    choices = [{"Year": "2016"}, {"Year": "2017", "Action": "Action 3"}, {"Country": "Country 07"}]
    found = probe(
        f"""async (page, frame, pause) => {{
        const read = () => [({READ})(page), page.getElementById("shown").textContent];
        const found = [];
        for (const choice of {json.dumps(choices)}) {{
          for (const [name, value] of Object.entries(choice)) {{
            const label = [...page.querySelectorAll("label")]
              .find((one) => one.textContent.startsWith(name));
            const select = label.querySelector("select");
            select.value = [...select.options].find((one) => one.textContent === value).value;
            select.dispatchEvent(new frame.Event("change", {{ bubbles: true }}));
          }}
          found.push(read());
          page.querySelector("button[type=reset]").click();
          await pause();
          found.push(read());
        }}
        return found; }}"""
    )
    for chosen, (filtered, shown), (whole, all_shown) in zip(
        choices, found[::2], found[1::2], strict=True
    ):
        rows = [row for row in ROWS if all(row[name.lower()] == chosen[name] for name in chosen)]
        assert shown == f"{len(rows)} of 120 projects"
        check(filtered, rows)
        assert all_shown == "120 projects"
        check(whole, ROWS)


def test_the_page_works_without_script(probe: Callable[..., Any], page: str) -> None:
    still = re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL)
    form = "page.getElementById('filters')"
    found, hidden = probe(
        f"(page, frame) => [({READ})(page), frame.getComputedStyle({form}).display]", page=still
    )
    assert hidden == "none"
    check(found, ROWS)


def test_injected_scripts_are_refused(probe: Callable[..., Any], page: str) -> None:
    hostile = page.replace("<footer>", "<footer><script>document.body.id = 'taken'</script>")
    assert hostile != page
    assert probe("(page) => page.body.id", page=hostile) == ""


def test_nothing_overflows_and_rows_keep_their_roles(probe: Callable[..., Any]) -> None:
    widths = [320, 360, 768, 1280]
    found = probe(
        f"""(page, frame) => {widths}.map((width) => {{
        frame.frameElement.style.width = `${{width}}px`;
        page.querySelectorAll("details").forEach((one) => {{ one.open = true; }});
        const row = page.querySelector("tr[data-column]");
        return [page.documentElement.scrollWidth, frame.getComputedStyle(row).display,
          [...row.children].map((one) => one.getAttribute("role"))]; }})"""
    )
    for width, (needed, display, roles) in zip(widths, found, strict=True):
        assert needed <= width
        assert display == ("grid" if width < 704 else "table-row")
        assert roles == ["rowheader", *["cell"] * 5]


def test_the_keyboard_reaches_every_control(probe: Callable[..., Any]) -> None:
    found = probe(
        """(page) => [...page.querySelectorAll("a, select, button, summary, .scroll")].filter((one) => {
        one.closest("details")?.setAttribute("open", "");
        one.focus();
        return page.activeElement !== one;
        }).map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert found == []
