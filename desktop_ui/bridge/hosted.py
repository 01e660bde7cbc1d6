"""What the session host knows of the bundle and of each source."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from desktop_ui.bridge.newest_frame import NewestFrame
from desktop_ui.bridge.played_file import PlayedFile
from desktop_ui.model.sources import SourceSpec
from desktop_ui.model.standing import WarmUp
from edgeact.bundle.load import Bundle
from edgeact.bundle.plan import Plan
from edgeact.capture.base import SourceInfo
from edgeact.errors import EdgeactError
from edgeact.perception.pace import Pace
from edgeact.privacy.areas import PrivacyMode
from edgeact.runtime.session import Session
from edgeact.sinks.base import Sink
from edgeact.types import Observation
from edgeact.watching.watched import Watched

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class EngineStanding:
    """Whether a bundle is read, being opened, open, or cannot be used.

    Attributes:
        bundle: The bundle; None until it was read.
        is_open: Whether its graphs are open, so that frames can be perceived.
        fault: Why it cannot be used; None while it can.
        warm_up: While graphs are being opened.
        took: Seconds that opening took; None before.
        provider: What executes the graphs.
    """

    bundle: Bundle | None = None
    is_open: bool = False
    fault: EdgeactError | None = None
    warm_up: WarmUp | None = None
    took: float | None = None
    provider: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Beginning:
    """A source that is about to begin.

    Attributes:
        key: In the window.
        spec: What was asked for.
        info: What is known before the first frame.
        plan: Of the bundle.
        hidden: Gives an observation of the source with a picture that may be kept, and what is hidden in it (None where
            that is not known); called for every observation in order, from one thread.
    """

    key: int
    spec: SourceSpec
    info: SourceInfo
    plan: Plan
    hidden: Callable[[Observation], tuple[Observation, PrivacyMode | None]]


@dataclass(slots=True, eq=False)
class HostedSource:
    """What the session host knows of one source.

    Attributes:
        spec: What was asked for.
        sink: Where its frames go.
        watched: How it stands.
        pace: How thoroughly it is perceived.
        played: The player of a file, once it is perceived; None of other sources.
        own_session: Of a source whose results are read instead of perceived; None of all others.
        kept: Further sinks that its results go to; closed when it is over.
    """

    spec: SourceSpec
    sink: NewestFrame
    watched: Watched
    pace: Pace = field(default_factory=Pace)
    played: PlayedFile | None = None
    own_session: Session[Any] | None = None
    kept: list[Sink] = field(default_factory=list)

    def close_kept(self) -> None:
        """Close the further sinks, because the source is over; a fault of one leaves the others."""
        kept, self.kept = self.kept, []
        for sink in kept:
            try:
                sink.close()
            except EdgeactError as error:
                logger.error("%s: %s", self.watched.name, error)
