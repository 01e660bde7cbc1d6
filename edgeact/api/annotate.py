"""``edgeact.annotate``: what the command ``edgeact annotate`` does, for a Python program."""

import glob
import os
import threading
from collections.abc import Iterable, Mapping

from edgeact.api.arguments import PathText, Settings, as_bundle, as_config, as_path
from edgeact.batch.annotate import annotate as annotate_batch
from edgeact.batch.messages import AnnotateOptions, BatchListener, BatchReport
from edgeact.capture.inputs import NAMES_SHOWN, VIDEO_SUFFIXES, media_in, without_tilde
from edgeact.errors import ArgumentTypeError, BatchError, OutputError, UsageError


def annotate(
    inputs: PathText | Iterable[PathText],
    *,
    out: PathText,
    bundle: PathText | None = None,
    config: Settings | None = None,
    every: int = 1,
    turn: int = 0,
    stream: int | None = None,
    video: bool = True,
    overwrite: bool = False,
    strict: bool = False,
    listener: BatchListener | None = None,
    stop: threading.Event | None = None,
) -> BatchReport:
    """Annotate videos: for each a drawn video, a line of data a frame and a line an action, in the folder ``out``.

    This is the command ``edgeact annotate``: the same files come out, an input that is finished is skipped when it is
    named again, and a bad input does not keep the others from being done. Each path names exactly one input: a video,
    an image, or a folder of images, which is done as one video. A folder with videos in it is refused, and patterns
    are not expanded, so that one text never means a whole folder; name the files, ``Path("cameras").glob("**/*.mp4")``.

    Args:
        inputs: One path, or any number of them.
        out: Folder of the results; created when missing.
        bundle: ``compact``, ``accurate`` or the folder of another bundle; None takes ``compact``.
        config: Settings, such as ``{"max_persons": 2}``, or the path of a TOML file with them.
        every: Take only every n-th frame.
        turn: Degrees to the right by which the pictures are turned: 0, 90, 180 or 270.
        stream: Which stream of a file with several videos; None takes the main one.
        video: Write the drawn video, or only the data.
        overwrite: Do finished inputs again, and replace files that are not edgeact's.
        strict: A video that breaks off before its announced end counts as failed.
        listener: Told how the batch goes on, for a progress bar.
        stop: When set from another thread, the input in work is finished with what was read, and the batch ends.

    Returns:
        What became of each input, with the paths of its files.

    Raises:
        ArgumentTypeError: ``inputs`` or another argument has a type that would be misunderstood.
        UsageError: An argument has a value that cannot be used.
        BatchError: Several inputs were given and some of them failed; ``failures`` says why.
        EdgeactError: The only input failed, or something that concerns all of them: the same errors, with the same
            exit codes, as of the command.

    >>> report = annotate("clip.mp4", out="results", video=False)
    >>> [path.name for path in report.results[0].outputs]
    ['clip.events.csv', 'clip.frames.jsonl']
    """
    options = AnnotateOptions(
        bundle=as_bundle(bundle),
        config=as_config(config),
        every=every,
        turn=turn,
        stream=stream,
        video=video,
        overwrite=overwrite,
        strict=strict,
    )
    named = [_one_input(path) for path in _listed(inputs)]
    report = annotate_batch(named, as_path(out, name="out"), options, listener=listener, stop=stop)
    _raise_failures(report)
    return report


def _listed(inputs: PathText | Iterable[PathText]) -> list[PathText]:
    if isinstance(inputs, (str, os.PathLike)):
        return [inputs]
    if isinstance(inputs, (bytes, Mapping)) or not isinstance(inputs, Iterable):
        raise ArgumentTypeError(
            f"inputs is of type {type(inputs).__name__}; give a path (a str or a pathlib.Path) or a list of them"
        )
    listed = list(inputs)
    if not listed:
        raise UsageError("inputs is empty: a pattern that matches nothing? Name at least one video")
    return listed


def _one_input(value: PathText) -> str:
    """The path of one input; what would stand for several is refused."""
    path = without_tilde(str(as_path(value, name="an input", may_be_here=False)))
    if glob.has_magic(str(path)) and not path.exists():
        raise UsageError(
            f"{path} does not exist, and patterns are not expanded in Python; give sorted(glob.glob({str(path)!r}))"
        )
    if path.is_dir() and (videos := media_in(path, VIDEO_SUFFIXES)):
        raise UsageError(
            f"{path} is a folder with {len(videos)} {'video' if len(videos) == 1 else 'videos'}, and a path names one "
            f"input; give them as a list: sorted(pathlib.Path({str(path)!r}).glob('*{videos[0].suffix}'))"
        )
    return str(path)


def _raise_failures(report: BatchReport) -> None:
    failures = {result.path: result.error for result in report.results if result.error is not None}
    if not failures:
        return
    *_, last = failures.values()
    total = len(report.results) + report.not_started
    if total == 1 or isinstance(last, OutputError):
        raise last
    shown = [str(error) for error in failures.values()][:NAMES_SHOWN]
    more = [f"and {len(failures) - NAMES_SHOWN} more"] if len(failures) > NAMES_SHOWN else []
    raise BatchError(f"{len(failures)} of {total} inputs failed: {'; '.join(shown + more)}", failures) from last
