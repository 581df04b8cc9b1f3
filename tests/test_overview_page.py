"""The page of an overview: safe, self-contained, accessible and the same every time."""

from __future__ import annotations

import csv
import hashlib
import json
import random
import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest
from conftest import ROOT

from ka2nlp import Taxonomy
from ka2nlp.bundles import find_model

pytest.importorskip("pyarrow", reason="pyarrow comes with the archive extra")

from archive_folders import write_archive

Call = Callable[..., tuple[int, str, str]]
KEEP = ("year", "action", "country", "Topics")
HOSTILE = "</script><script>alert(1)</script><img src=x onerror='alert(2)'>\"&"
VOID = {"meta", "link", "img", "br", "input", "hr"}


def invented(n: int, seed: int = 0) -> list[dict[str, object]]:
    draw = random.Random(seed)
    codes = Taxonomy.load().codes
    rows: list[dict[str, object]] = []
    for at in range(n):
        scores = {code: draw.random() ** 4 for code in codes}
        tags = [code for code in codes if scores[code] > 0.4]
        rows.append(
            {
                "id": f"p{at}",
                "title": f"Invented {at}",
                "scores": scores,
                "tags": tags,
                "addressed": [code for code in tags if scores[code] > 0.7],
                "to_check": [code for code in codes if 0.2 < scores[code] < 0.7],
                "evidence": {code: f"Sentence {at} on {code}." for code in tags},
                "year": str(2014 + draw.randrange(6)),
                "action": f"Action {draw.randrange(5)}",
                "country": f"Country {draw.randrange(30):02d}",
                "Topics": f"Topic {draw.randrange(40)}; Topic {draw.randrange(40)}",
            }
        )
    return rows


