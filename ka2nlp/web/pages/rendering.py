"""Templates and what they are given, to answers in HTML."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote, unquote
from uuid import uuid4

from fastapi.responses import HTMLResponse, RedirectResponse
from markupsafe import Markup

from ka2nlp.templates import environment
from ka2nlp.web.security import CSRF_FIELD

if TYPE_CHECKING:
    from fastapi import Request
    from jinja2 import Environment

    from ka2nlp.web.security import Caller

__all__ = ["STATIC", "go_to", "load_templates", "render"]

STATIC: Final = "/static"
_NOTICE: Final = "ka2nlp_notice"
_LONGEST_NOTICE: Final = 1200
"""Bytes, of which quoting makes three each at most: browsers keep cookies up to 4096."""

_QUOTE: Final = 420


def render(
    request: Request,
    caller: Caller | None,
    template: str,
    status: int = 200,
    **context: object,
) -> HTMLResponse:
    """Fill a template.

    Parameters
    ----------
    request
        What is answered; a notice that was left for it is shown once.
    caller
        Who asked; None where nobody is signed in.
    template
        Name of the file.
    status
        Of HTTP.
    context
        What the template needs, besides ``user``, ``signed_in``, ``csrf`` and ``notice``.
    """
    notice = unquote(request.cookies.get(_NOTICE, ""))
    page = HTMLResponse(
        _templates().get_template(template).render(_standing(caller), notice=notice, **context),
        status,
    )
    if notice:
        page.delete_cookie(_NOTICE)
    return page


def go_to(path: str, notice: str = "", *, secure: bool = False) -> RedirectResponse:
    """Send a browser to a page of the desk after a change, with a notice to show there.

    Parameters
    ----------
    path
        Of the page.
    notice
        A sentence; it travels in a cookie.
    secure
        Whether that cookie goes over https alone: it may name a proposal.
    """
    answer = RedirectResponse(path, 303)
    if notice:
        value = quote(notice.encode()[:_LONGEST_NOTICE].decode(errors="ignore"))
        answer.set_cookie(
            _NOTICE, value, max_age=60, secure=secure, httponly=True, samesite="strict"
        )
    return answer


def load_templates() -> None:
    """Compile all templates, so that no visitor waits for it."""
    for name in _templates().list_templates():
        _templates().get_template(name)


def _standing(caller: Caller | None) -> Mapping[str, Any]:
    def csrf() -> Markup:
        return Markup('<input type="hidden" name="{}" value="{}">').format(
            CSRF_FIELD, caller.csrf if caller else ""
        )

    return {
        "user": caller.user if caller else None,
        "signed_in": bool(caller and caller.secret),
        "csrf": csrf,
    }


@cache
def _templates() -> Environment:
    templates = environment("ka2nlp.web")
    templates.filters.update(
        chance=_chance, count=_count, day=_day, moment=_moment, quote=_shorten, sentence=_sentence
    )
    templates.globals.update(static=lambda name: f"{STATIC}/{name}", new_key=lambda: uuid4().hex)
    return templates


def _chance(probability: float) -> str:
    """Write a probability; none is shown as 0% or 100%, for none is certain."""
    percent = round(100 * probability)
    return f"{percent}%" if 0 < percent < 100 else ("<1%" if percent == 0 else ">99%")


def _count(number: int, one: str) -> str:
    """Write a number with its noun: "1 label", "3 labels"."""
    return f"{number:,} {one if number == 1 else one + 's'}"


def _day(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y}"


def _moment(moment: datetime) -> str:
    return f"{moment.day} {moment:%b %Y, %H:%M} UTC"


def _shorten(text: str, length: int = _QUOTE) -> str:
    return text if len(text) <= length else text[:length].rsplit(" ", 1)[0] + " …"


def _sentence(text: str) -> str:
    """Make a message a sentence: a capital first, a full stop last."""
    return text[:1].upper() + text[1:] + ("" if text.endswith((".", "!", "?")) else ".")
