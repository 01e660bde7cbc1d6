"""Pictures and recordings over HTTP: a camera's newest picture, its pictures as they come (MJPEG), an event's files.

A name of a camera is looked up among the cameras, and an identity of an event among the events; the file is the one
that the event names, if it is one of its own. So no text of a request becomes a path.
"""

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from edgeact.daemon.event_record import EventRecord
from edgeact.daemon.live_view import LiveView
from edgeact.daemon.standing import Standing
from edgeact.errors import OutputError

MOST_VIEWERS = 8  # of all cameras together: each costs drawing, encoding and the network
MOST_PICTURES_A_SECOND = 10.0
_BOUNDARY = "edgeact"
_WAIT_SECONDS = 1.0
_IDENTITY = re.compile(r"[0-9A-HJKMNP-TV-Z]{26}")  # a ULID
_TYPES = {".mp4": "video/mp4", ".mkv": "video/x-matroska", ".jpg": "image/jpeg"}


def media_routes(standing: Standing) -> Sequence[Route]:
    """The routes of pictures and recordings.

    Args:
        standing: Knows the cameras and the events.
    """
    viewers = threading.BoundedSemaphore(MOST_VIEWERS)

    def picture(request: Request) -> Response:
        view = standing.views.find(request.path_params["camera"])
        found = None if view is None else view.jpeg()
        return _not_found() if found is None else Response(found[1], media_type=_TYPES[".jpg"])

    def live(request: Request) -> Response:
        view = standing.views.find(request.path_params["camera"])
        if view is None:
            return _not_found()
        if not viewers.acquire(blocking=False):
            return PlainTextResponse("too many look already\n", 503, {"Retry-After": "10"})
        kind = f"multipart/x-mixed-replace; boundary={_BOUNDARY}"
        return _Released(_parts(view), viewers, media_type=kind)

    def event_file(request: Request) -> Response:
        identity = request.path_params["event"]
        if _IDENTITY.fullmatch(identity) is None:
            return _not_found()
        try:
            event = standing.find_event(identity)
        except OutputError as error:
            return PlainTextResponse(f"{error}\n", 503)
        path = None if event is None else _file_of(standing, event, request.path_params["kind"])
        if path is None:
            return _not_found()
        return FileResponse(path, media_type=_TYPES[path.suffix])

    return [
        Route("/cameras/{camera}/picture.jpg", picture),
        Route("/cameras/{camera}/live.mjpeg", live),
        Route("/events/{event}/{kind}", event_file),
    ]


def _file_of(standing: Standing, event: EventRecord, kind: str) -> Path | None:
    """The file of an event; ``kind`` is a text of the request, and only compared."""
    if kind == "clip":
        return standing.media.of_event(event.clip)
    if kind == "snapshot":
        return standing.media.of_event(event.snapshot)
    return None


class _Released(StreamingResponse):
    """A streaming response that releases its place among the viewers when it ends, however it ends."""

    def __init__(self, parts: AsyncIterator[bytes], places: threading.BoundedSemaphore, *, media_type: str) -> None:
        super().__init__(parts, media_type=media_type)
        self._places = places

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._places.release()


async def _parts(view: LiveView) -> AsyncIterator[bytes]:
    """The pictures of a camera as parts of a multipart answer, until the camera ends."""
    number = 0
    while not view.is_over:
        found = await run_in_threadpool(view.jpeg, number, _WAIT_SECONDS)
        if found is None:
            continue
        number, data = found
        head = f"--{_BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(data)}\r\n\r\n"
        yield head.encode() + data + b"\r\n"
        await asyncio.sleep(1.0 / MOST_PICTURES_A_SECOND)


def _not_found() -> Response:
    return PlainTextResponse("there is no such thing\n", 404)
