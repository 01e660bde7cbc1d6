"""What the daemon answers over HTTP: alive or not, ready or not, metrics, the status page, pictures and recordings.

Needs the extra ``daemon``. No text of a request becomes a path. ``/healthz`` and ``/readyz`` say one word and need no
token, so that whoever supervises the process needs no secret.
"""

import base64
import binascii
import hmac
import ipaddress
import time
from urllib.parse import urlsplit

from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from edgeact.daemon.metrics import metrics_text, registry_of
from edgeact.daemon.request_limit import RequestLimit
from edgeact.daemon.standing import Standing
from edgeact.daemon.status_page import CONTENT_POLICY, status_page
from edgeact.daemon.web_media import media_routes

_OPEN = frozenset({"/healthz", "/readyz"})
_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", CONTENT_POLICY.encode()),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
)


def make_app(standing: Standing, token: str | None) -> Starlette:
    """Make the web application that answers all requests to the daemon.

    Args:
        standing: What is told.
        token: What a request has to carry, as ``Authorization: Bearer`` or as the password of a browser's dialogue;
            None lets every request in whose Host header is an address or ``localhost``.
    """
    registry = registry_of(standing)

    # These are no coroutines: what reads the disk runs in a thread, and other requests go on.
    def healthz(_: Request) -> Response:
        return _word(is_well=standing.is_alive, well="alive", ill="the main loop hangs")

    def readyz(_: Request) -> Response:
        return _word(is_well=standing.is_ready, well="ready", ill="graphs are not warm, or no camera gives frames")

    def metrics(_: Request) -> Response:
        return Response(metrics_text(registry), media_type=CONTENT_TYPE_PLAIN_0_0_4)

    def page(_: Request) -> Response:
        return HTMLResponse(status_page(standing))

    routes = [Route("/", page), Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]
    routes += media_routes(standing)
    return Starlette(routes=routes, middleware=[Middleware(_Gate, token=token)])


def _word(*, is_well: bool, well: str, ill: str) -> Response:
    return PlainTextResponse(f"{well if is_well else ill}\n", 200 if is_well else 503)


class _Gate:
    """Middleware: refuses requests without token or above the limit, and adds security headers to every answer."""

    def __init__(self, app: ASGIApp, *, token: str | None) -> None:
        self._app, self._limit = app, RequestLimit()
        self._token = None if token is None else token.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message = {**message, "headers": [*message["headers"], *_HEADERS]}
            await send(message)

        answer = (self._refusal(Request(scope)) if scope["type"] == "http" else None) or self._app
        await answer(scope, receive, send_with_headers)

    def _refusal(self, request: Request) -> Response | None:
        client = "" if request.client is None else request.client.host
        if not self._limit.allows(client, time.monotonic()):
            return PlainTextResponse("too many requests\n", 429, {"Retry-After": "1"})
        if request.scope["path"] in _OPEN:
            return None
        if self._token is None:
            # A page of the web could make a browser ask for us under a name of its own (DNS rebinding).
            return None if _is_own(request) else PlainTextResponse("use the address\n", 421)
        if hmac.compare_digest(_given_token(request.headers.get("authorization", "")), self._token):
            return None
        return PlainTextResponse("a token is needed\n", 401, {"WWW-Authenticate": 'Basic realm="edgeact"'})


def _given_token(authorization: str) -> bytes:
    scheme, _, value = authorization.partition(" ")
    if scheme.lower() == "bearer":
        return value.strip().encode()
    if scheme.lower() == "basic":
        try:
            return base64.b64decode(value.strip(), validate=True).partition(b":")[2]
        except (binascii.Error, ValueError):
            return b""
    return b""


def _is_own(request: Request) -> bool:
    """Whether the request was made to an address, or to ``localhost``, and not to a name of the web."""
    try:
        # Not request.url: for a name that it takes for malformed, such as one with _, it has the server's own address.
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        return host == "localhost" or bool(ipaddress.ip_address(host))
    except ValueError:
        return False
