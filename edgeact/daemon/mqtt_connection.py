"""A connection to an MQTT broker that reconnects by itself. Needs the extra ``daemon``.

paho's own thread connects, sends and receives; it is told of here in words: whether the connection is ready, and why
it is not.
"""

import logging
import socket
import ssl
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from edgeact.daemon.config import MqttConfig
from edgeact.errors import OutputError
from edgeact.stopping import join_or_leave, named_thread, start_thread

logger = logging.getLogger(__name__)

FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS = 1, 2  # an attempt costs little, and somebody waits for the alarm
KEEP_ALIVE_SECONDS = 20  # a broker that is silent for 1.5 times as long is taken for gone, and takes us for gone
CONNECT_SECONDS = 5.0
DELIVERY_SECONDS = 10.0  # for the broker's acknowledgement
_POLL_SECONDS = 0.1
_MOST_QUEUED = 200  # messages inside paho; what must not be lost waits in the store instead


class MqttConnection:
    """A connection to one MQTT broker. All methods may be called from any thread.

    Args:
        config: Where the broker is.
        client: The name by which the broker knows the connection; another one of this name is thrown out.
        will: Topic and content that the broker publishes (retained) where the connection is lost; None for nothing.
        subscriptions: Filters of topics to listen to.
        on_message: Gets topic, content and whether it was retained, from paho's thread.
        on_ready: Called each time when the connection is ready, from paho's thread.

    Raises:
        OutputError: The certificates cannot be read.
    """

    def __init__(
        self,
        config: MqttConfig,
        *,
        client: str,
        will: tuple[str, str] | None = None,
        subscriptions: Sequence[str] = (),
        on_message: Callable[[str, bytes, bool], None] = lambda *_: None,
        on_ready: Callable[[], None] = lambda: None,
    ) -> None:
        self._shown = f"{config.host}:{config.port_used}"
        self._config, self._subscriptions = config, tuple(subscriptions)
        self._on_message, self._on_ready = on_message, on_ready
        self._ready = threading.Event()
        self._fault: str | None = None
        self._denied: str | None = None  # what the broker does not let us listen to
        self._client = Client(CallbackAPIVersion.VERSION2, client_id=client, clean_session=True)
        self._client.max_queued_messages_set(_MOST_QUEUED)
        self._client.reconnect_delay_set(FIRST_RETRY_SECONDS, LONGEST_RETRY_SECONDS)
        self._client.connect_timeout = CONNECT_SECONDS
        if will is not None:
            self._client.will_set(will[0], will[1], qos=1, retain=True)
        if config.user is not None:
            password = None if config.password is None else config.password.get_secret_value()
            self._client.username_pw_set(config.user, password)
        if config.is_encrypted:
            self._client.tls_set_context(_context(config))
        self._client.on_connect, self._client.on_disconnect = self._connected, self._disconnected
        self._client.on_connect_fail = self._not_connected
        self._client.on_subscribe, self._client.on_message = self._subscribed, self._received

    @property
    def is_ready(self) -> bool:
        """Whether messages can be sent now."""
        return self._ready.is_set()

    @property
    def fault(self) -> str | None:
        """Why it is not ready, and what to do; None where nothing is known to be wrong."""
        return self._fault or self._denied

    def start(self) -> None:
        """Begin to connect, in the background."""
        self._client.connect_async(self._config.host, self._config.port_used, KEEP_ALIVE_SECONDS)
        self._client.loop_start()

    def stop(self, seconds: float) -> None:
        """Disconnect, and wait at most so many seconds for paho's thread to end."""
        self._client.disconnect()
        # In a thread of its own, because it may hang where a name is looked up.
        stopping = named_thread("mqtt stop", lambda: _do(self._client.loop_stop))
        start_thread(stopping)
        join_or_leave([stopping], time.monotonic() + seconds)
        left_open = self._client.socket()
        if left_open is not None:  # paho's thread may end before it has closed it
            left_open.close()

    def wait_until_ready(self, seconds: float) -> bool:
        """Wait at most so many seconds until the connection is ready or has failed; whether it is ready."""
        until = time.monotonic() + seconds
        while time.monotonic() < until and self._fault is None:
            if self._ready.wait(_POLL_SECONDS):
                return True
        return self._ready.is_set()

    def tell(self, topic: str, content: str | bytes, *, retain: bool = False) -> None:
        """Publish a message without acknowledgement (QoS 0); does nothing while there is no connection."""
        if self._ready.is_set():
            self._client.publish(topic, content, qos=0, retain=retain)

    def deliver(self, topic: str, content: str, *, retain: bool = False, seconds: float = DELIVERY_SECONDS) -> None:
        """Publish a message (QoS 1), and return when the broker has acknowledged it.

        Raises:
            OutputError: There is no connection, or no acknowledgement came in time; try again.
        """
        if not self._ready.is_set():
            raise OutputError(self.fault or f"{self._shown} does not answer yet; wait")
        sent = self._client.publish(topic, content, qos=1, retain=retain)
        until = time.monotonic() + seconds
        while self._ready.is_set() and sent.rc is MQTTErrorCode.MQTT_ERR_SUCCESS and time.monotonic() < until:
            sent.wait_for_publish(_POLL_SECONDS)
            if sent.is_published():
                return
        raise OutputError(f"{self._shown} did not acknowledge in time; look at the broker")

    def _connected(self, client: Client, _: Any, __: ConnectFlags, reason: ReasonCode, ___: Properties | None) -> None:
        if reason.is_failure:
            self._fault = f"{self._shown}: {_refusal(str(reason))}"
            return
        if self._subscriptions:  # the connection is ready when the broker has confirmed them
            client.subscribe([(topic, 1) for topic in self._subscriptions])
        else:
            self._begin()

    def _subscribed(self, _: Client, __: Any, ___: int, reasons: list[ReasonCode], ____: Properties | None) -> None:
        refused = [name for name, reason in zip(self._subscriptions, reasons, strict=False) if reason.is_failure]
        denied = f"{self._shown}: the broker does not let us listen to {', '.join(refused)}; allow it there"
        self._denied = denied if refused else None
        self._begin()

    def _begin(self) -> None:
        self._fault = None
        self._ready.set()
        _do(self._on_ready)

    def _disconnected(
        self, _: Client, __: Any, ___: DisconnectFlags, reason: ReasonCode, ____: Properties | None
    ) -> None:
        was_ready = self._ready.is_set()
        self._ready.clear()
        if not reason.is_failure:
            return
        if was_ready:
            self._fault = (
                f"{self._shown}: the connection was lost; it is made anew (another edgeact of the same topic?)"
            )
        elif self._fault is None:
            remedy = "check tls_ca" if self._config.is_encrypted else "does it speak TLS? Then set tls = true"
            self._fault = f"{self._shown}: the broker closes the connection at once; {remedy}"

    def _not_connected(self, _: Client, __: Any) -> None:
        error = sys.exc_info()[1]  # paho calls this while it handles the error
        self._fault = f"{self._shown}: {_in_words(error, self._config.is_encrypted)}"

    def _received(self, _: Client, __: Any, message: MQTTMessage) -> None:
        _do(lambda: self._on_message(message.topic, bytes(message.payload), bool(message.retain)))