class Outline(HTMLParser):
    """Collects the elements of a page, and checks that they nest."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(page)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture
def report(call: Call, tmp_path: Path) -> Callable[..., str]:
    def make(folder: Path, *options: object) -> str:
        code, _, error = call("report", folder, "-o", tmp_path / "page.html", *options)
        assert code == 0, error
        return (tmp_path / "page.html").read_text(encoding="utf-8")

    return make


def test_texts_of_strangers_stay_texts(report: Callable[..., str], tmp_path: Path) -> None:
    row = {
        "id": HOSTILE,
        "title": HOSTILE,
        "source": HOSTILE,
        "tags": ["S1"],
        "scores": {"S1": 0.9},
        "warnings": [HOSTILE],
        "evidence": {"S1": HOSTILE},
        **dict.fromkeys(KEEP, HOSTILE),
    }
    write_archive(
        tmp_path / "a",
        [row, {**row, "year": "2", "problem": HOSTILE}, {"year": "2016"}],
        keep=KEEP,
        model=HOSTILE,
    )
    page = report(tmp_path / "a", "--compare", tmp_path / "a")
    outline = Outline(page)
    assert "alert(1)" in page
    assert not outline.all("img")
    assert len(outline.all("script")) == 2
    assert not any(
        name.startswith("on") for _, attributes in outline.elements for name in attributes
    )


def test_the_page_needs_nothing_but_itself(report: Callable[..., str], tmp_path: Path) -> None:
    write_archive(tmp_path / "a", invented(30), keep=KEEP)
    page = report(tmp_path / "a")
    outline = Outline(page)
    for tag, attributes in outline.elements:
        assert tag not in {"link", "iframe", "object", "embed", "base"}
        assert not {"src", "srcset", "data", "action", "background"} & set(attributes)
        assert (attributes.get("href") or "#").startswith("#")
    style = re.search(r"<style>(.*?)</style>", page, re.DOTALL)
    assert style
    assert not re.search(r"url\(|@import|expression", style[1])
    policy = next(one["content"] for one in outline.all("meta") if "http-equiv" in one)
    assert policy
    assert policy.startswith("default-src 'none';")
    script = re.search(r"<script>(.*?)</script>", page, re.DOTALL)
    assert script
    import base64

    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}'" in policy
    assert not re.search(r"\b(fetch|XMLHttpRequest|WebSocket|innerHTML|eval)\b", script[1])


def test_the_same_archive_gives_the_same_bytes(report: Callable[..., str], tmp_path: Path) -> None:
    write_archive(tmp_path / "a", invented(40), keep=KEEP, shard_rows=16)
    options = ("--compare", tmp_path / "a", "--csv", tmp_path / "csv")
    page = report(tmp_path / "a", *options)
    tables = {path.name: path.read_bytes() for path in (tmp_path / "csv").iterdir()}
    assert report(tmp_path / "a", *options) == page
    assert tables == {path.name: path.read_bytes() for path in (tmp_path / "csv").iterdir()}
    assert str(tmp_path) not in page


def test_the_page_stays_under_five_megabytes(report: Callable[..., str], tmp_path: Path) -> None:
    rows = invented(2500)
    for at, row in enumerate(rows):  # every cell occurs, and every text is long
        row |= {
            "title": f"{at} long title" * 100,
            "country": f"Country {at % 97}",
            "action": f"{'A' * 90} {at % 13}",
        }
        row["evidence"] = {"S1": "An endless sentence. " * 500}
        row["warnings"] = [f"a warning of kind {at} {'w' * 300}"]
    write_archive(tmp_path / "a", rows, keep=KEEP, shard_rows=500)
    page = report(tmp_path / "a", "--compare", tmp_path / "a")
    assert len(page.encode()) < 4_000_000


def test_landmarks_headings_and_alternatives(report: Callable[..., str], tmp_path: Path) -> None:
    write_archive(tmp_path / "a", invented(30), keep=KEEP)
    outline = Outline(report(tmp_path / "a", "--compare", tmp_path / "a"))
    assert outline.all("html")[0]["lang"] == "en"
    for landmark in ("main", "header", "nav", "footer", "h1"):
        assert len(outline.all(landmark)) == 1
    levels = [int(tag[1]) for tag, _ in outline.elements if re.fullmatch(r"h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    identifiers = [one["id"] for _, one in outline.elements if "id" in one]
    assert len(identifiers) == len(set(identifiers))
    targets = {(one["href"] or "")[1:] for one in outline.all("a")}
    assert targets <= set(identifiers)
    assert all("scope" in one for one in outline.all("th"))
    assert all(one.get("role") == "img" and one.get("aria-label") for one in outline.all("svg"))
    scrolling = [one for _, one in outline.elements if one.get("class") == "scroll"]
    assert scrolling
    assert all(
        one["tabindex"] == "0" and {"aria-label", "aria-labelledby"} & set(one) for one in scrolling
    )


def luminance(colour: str) -> float:
    digits = colour.lstrip("#")
    digits = digits if len(digits) == 6 else "".join(2 * digit for digit in digits)
    channels = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_keep_their_contrast(scheme: str) -> None:
    """WCAG 2.2 AA: 4.5 to 1 for text, 3 to 1 for what charts are made of."""
    style = (ROOT / "ka2nlp" / "overviews" / "templates" / "page.css").read_text()
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(re.findall(r"--([\w-]+): (#\w+)", blocks[scheme == "dark"]))
    levels = ("systemic", "organisational", "individual", "framing")
    tones = [f"{side}-{step}" for side in ("more", "less") for step in (1, 2, 3)]
    pairs = [(text, "paper", 4.5) for text in ("ink", "quiet", "link", *levels)]
    pairs += [("ink", ground, 4.5) for ground in (*tones, "heat", "track", "wash")]
    pairs += [("quiet", "wash", 4.5), *((level, "track", 3.0) for level in levels)]
    for text, ground, least in pairs:
        assert contrast(colours[text], colours[ground]) >= least, (text, ground)


def test_one_threshold_leaves_only_texts_without_outcomes_to_check(
    report: Callable[..., str], tmp_path: Path
) -> None:
    write_archive(tmp_path / "a", invented(9), threshold=0.5)
    assert (
        "one threshold of 0.5 for all labels; to check is then only what reaches it in a text "
        "held to serve no outcome<"
    ) in report(tmp_path / "a")


def test_error_rates_come_from_the_bundle(report: Callable[..., str], tmp_path: Path) -> None:
    folder = find_model("ka2-minilm")
    manifest = (folder / "manifest.json").read_bytes()
    name = "{name} {version}".format(**json.loads(manifest))
    bundle = hashlib.sha256(manifest).hexdigest()
    write_archive(tmp_path / "a", invented(9), model=name, bundle=bundle)
    page = report(tmp_path / "a")
    measured = next(iter(json.loads(manifest)["metrics"].values()))
    # by whom they were labelled, the bundle does not know: here by language models
    assert f"on {measured['n_documents']:,} labelled projects." in page
    groups = measured["groups"]
    for group in groups:
        answers = group["answers"]
        assert f"<td>{answers['missed']:.1%}</td><td>{answers['right']:.1%}</td>" in page
    assert f"off by {100 * groups[0]['calibration_error']:.1f} percentage points" in page
    assert "more than the interval of most" not in page  # of nine projects


def test_another_bundle_is_not_taken_for_the_model(
    report: Callable[..., str], tmp_path: Path
) -> None:
    write_archive(tmp_path / "a", invented(9), model="ka2-minilm 0.0.1")
    assert "Not known here: the model found as ka2-minilm is another version" in report(
        tmp_path / "a"
    )
    write_archive(tmp_path / "b", invented(9), model="mine 1")
    assert "Not known here: the model is not installed here" in report(tmp_path / "b")


def test_tables_hold_the_same_figures(report: Callable[..., str], tmp_path: Path) -> None:
    rows = invented(40)
    rows[0] |= {"title": "=1+1", "country": "@evil"}
    write_archive(tmp_path / "a", rows, keep=KEEP)
    report(tmp_path / "a", "--csv", tmp_path / "csv", "--compare", tmp_path / "a")

    def table(name: str) -> list[dict[str, str]]:
        with (tmp_path / "csv" / f"{name}.csv").open(newline="", encoding="utf-8-sig") as stream:
            return list(csv.DictReader(stream))

    for path in (tmp_path / "csv").iterdir():
        assert path.read_bytes().startswith(b"\xef\xbb\xbf")  # Excel would garble names otherwise
    outcomes = {row["code"]: row for row in table("outcomes")}
    assert list(outcomes) == list(Taxonomy.load().codes)
    assert outcomes["O1a"]["part of"] == "O1"
    expected = sum(row["scores"]["S2"] for row in rows)  # type: ignore[index]
    assert float(outcomes["S2"]["expected"]) == pytest.approx(expected, abs=0.01)
    assert int(outcomes["S2"]["decided"]) == sum("S2" in row["tags"] for row in rows)  # type: ignore[operator]
    by_year = [row for row in table("by_year") if row["code"] == "S2"]
    assert sum(float(row["expected"]) for row in by_year) == pytest.approx(expected, abs=0.05)
    assert {"'@evil"} < {row["country"] for row in table("by_country")}
    assert not any(row["title"].startswith("=") for row in table("examples"))
    assert {row["agreement"] for row in table("comparison")} == {"1.00"}
    assert {row["low"] + row["high"] for row in table("comparison")} == {""}  # one and the same


def test_without_metadata_there_is_nothing_to_filter(
    report: Callable[..., str], tmp_path: Path
) -> None:
    write_archive(tmp_path / "a", invented(9))
    page = report(tmp_path / "a")
    assert "<form" not in page
    assert "<script" not in page
    assert "By group" not in page


def test_bad_calls_end_with_one_line(call: Call, tmp_path: Path) -> None:
    code, _, error = call("report", tmp_path)
    assert code == 2
    assert error.count("\n") == 1
    write_archive(tmp_path / "a", invented(3))
    code, _, error = call("report", tmp_path / "a", "-o", tmp_path / "nowhere" / "page.html")
    assert code == 2
    assert "cannot be written" in error
    code, _, error = call("report", tmp_path / "a", "--model", "no-such", "-o", tmp_path / "p.html")
    assert code == 2
    assert "no-such" in error
