"""Which rendered clips of single people the action network learns from, as the runtime sees them.

No motion is among them that is kept for testing, and no place of the clips that measure
(`trainer.data.studio.action_clips`). Some of these clips show motions that train too, in groups called "seen", and the
avatars with their own clothes are the same.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from math import ceil

import numpy as np

from trainer.data.action_sequences import OTHER, studio_action_split, studio_actions
from trainer.data.splits import Split
from trainer.data.studio.action_clips import VIEWS
from trainer.data.studio.action_scenes import PLACES, film_motion
from trainer.data.studio.assets import Assets
from trainer.data.studio.motion import MotionEntry
from trainer.data.studio.scene import Scene

# Of clothes, bodies, places and cameras. Clips that measure have other seeds, 0 by default.
SEED = 20_001
# How many clips an action of ours gets at least, over all its motions, and how many any other kind of motion. One clip
# takes three seconds of one core to render and follow; all of them half an hour.
_CLIPS_OF_ACTION, _CLIPS_OF_OTHER = 24, 6


@dataclass(frozen=True, slots=True)
class TrainingClipPlan:
    """A rendered clip for training: which motion it shows and from where.

    Attributes:
        number: Its place among all.
        entry: The motion.
        view: One of `VIEWS`.
        split: "train" or "validation".
        allowed: Actions that it may be.
    """

    number: int
    entry: MotionEntry
    view: str
    split: Split
    allowed: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the clip's file name without its suffix."""
        return f"{self.number:03d}_{self.entry.label}_{self.view}_{self.entry.name}"


def plan_training_clips(entries: Iterable[MotionEntry]) -> tuple[TrainingClipPlan, ...]:
    """Plan the clips of every motion that is not kept for testing, the views in turn."""
    used = [entry for entry in entries if studio_action_split(entry) != "test"]
    motions = Counter(entry.label for entry in used)
    plans: list[TrainingClipPlan] = []
    for entry in sorted(used, key=lambda entry: (entry.label, entry.name)):
        allowed = studio_actions(entry.label)
        wanted = _CLIPS_OF_OTHER if OTHER in allowed else _CLIPS_OF_ACTION
        for _ in range(ceil(wanted / motions[entry.label])):
            view = VIEWS[len(plans) % len(VIEWS)]
            plans.append(TrainingClipPlan(len(plans), entry, view, studio_action_split(entry), allowed))
    return tuple(plans)


def build_scene(plan: TrainingClipPlan, assets: Assets) -> Scene:
    """The scene of a clip; it depends on plan and studio alone.

    Raises:
        FileNotFoundError: The studio folder is not complete.
    """
    places = {plate.scene for plate in assets.backplates} - PLACES
    rng = np.random.default_rng([SEED, plan.number])
    return film_motion(plan.entry, plan.view, assets, rng, liveliest=OTHER not in plan.allowed, places=places)