def _do(work: Callable[[], object]) -> None:
    """Call a function from paho's thread; an error is logged, so that it does not end the thread."""
    try:
        work()
    except Exception:
        logger.exception("mqtt: a message could not be taken")


def _context(config: MqttConfig) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=None if config.tls_ca is None else str(config.tls_ca))
    except (OSError, ValueError) as error:
        raise OutputError(f"mqtt: {config.tls_ca} cannot be read as certificates ({error}); check tls_ca") from error


def _refusal(reason: str) -> str:
    """The message for a connection that the broker refused: the reason and the remedy."""
    if reason in ("Bad user name or password", "Not authorized"):
        return "the broker refuses user name or password; check user and password"
    return f"the broker refuses the connection ({reason}); look at its log"


def _in_words(error: BaseException | None, is_encrypted: bool) -> str:
    """The message for a connection that could not be made: the reason and the remedy."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted ({error.verify_message}); name the one that signed it as tls_ca"
    if isinstance(error, ssl.SSLError) or (is_encrypted and isinstance(error, ConnectionResetError)):
        return f"it does not speak TLS ({getattr(error, 'reason', None) or error}); check port and tls"
    if isinstance(error, socket.gaierror):
        return "there is no such host; check host"
    if isinstance(error, ConnectionRefusedError):
        return "the connection is refused; check host and port, and whether the broker runs"
    if isinstance(error, TimeoutError):
        return f"no answer within {CONNECT_SECONDS:.0f} s; check host, port and firewalls"
    reason = getattr(error, "strerror", None) or error
    return f"the connection cannot be made ({reason}); check host and port"
