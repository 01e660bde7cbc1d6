"""``edgeact.Pipeline``: one picture in, what is seen in it out, without threads."""

import time as clock
from types import TracebackType
from typing import Any

import numpy as np

from edgeact.api.arguments import PathText, Settings, as_bundle, as_config
from edgeact.bundle.load import load_bundle
from edgeact.capture.iterable import picture_fault
from edgeact.engine.engine import Engine
from edgeact.errors import UsageError
from edgeact.perception.perceiver import Perceiver
from edgeact.skeleton import Skeleton
from edgeact.types import Event, Frame, Observation


class Pipeline:
    """Finds and follows persons over the pictures of one source, given one after the other.

    For a program that has its own loop over pictures; `edgeact.watch` has the loop, reads ahead and uses several cores.
    Use it as a context manager, or call `close`.

    Args:
        bundle: ``compact``, ``accurate`` or the folder of another bundle; None takes ``compact``.
        config: Settings, such as ``{"max_persons": 2}``, or the path of a TOML file with them.

    Raises:
        BundleError: The bundle cannot be used.
        BackendError: The device cannot be used.
        ConfigError: The settings cannot be used.

    >>> picture = np.zeros((48, 64, 3), np.uint8)
    >>> with Pipeline() as pipeline:
    ...     for number in range(3):
    ...         observation = pipeline.process(picture, time=number / 25)
    ...         print(observation.frame.index, len(observation.persons))
    0 0
    1 0
    2 0
    """

    def __init__(self, bundle: PathText | None = None, *, config: Settings | None = None) -> None:
        self._config = as_config(config)
        self._bundle = load_bundle(as_bundle(bundle))
        self._engine = Engine(self._bundle, device=self._config.device, threads=self._config.threads)
        self._perceiver = Perceiver(self._engine, self._config, source="pipeline")
        self._events: tuple[Event, ...] = ()
        self._index, self._last_time = 0, -np.inf
        self._is_closed = False

    @property
    def skeleton(self) -> Skeleton | None:
        """Names of the joints, in the order of ``pose.joints``, and the bones; None where the bundle follows nobody."""
        return None if self._bundle.plan.persons is None else self._bundle.skeleton

    @property
    def labels(self) -> tuple[str, ...]:
        """The actions, in the order of the scores of a person's first reading (or of the scene's, without persons)."""
        return self._bundle.plan.labels

    @property
    def events(self) -> tuple[Event, ...]:
        """The actions that began, went on or ended with the last picture."""
        return self._events

    def process(self, image: Any, *, time: float) -> Observation:
        """What is seen in the next picture.

        Args:
            image: ``(H, W, 3)`` uint8 RGB (OpenCV's pictures are BGR: ``image[..., ::-1]``), upright. The observation
                holds it, not a copy.
            time: When it was taken, in seconds from any moment on; greater than that of the picture before. Actions are
                told by how persons move, so this must be true.

        Returns:
            The persons with their joints, and what they do.

        Raises:
            UsageError: ``image`` is no such picture, ``time`` is not greater than the last one, or the pipeline is
                closed.
            BackendError: A graph failed.
        """
        if self._is_closed:
            raise UsageError("the pipeline is closed; make a new one")
        if (fault := picture_fault(image, max_megapixels=self._config.max_megapixels)) is not None:
            raise UsageError(f"image {fault[0]}; {fault[1]}")
        if not _is_number(time):
            raise UsageError(f"time is {time!r}; it is a number of seconds")
        if time <= self._last_time:
            raise UsageError(f"time is {time:g} s after {self._last_time:g} s; times increase, finish() begins anew")
        picture = np.ascontiguousarray(image).view()
        picture.flags.writeable = False
        frame = Frame(self._index, float(time), picture, captured=clock.monotonic(), source="pipeline")
        perceived = self._perceiver.process(frame)
        self._index, self._last_time, self._events = self._index + 1, float(time), perceived.events
        return perceived.observation

    def finish(self) -> tuple[Event, ...]:
        """End the actions that are still in force and forget all persons; the next picture may have any time.

        Returns:
            The events that this ended.
        """
        self._last_time = -np.inf
        self._events = self._perceiver.finish()
        return self._events

    def close(self) -> None:
        """Let go of the networks; calling it twice does no harm."""
        self._is_closed = True
        self._engine.close()

    def __enter__(self) -> "Pipeline":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _is_number(value: Any) -> bool:
    """Whether a value is a finite number, of Python or NumPy."""
    return isinstance(value, (int, float, np.number)) and bool(np.isfinite(value))
