"""Run a bundle on the held-out part of a set with actions: answers of its heads, and attention maps."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from edgeact.bundle.load import Bundle
from trainer.data.labelled_samples import LabelledSample
from trainer.evaluate.held_out import HeadAnswers, Progress, answer, judges_whole_clips
from trainer.evaluate.map_figures import LocatedMap, locate_in_clips, locate_in_pictures
from trainer.evaluate.run_clips import RunVideo, frame_milliseconds, run_clips
from trainer.precomputed.clip_people import find_clip_people


@dataclass(frozen=True, slots=True)
class HeldOut:
    """The held-out part of a data set.

    Attributes:
        data_set: Its name.
        split: Name of the part.
        samples: Pictures or videos, each with an action or, in sets of several, with all that are done.
        actions: Names of the set's actions.
        clips: Whether they are videos.
    """

    data_set: str
    split: str
    samples: Sequence[LabelledSample]
    actions: Sequence[str]
    clips: bool

    @property
    def is_multi_label(self) -> bool:
        """Whether somebody may do several of the actions at once."""
        return self.samples[0].actions is not None

    @property
    def labels(self) -> np.ndarray:
        """``(N,)`` the action of each sample; where there may be several, ``(N, A)`` 1 for each that is done, else
        0.
        """
        if self.is_multi_label:
            return np.stack([sample.actions for sample in self.samples])
        return np.array([sample.label for sample in self.samples])


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """The answers and attention maps of a bundle on a held-out part.

    Attributes:
        bundle: The bundle.
        heads: The answers of each action head that was asked.
        runs: Of each video what was seen in it, where the whole bundle was run; else empty.
        frame_milliseconds: Of videos the mean time of everything that is done for a frame; None of pictures.
        maps: Of each graph that looks at whole pictures or clips and says where: its first head, and its maps by name.
    """

    bundle: Bundle
    heads: Sequence[HeadAnswers]
    runs: Sequence[RunVideo]
    frame_milliseconds: float | None
    maps: Sequence[tuple[HeadAnswers, dict[str, list[LocatedMap]]]]


def judge(bundle: Bundle, part: HeldOut, *, kept: Path, progress: Progress) -> Judged:
    """Ask every action head of a bundle.

    Clips of whole frames are given to the graph that judges them; every other bundle is run over videos frame by frame.

    Args:
        bundle: With an action head that knows the set's actions.
        part: What it was not trained on.
        kept: Folder for the people who are found in clips.
        progress: Gives the samples one after the other and shows how far it is.

    Raises:
        UsageError: The bundle does not judge such samples.
        BackendError: A graph failed.
        OutputError: People of clips cannot be written.
    """
    if part.clips and not judges_whole_clips(bundle):
        heads, runs = run_clips(bundle, part.samples, part.actions, progress=progress)
        return Judged(bundle, heads, runs, heads[0].milliseconds, ())
    heads = answer(bundle, part.samples, part.actions, clips=part.clips, progress=progress)
    maps = []
    # Of several actions at once no likeliest one is right or wrong, so that its map is neither.
    mapped = {} if part.is_multi_label else {id(one.graph): one for one in reversed(heads)}
    for found in mapped.values():
        if part.clips:
            located = locate_in_clips(
                bundle, found, part.samples, partial(find_clip_people, kept=kept), progress=progress
            )
        else:
            located = locate_in_pictures(bundle, found, part.samples, progress=progress)
        maps.append((found, {name: every for name, every in located.items() if every}))
    milliseconds = frame_milliseconds(bundle, part.samples[0]) if part.clips else None
    return Judged(bundle, heads, (), milliseconds, maps)
