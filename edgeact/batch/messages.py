"""The messages of a batch: what is asked, what becomes of each input, and who is told."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from edgeact.batch.record import RunSummary
from edgeact.capture.base import SourceInfo
from edgeact.config import PipelineConfig
from edgeact.errors import INTERRUPTED_EXIT_CODE, PARTIAL_EXIT_CODE, EdgeactError, OutputError
from edgeact.types import Observation

InputState = Literal["done", "skipped", "interrupted", "failed"]


@dataclass(frozen=True, slots=True)
class AnnotateOptions:
    """How a batch is annotated.

    Attributes:
        bundle: Folder of the bundle; None takes the one that ships with edgeact.
        config: Settings of the pipeline.
        every: Take only every n-th frame of a video.
        turn: Turn the pictures by so many degrees to the right: 0, 90, 180 or 270.
        stream: Which stream of a video file, as FFmpeg's tools number them; None takes the main one.
        video: Write the drawn video.
        overwrite: Do finished inputs again, and replace files that are not ours.
        strict: Count a video that broke off before its announced end as failed (its outputs are kept).
    """

    bundle: Path | None = None
    config: PipelineConfig = field(default_factory=PipelineConfig)
    every: int = 1
    turn: int = 0
    stream: int | None = None
    video: bool = True
    overwrite: bool = False
    strict: bool = False


@dataclass(frozen=True, slots=True)
class InputResult:
    """What became of one input; ``error`` says why it failed, ``outputs`` are the files that were left."""

    path: Path
    state: InputState
    outputs: tuple[Path, ...] = ()
    summary: RunSummary | None = None
    error: EdgeactError | None = None


@dataclass(frozen=True, slots=True)
class BatchReport:
    """What became of all inputs; ``not_started`` are those left over when the batch was stopped."""

    results: tuple[InputResult, ...]
    not_started: int
    interrupted: bool

    @property
    def exit_code(self) -> int:
        """0, the error's own code for a single input or an error that stopped the batch, 3 for some failures, 130 for
        Ctrl-C.
        """
        if self.interrupted:
            return INTERRUPTED_EXIT_CODE
        errors = [result.error for result in self.results if result.error is not None]
        if not errors:
            return 0
        if len(self.results) + self.not_started == 1 or isinstance(errors[-1], OutputError):
            return errors[-1].exit_code
        return PARTIAL_EXIT_CODE


class BatchListener(Protocol):
    """Is told how a batch goes on."""

    def batch_started(self, inputs: int) -> None:
        """So many inputs are to be done."""
        ...

    def inputs_left_out(self, line: str) -> None:
        """Something that the inputs' names could mean is not among them; ``line`` says what, and what to do."""
        ...

    def input_started(self, path: Path, info: SourceInfo, every: int) -> None:
        """An input was opened."""
        ...

    def frame_done(self, observation: Observation) -> None:
        """A frame of the input was done; called from another thread."""
        ...

    def input_ended(self, result: InputResult) -> None:
        """An input is done, was skipped, failed or was interrupted."""
        ...


class SilentListener:
    """A `BatchListener` that does nothing."""

    def batch_started(self, inputs: int) -> None:
        """Do nothing."""

    def inputs_left_out(self, line: str) -> None:
        """Do nothing."""

    def input_started(self, path: Path, info: SourceInfo, every: int) -> None:
        """Do nothing."""

    def frame_done(self, observation: Observation) -> None:
        """Do nothing."""

    def input_ended(self, result: InputResult) -> None:
        """Do nothing."""
