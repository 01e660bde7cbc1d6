"""Names of the MQTT topics that the daemon publishes and subscribes to, and the parsing of commands."""

from dataclasses import dataclass

from edgeact.daemon.switches import Command

LARGEST_COMMAND_BYTES = 256


@dataclass(frozen=True, slots=True)
class Topics:
    """The MQTT topics of one daemon.

    Attributes:
        base: The first levels of all topics, such as ``edgeact``.
    """

    base: str

    @property
    def availability(self) -> str:
        """``online`` or ``offline``, retained; the broker says ``offline`` where the daemon is gone."""
        return f"{self.base}/availability"

    @property
    def commands(self) -> str:
        """The subscription filter of all commands."""
        return f"{self.base}/+/set/+"

    def state(self, camera: str) -> str:
        """The state of a camera, JSON, retained."""
        return f"{self.base}/{camera}/state"

    def events(self, camera: str) -> str:
        """Each phase of each event of a camera, JSON."""
        return f"{self.base}/{camera}/events"

    def rule(self, camera: str, rule: str) -> str:
        """``ON`` while an event of a rule is open at a camera, otherwise ``OFF``; retained."""
        return f"{self.base}/{camera}/rule/{rule}"

    def snapshot(self, camera: str) -> str:
        """The picture of the newest event that has one, JPEG, retained."""
        return f"{self.base}/{camera}/snapshot"

    def set(self, camera: str, switch: str) -> str:
        """Commands for one switch of a camera: ``ON``, ``OFF`` or a mode."""
        return f"{self.base}/{camera}/set/{switch}"

    def answer(self, camera: str) -> str:
        """Whether the last command for a camera was carried out, JSON."""
        return f"{self.base}/{camera}/answer"

    def command_of(self, topic: str, payload: bytes) -> Command | None:
        """The command that a message holds; None where it holds none for this daemon.

        Args:
            topic: Of the message; anything.
            payload: Its content; anything.
        """
        if not topic.startswith(f"{self.base}/") or len(payload) > LARGEST_COMMAND_BYTES:
            return None
        parts = topic.removeprefix(f"{self.base}/").split("/")
        if len(parts) != 3 or parts[1] != "set":
            return None
        return Command(parts[0], parts[2], payload.decode("utf-8", errors="replace"))
