"""Sends events to a server: one POST of JSON a phase, over a connection that is kept.

The queue, the order and the retries are those of `edgeact.daemon.outbox.Outbox`. Redirects are not followed: they would
take the token to another server.
"""

import http.client
import json
import logging
import ssl
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from edgeact.daemon.config import WebhookConfig
from edgeact.errors import OutputError
from edgeact.plain_text import printable

logger = logging.getLogger(__name__)

# The server says that it will never take this event; waiting does not help, and those behind it would wait for ever.
REFUSED = frozenset({400, 405, 406, 410, 411, 413, 414, 415, 422})
_MOST_BYTES = 2**16  # of an answer, which is read so that the connection can be used again


def open_webhook(name: str, config: WebhookConfig) -> "Webhook":
    """A server as the configuration names it; nothing is connected yet.

    Args:
        name: In the configuration.
        config: Its settings.
    """
    token = None if config.token is None else config.token.get_secret_value()
    url = config.url.get_secret_value()
    return Webhook(name, url, token=token, timeout=config.timeout, tls_ca=config.tls_ca)


class Webhook:
    """One server. `deliver` is called from one thread.

    Args:
        name: In the configuration.
        url: ``http://`` or ``https://``; may hold secrets.
        token: Sent as ``Authorization: Bearer``; None sends none.
        timeout: Seconds for each step of a delivery.
        tls_ca: Certificates to trust instead of the system's, or None.

    Attributes:
        refused: Phases of events that the server will never take.
    """

    def __init__(
        self, name: str, url: str, *, token: str | None = None, timeout: float = 10.0, tls_ca: Path | None = None
    ) -> None:
        self.refused = 0
        parts = urlsplit(url)
        # Of many servers the path is the secret.
        self._name, self._shown = name, printable(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}")
        self._host, self._port, self._encrypted = parts.hostname or "", parts.port, parts.scheme == "https"
        self._path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._timeout, self._tls_ca = timeout, tls_ca
        self._headers = {"Content-Type": "application/json", "User-Agent": "edgeact"}
        if token is not None:
            self._headers["Authorization"] = f"Bearer {token}"
        self._connection: http.client.HTTPConnection | None = None

    def deliver(self, record: Mapping[str, Any]) -> None:
        """Send one phase of an event; returns when the server has taken it, or will never take it.

        Raises:
            OutputError: The server cannot be reached, or answers that it does not work now; try again.
        """
        try:
            status = self._post(json.dumps(record, ensure_ascii=False).encode("utf-8"))
        except (OSError, http.client.HTTPException) as error:
            self.close()
            reason = " ".join(str(error).split()) or type(error).__name__
            raise OutputError(f"webhook {self._name}: {self._shown} cannot be reached ({reason})") from error
        if status in REFUSED:
            self.refused += 1
            logger.error(
                "webhook %s: the server refuses event %s (%d); it is left out", self._name, record["id"], status
            )
        elif not 200 <= status < 300:
            self.close()
            raise OutputError(f"webhook {self._name}: {self._shown} answers {status}{_remedy(status)}")

    def probe(self) -> None:
        """Connect, and send nothing.

        Raises:
            OutputError: The server cannot be reached.
        """
        try:
            self._connected()
        except OSError as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise OutputError(
                f"webhook {self._name}: {self._shown} cannot be reached ({reason}); check the address, and whether the "
                "server runs"
            ) from error
        finally:
            self.close()

    def close(self) -> None:
        """Let go of the connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _post(self, body: bytes) -> int:
        is_used = self._connection is not None
        try:
            return self._exchange(body)
        except (ConnectionError, http.client.BadStatusLine):
            if not is_used:
                raise
            self.close()  # the server has closed a connection that was idle: that is no fault
            return self._exchange(body)

    def _exchange(self, body: bytes) -> int:
        connection = self._connected()
        connection.request("POST", self._path, body, self._headers)
        answer = connection.getresponse()
        if len(answer.read(_MOST_BYTES)) == _MOST_BYTES:
            self.close()
        return answer.status

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            connection: http.client.HTTPConnection
            if self._encrypted:
                context = ssl.create_default_context(cafile=None if self._tls_ca is None else str(self._tls_ca))
                connection = http.client.HTTPSConnection(self._host, self._port, timeout=self._timeout, context=context)
            else:
                connection = http.client.HTTPConnection(self._host, self._port, timeout=self._timeout)
            connection.connect()
            self._connection = connection
        return self._connection


def _remedy(status: int) -> str:
    if status in (401, 403):
        return "; check its token"
    if 300 <= status < 400:
        return "; redirects are not followed: name the address that it leads to"
    return ""
