"""What the session host knows of the bundle and of each source."""

from dataclasses import dataclass, field
from typing import Any

from desktop_ui.bridge.newest_frame import NewestFrame
from desktop_ui.bridge.played_file import PlayedFile
from desktop_ui.model.sources import SourceSpec
from desktop_ui.model.standing import WarmUp
from edgeact.bundle.load import Bundle
from edgeact.errors import EdgeactError
from edgeact.perception.pace import Pace
from edgeact.runtime.session import Session
from edgeact.watching.watched import Watched


@dataclass(frozen=True, slots=True)
class EngineStanding:
    """How the bundle stands.

    Attributes:
        bundle: Once it was read.
        is_open: Frames can be perceived.
        fault: Why it cannot be used; None while it can.
        warm_up: While graphs are being opened.
        took: Seconds that opening took; None before.
    """

    bundle: Bundle | None = None
    is_open: bool = False
    fault: EdgeactError | None = None
    warm_up: WarmUp | None = None
    took: float | None = None


@dataclass(slots=True, eq=False)
class HostedSource:
    """A source in the host.

    Attributes:
        spec: What was asked for.
        sink: Where its frames go.
        watched: How it stands.
        pace: How thoroughly it is perceived.
        played: The player of a file, once it is perceived; None of other sources.
        own_session: Of a source whose results are read instead of perceived; None of all others.
    """

    spec: SourceSpec
    sink: NewestFrame
    watched: Watched
    pace: Pace = field(default_factory=Pace)
    played: PlayedFile | None = None
    own_session: Session[Any] | None = None
