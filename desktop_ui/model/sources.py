"""The sources of the window: what each one is, how it stands, and what of it is shown."""

from collections import deque
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from desktop_ui.model.rates import Rate
from desktop_ui.model.standing import Phase, Standing
from edgeact.capture.address import is_address, shown_name
from edgeact.capture.camera import camera_device

SourceSort: TypeAlias = Literal["camera", "stream", "file"]

_AGES = 200  # of the newest frames, of which the 95th percentile is shown


@dataclass(frozen=True, slots=True)
class SourceSpec:
    """What the operator asked for.

    Attributes:
        name: As `edgeact.capture.open.open_source` takes it; of a stream it may hold a password, so it is neither shown
            nor saved (see `shown`).
        title: What the source is called in the window.
        size: Width and height to ask of a camera; None leaves it to the camera.
        rate: Frames a second to ask of a camera.
        transport: What carries RTSP.
        turn: Degrees to the right by which pictures are turned.
    """

    name: str = field(repr=False)
    title: str = ""
    size: tuple[int, int] | None = None
    rate: float | None = None
    transport: Literal["tcp", "udp"] = "tcp"
    turn: int = 0

    @property
    def shown(self) -> str:
        """The name without secrets."""
        return shown_name(self.name)

    @property
    def sort(self) -> SourceSort:
        """Camera, stream or file."""
        if is_address(self.name):
            return "stream"
        return "file" if camera_device(self.name) is None or Path(self.name).is_file() else "camera"

    @property
    def called(self) -> str:
        """The title, or else a short form of the name."""
        if self.title:
            return self.title
        if self.sort == "camera":
            return f"Camera {self.name}" if self.name.isdecimal() else self.name
        if self.sort == "stream":
            return self.shown.partition("://")[2].removeprefix("***@")
        return Path(self.name).name or self.name


@dataclass(slots=True, eq=False)
class SourceItem:
    """One source while the window has it.

    Attributes:
        key: Unique in the window, from 1; also the key that selects it, as far as 9.
        spec: What was asked for.
        standing: How it stands.
        came: Frames a second that came.
        processed: Frames a second that were perceived.
        ages: Seconds from capture to observation of the newest frames.
    """

    key: int
    spec: SourceSpec
    standing: Standing = field(default_factory=lambda: Standing(Phase.OPENING))
    came: Rate = field(default_factory=Rate)
    processed: Rate = field(default_factory=Rate)
    ages: deque[float] = field(default_factory=lambda: deque(maxlen=_AGES))

    def note(self, standing: Standing, now: float) -> None:
        """Take over how the source stands now, and update its rates and ages."""
        if standing.processed != self.standing.processed:
            self.ages.append(standing.age)
        self.standing = standing
        self.came.note(now, standing.came)
        self.processed.note(now, standing.processed)
