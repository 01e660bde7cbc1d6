"""Starts, freezes and kills Debian's MQTT broker, and listens to what comes in at it."""

import json
import shutil
import socket
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any

from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from tests.servers.free_port import free_port
from tests.servers.patience import wait_until
from tests.servers.server_process import ServerProcess

# Debian keeps it out of the way of users.
PROGRAM = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin") or ""


def is_installed() -> bool:
    """Whether the broker is there."""
    return bool(PROGRAM)


class Mosquitto(ServerProcess):
    """A broker at a port of this machine, always the same; it forgets everything when it is killed.

    Args:
        folder: For its files.
        user: With ``password``, the only one who is let in; empty lets everybody in.
        certificate: With ``key``, what it speaks TLS with; None speaks plainly.
        lets_listen: Whether anybody may subscribe to anything.
    """

    def __init__(
        self,
        folder: Path,
        *,
        user: str = "",
        password: str = "",
        certificate: Path | None = None,
        key: Path | None = None,
        lets_listen: bool = True,
    ) -> None:
        self.port = free_port()
        lines = [f"listener {self.port} 127.0.0.1", "persistence false", "user root"]
        if user:
            words = folder / "passwords"
            words.write_text(f"{user}:{password}\n", encoding="utf-8")
            subprocess.run(["mosquitto_passwd", "-U", str(words)], check=True, capture_output=True)
            lines += ["allow_anonymous false", f"password_file {words}"]
        else:
            lines.append("allow_anonymous true")
        if certificate is not None:
            lines += [f"certfile {certificate}", f"keyfile {key}"]
        if not lets_listen:
            (plugin,) = Path("/usr/lib").glob("*/mosquitto_dynamic_security.so")
            access = {"publishClientSend": True, "publishClientReceive": True, "subscribe": False, "unsubscribe": True}
            (folder / "access.json").write_text(json.dumps({"defaultACLAccess": access}), encoding="utf-8")
            lines += [f"plugin {plugin}", f"plugin_opt_config_file {folder / 'access.json'}"]
        self._config = folder / "mosquitto.conf"
        self._config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen([PROGRAM, "-c", str(self._config)], stderr=subprocess.DEVNULL)

        def answers() -> bool:
            with socket.socket() as one:
                return one.connect_ex(("127.0.0.1", self.port)) == 0

        wait_until(answers)


class Listener:
    """Somebody else at the broker: hears everything, and can say anything.

    Attributes:
        heard: Topic, content and whether it was retained, in order.
        pictures: The last JPEG of each topic that had one.
        is_listening: What is said now is heard.
    """

    def __init__(self, port: int, *, user: str = "", password: str = "", topics: str = "#") -> None:
        self.heard: list[tuple[str, str, bool]] = []
        self.pictures: dict[str, bytes] = {}
        self._client = Client(CallbackAPIVersion.VERSION2)
        if user:
            self._client.username_pw_set(user, password)
        self._client.reconnect_delay_set(0.05, 0.05)  # type: ignore[arg-type]  # it takes any number
        self._client.on_connect = lambda client, *_: client.subscribe(topics, qos=1)
        self.is_listening = False

        def note(*_: Any) -> None:
            self.is_listening = True

        def forget(*_: Any) -> None:
            self.is_listening = False

        def hear(_: Any, __: Any, message: MQTTMessage) -> None:
            if message.payload.startswith(b"\xff\xd8"):
                self.pictures[message.topic] = message.payload
            self.heard.append((message.topic, message.payload.decode("utf-8", errors="replace"), bool(message.retain)))

        self._client.on_subscribe, self._client.on_disconnect, self._client.on_message = note, forget, hear
        self._client.connect_async("127.0.0.1", port)
        self._client.loop_start()
        wait_until(lambda: self.is_listening)

    def last(self, topic: str) -> str | None:
        """The last content of a topic; None where there was none."""
        return next((content for name, content, _ in reversed(self.heard) if name == topic), None)

    def all_of(self, topic: str) -> list[str]:
        return [content for name, content, _ in self.heard if name == topic]

    def say(self, topic: str, content: str | bytes, *, retain: bool = False) -> None:
        self._client.publish(topic, content, qos=1, retain=retain).wait_for_publish(10.0)

    def close(self) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def __enter__(self) -> "Listener":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
