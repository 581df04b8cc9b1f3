from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ka2nlp.sentences import (
    MAX_CHARACTERS,
    MAX_WORDS,
    _cut,
    _layout_starts,
    _starts_after_ends,
    _stretches,
    _tokenizer,
    _words,
    split_sentences,
)


def texts(text: str) -> list[str]:
    return [sentence.text for sentence in split_sentences(text)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One ends. Two begins.", ["One ends.", "Two begins."]),
        ("5.", ["5."]),
        ("within the timeframe.The project", ["within the timeframe.", "The project"]),
        ("is open to all!We train", ["is open to all!", "We train"]),
        ("in rural areasThe needs differ", ["in rural areas", "The needs differ"]),
        ("Aims\nWe train staff", ["Aims", "We train staff"]),
        (
            "Aims:\n- train teachers\n- visit schools. The end.",
            ["Aims:", "train teachers", "visit schools.", "The end."],
        ),
        ("PROJECT BACKGROUND The partners met", ["PROJECT BACKGROUND", "The partners met"]),
        ("<< Background >>\nWe met", ["<< Background >>", "We met"]),
        ("tools, e.g. Moodle, are used", ["tools, e.g. Moodle, are used"]),
        ("tools, i.e. the portal, etc. are used", ["tools, i.e. the portal, etc. are used"]),
        ("portals, maps etc. The next step", ["portals, maps etc.", "The next step"]),
        ("Rocard et al. (2007) say so", ["Rocard et al. (2007) say so"]),
        ("Dr. Weber of St. Gallen speaks", ["Dr. Weber of St. Gallen speaks"]),
        ("about 3.5 percent of 1.200 people", ["about 3.5 percent of 1.200 people"]),
        ("in 2017. The second year", ["in 2017.", "The second year"]),
        ("We ask: why? Because.", ["We ask: why?", "Because."]),
        ("the NowWhat! project works", ["the NowWhat! project works"]),
        ("see www.example.org for more", ["see www.example.org for more"]),
    ],
)
def test_boundaries(text: str, expected: list[str]) -> None:
    assert texts(text) == expected


@pytest.mark.parametrize("bullet", ["-", "–", "•", "*", "·", "\uf0b7", "➢", "✓", "1.", "2)", "(a)"])
def test_bullets_begin_sentences_and_are_not_part_of_them(bullet: str) -> None:
    text = f"Aims:\n{bullet} train the teachers\n{bullet} visit the schools"
    assert texts(text) == ["Aims:", "train the teachers", "visit the schools"]


def test_bullets_that_lost_their_lines() -> None:
    text = "It aims:- to train teachers;- to visit schools- To compare methods• and to publish"
    assert texts(text) == [
        "It aims:",
        "to train teachers;",
        "to visit schools",
        "To compare methods",
        "and to publish",
    ]


def test_numbered_list_in_running_text() -> None:
    text = (
        "We will 1) train forty teachers in five countries, 2) write a handbook for all of their "
        "schools, 3) invite parents and neighbours to the opening day."
    )
    assert [sentence.split()[0] for sentence in texts(text)] == ["We", "train", "write", "invite"]


def test_short_numbered_items_stay_together() -> None:
    assert len(texts("It covers (i) methods, (ii) means, (iii) outcomes of learning.")) == 1


def test_hyphenated_words_are_not_bullets() -> None:
    assert len(texts("The well-known pre- and post-test of co-operation is kept.")) == 1


def test_lines_wrapped_by_a_pdf_are_joined() -> None:
    text = (
        "The project brings together five partners from the north and the south of\n"
        "Europe who have worked with each other for many years and now want to train\n"
        "teachers of mathematics in the use of games. Each partner hosts a week of the\n"
        "course and the last one publishes a handbook for everyone who wants to follow."
    )
    assert len(texts(text)) == 2


def test_a_sentence_of_two_hundred_words_is_split_at_inner_boundaries() -> None:
    text = ", ".join(["we train teachers in the use of digital tools"] * 25) + "."
    found = texts(text)
    assert len(found) > 1
    assert all(len(sentence.split()) <= MAX_WORDS for sentence in found)
    assert all(sentence.startswith("we train") for sentence in found)


def test_a_run_without_spaces_stays_within_the_window() -> None:
    assert all(len(sentence) <= MAX_CHARACTERS for sentence in texts("x" * 5000))


@pytest.mark.parametrize("text", ["", "   ", "\n\n", "...", "- - -", "•"])
def test_nothing_to_split(text: str) -> None:
    assert texts(text) == []


messy = st.text(
    alphabet=st.one_of(
        st.sampled_from(list(" \n\r\t.;:,-–•*()!?\"'12ab")),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=300,
)


@given(messy)
def test_offsets_are_exact_ordered_and_disjoint(text: str) -> None:
    at = 0
    for sentence in split_sentences(text):
        assert at <= sentence.start < sentence.end
        assert text[sentence.start : sentence.end] == sentence.text == sentence.text.strip()
        at = sentence.end


@given(st.lists(st.from_regex(r"[A-Za-z]{3,9}[.!?;:,]?", fullmatch=True), max_size=300))
def test_no_word_is_lost(words: list[str]) -> None:
    text = " ".join(words)
    kept = "".join(texts(text))
    assert "".join(filter(str.isalnum, kept)) == "".join(filter(str.isalnum, text))


@given(st.lists(messy, max_size=5))
def test_a_text_is_split_alike_in_any_company(many: list[str]) -> None:
    backwards = [split_sentences(text) for text in reversed(many)]
    assert [split_sentences(text) for text in many] == backwards[::-1]


WORDS = 'we We a A 1 12. e.g. Dr. etc. U.S. end. end.) end!We done.» » " ) . ... ?! … - • a.org 3.5'
WORDS_AND_SPACES = st.sampled_from([*WORDS.split(), " ", "  ", "\n", "\n\n", "\u00a0"])


@given(
    st.lists(WORDS_AND_SPACES, max_size=40).map("".join), st.lists(WORDS_AND_SPACES, max_size=40)
)
def test_what_is_looked_at_decides_as_the_whole_text_does(close: str, apart: list[str]) -> None:
    for text in (close, " ".join(apart)):
        whole = _starts_after_ends(*_words(_tokenizer()(text))) - _layout_starts(text)
        looked_at = set()
        for begin, end in _stretches(text):
            looked_at |= _starts_after_ends(*_cut(text, begin, end))
        assert looked_at - _layout_starts(text) == whole


def test_data_pasted_into_a_text_is_cut_into_pieces() -> None:
    text = f"The data: {'iVBORw0KGgo' * 90_000} ends here."
    sentences = split_sentences(text)
    assert all(len(sentence.text) <= MAX_CHARACTERS for sentence in sentences)
    assert "".join(s.text for s in sentences).replace(" ", "") == text.replace(" ", "")
