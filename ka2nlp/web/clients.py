"""Work for clients, given up when they go away."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from http import HTTPStatus
from typing import TypeVar

from fastapi import Request
from starlette.exceptions import HTTPException

__all__ = ["while_connected"]

_Result = TypeVar("_Result")


async def while_connected(request: Request, work: Coroutine[None, None, _Result]) -> _Result:
    """Do some work, and cancel it if the client of the request goes away meanwhile.

    The body of the request must have been read.
    """
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(_wait_until_gone(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, "got a client that went away")
    finally:
        task.cancel()
        gone.cancel()


async def _wait_until_gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
