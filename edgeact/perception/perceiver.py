"""One source, one frame after the other, without threads: for measurements and for programs of one's own."""

from typing import TypeVar

from edgeact.config import PipelineConfig
from edgeact.engine.engine import Engine
from edgeact.errors import BackendError
from edgeact.perception.stages import Stages
from edgeact.types import Event, Frame, Perceived

Outcome = TypeVar("Outcome")


class Perceiver:
    """Runs detection, tracking and action recognition on one frame after the other of one source.

    Args:
        engine: Whose graphs are called; it may serve other perceivers too, and is closed by whoever opened it.
        config: How frames are perceived.
        source: Name of the source, which events carry.
    """

    def __init__(self, engine: Engine, config: PipelineConfig | None = None, *, source: str = "") -> None:
        self._stages = Stages(engine)
        self._stream = self._stages.open_stream(config or PipelineConfig(), source=source)

    def process(self, frame: Frame) -> Perceived:
        """What is known of the next frame.

        Args:
            frame: Of the same source, later than the one before; a new epoch or a shot cut forgets all tracks.

        Returns:
            What is seen in the frame, with the seconds that each stage took; and the events.

        Raises:
            BackendError: A graph failed, or gave what no network may give.
        """
        (looked,) = self._stages.detect([(self._stream, frame)])
        (followed,) = self._stages.track([(self._stream, _sound(looked))])
        (perceived,) = self._stages.act([(self._stream, _sound(followed))])
        return _sound(perceived)

    def finish(self) -> tuple[Event, ...]:
        """End all actions that are in force, because the source is over, and forget all tracks."""
        return self._stages.finish(self._stream)


def _sound(outcome: Outcome | BackendError) -> Outcome:
    """The outcome of a stage; an error is raised."""
    if isinstance(outcome, BackendError):
        raise outcome
    return outcome
