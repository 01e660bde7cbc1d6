"""Short rendered clips of one person each, with the exact mask of whoever acts: what maps can be measured on.

Six actions of which the studio has many motions. Every fourth motion of an action measures and is trained on by
nothing here; place, light, camera, body and clothes are drawn anew for each clip.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from edgeact.atomic import prepare_partial, publish
from edgeact.errors import SourceNotFoundError
from edgeact.geometry import letterbox
from trainer.claims.cam_maps import KnownFrame
from trainer.data.labelled_samples import clip_batch
from trainer.data.studio.action_clips import VIEWS, ActionClipPlan, Group
from trainer.data.studio.action_scenes import build_scene
from trainer.data.studio.assets import Assets, load_assets
from trainer.data.studio.motion import MotionEntry, read_manifest
from trainer.data.studio.render import Renderer
from trainer.data.studio.scene import render_scene
from trainer.fit_paper import TrainingData, epoch_rows
from trainer.paper_recipe import PaperRecipe
from trainer.task import Batch

# The labels of the motions of each action.
ACTIONS = {
    "dance": ("dance",),
    "jump": ("jump",),
    "kick": ("kick", "kick_ball"),
    "punch": ("punch",),
    "run": ("run",),
    "walk": ("walk",),
}
_SIZE = (160, 90)  # of what is rendered: half as fine as `action_scenes.SIZE` would be four times as dear
_FRAMES = 12  # of a clip of two to three seconds: networks are given eight of them
_MEASURES = 4  # every so many motions one measures
_HALF = 127  # of a mask's 255, at its edge
_SEED = 0


@dataclass(frozen=True, slots=True, eq=False)
class StudioClips:
    """Clips of one person each.

    Attributes:
        frames: ``(N, T, S, S, 3)`` uint8 RGB.
        masks: ``(N, T, S, S)`` bool, the pixels that show the person.
        labels: ``(N,)`` int64, in the order of `ACTIONS`.
        measures: ``(N,)`` bool, the clips that nothing is trained on.
    """

    frames: np.ndarray
    masks: np.ndarray
    labels: np.ndarray
    measures: np.ndarray


def plan_studio_clips(
    entries: Sequence[MotionEntry], *, training: int, measured: int
) -> list[tuple[ActionClipPlan, bool]]:
    """Which motion is seen from where, so many times for each action, and whether it measures.

    Args:
        entries: The studio's motions.
        training: Clips of each action to train with.
        measured: Clips of each action to measure with.

    Raises:
        SourceNotFoundError: Of an action there are too few motions.
    """
    plans: list[tuple[ActionClipPlan, bool]] = []
    for action, labels in ACTIONS.items():
        motions = sorted((entry for entry in entries if entry.label in labels), key=lambda entry: entry.name)
        if len(motions) < _MEASURES:
            raise SourceNotFoundError(f"the studio has {len(motions)} motions of {action}; check --data")
        apart = motions[::_MEASURES]
        rest = [motion for motion in motions if motion not in apart]
        for chosen, count in ((rest, training), (apart, measured)):
            for turn in range(count):
                view = VIEWS[turn // len(chosen) % 2 if len(chosen) < count else turn % 2]  # not from above
                group = Group.OURS_SEEN if chosen is rest else Group.OURS_UNSEEN
                plan = ActionClipPlan(group, len(plans), chosen[turn % len(chosen)], view, (action,))
                plans.append((plan, chosen is apart))
    return plans


def read_studio_clips(
    studio: Path,
    side: int,
    kept: Path,
    *,
    training: int,
    measured: int,
    progress: Callable[[Sequence, str], Iterable],
) -> StudioClips:
    """Render the clips as squares of a side, or read them from disk if they are there.

    Args:
        studio: The studio's folder.
        side: Of the squares, in pixels.
        kept: Folder of what was rendered before.
        training: Clips of each action to train with.
        measured: Clips of each action to measure with.
        progress: Gives items one after the other and shows how far it is.

    Raises:
        SourceNotFoundError: The studio is missing, or has too few motions.
        EglUnavailableError: This machine cannot render.
        OutputError: The folder cannot be written to.
    """
    try:
        plans = plan_studio_clips(read_manifest(studio), training=training, measured=measured)
        path = kept / f"studio_{side}_{hashlib.sha256(repr(plans).encode()).hexdigest()[:16]}.npz"
        if not path.exists():
            kept.mkdir(parents=True, exist_ok=True)
            frames, masks = zip(*_rendered(plans, load_assets(studio, seed=_SEED), side, progress), strict=True)
            with prepare_partial(path).open("wb") as file:
                np.savez_compressed(file, frames=np.stack(frames), masks=np.stack(masks))
            publish(path)
    except FileNotFoundError as error:
        raise SourceNotFoundError(f"the studio in {studio} is not complete ({error}); check --data") from error
    with np.load(path, allow_pickle=False) as kept_clips:
        frames, masks = kept_clips["frames"], kept_clips["masks"]
    labels = [list(ACTIONS).index(plan.allowed[0]) for plan, _ in plans]
    return StudioClips(frames, masks, np.array(labels), np.array([measures for _, measures in plans]))


def _rendered(
    plans: Sequence[tuple[ActionClipPlan, bool]],
    assets: Assets,
    side: int,
    progress: Callable[[Sequence, str], Iterable],
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    with Renderer(_SIZE) as renderer:
        for plan, _ in progress(plans, "clips of the studio"):
            scene = build_scene(plan, assets, seed=_SEED)
            seen = list(render_scene(scene, size=_SIZE, renderer=renderer, frame_rate=_FRAMES / scene.seconds))
            nobody = np.zeros(_SIZE[::-1], bool)
            masks = [frame.persons[0].mask if frame.persons else nobody for frame in seen]
            yield (
                np.stack([letterbox(frame.image, width=side, height=side) for frame in seen]),
                np.stack([square_mask(mask, side) for mask in masks]),
            )


def square_mask(mask: np.ndarray, side: int) -> np.ndarray:
    """A mask ``(H, W)`` bool placed as its picture is: ``(side, side)`` bool."""
    picture = np.repeat(mask[..., None].astype(np.uint8) * 255, 3, -1)
    return letterbox(picture, width=side, height=side)[..., 0] > _HALF


def studio_training(clips: StudioClips, recipe: PaperRecipe) -> TrainingData:
    """The clips as a recipe of clips takes them; those that measure come in their order."""
    frames: int = recipe.network.frames  # type: ignore[union-attr]  # systems of clips have it
    batch, seed = recipe.data.batch, recipe.training.seed
    trained, held_out = np.flatnonzero(~clips.measures), np.flatnonzero(clips.measures)

    def draw(step: int) -> Batch:
        rows = trained[epoch_rows(len(trained), batch, step, seed)]
        rng = np.random.default_rng((seed, 1, step))
        return clip_batch(list(clips.frames[rows]), clips.labels[rows].tolist(), frames, rng, flip=recipe.data.flip)

    def measured() -> Iterator[Batch]:
        for start in range(0, len(held_out), batch):
            rows = held_out[start : start + batch]
            yield clip_batch(list(clips.frames[rows]), clips.labels[rows].tolist(), frames, None, flip=False)

    return TrainingData(tuple(ACTIONS), len(trained), draw, measured, "test")


def known_studio_frames(clips: StudioClips, frames: int) -> list[KnownFrame]:
    """Who acts where in the frames of the clips that measure, as the network is given them; without those that show
    nobody.

    Args:
        clips: All clips.
        frames: How many the network is given of each.
    """
    known = []
    for number, masks in enumerate(clips.masks[clips.measures]):
        for place, row in enumerate(np.linspace(0, len(masks) - 1, frames).round().astype(int)):
            rows, columns = np.nonzero(masks[row])
            if len(rows):
                box = np.array([[columns.min(), rows.min(), columns.max(), rows.max()]], np.float32)
                known.append(KnownFrame(number, place, box, masks[row]))
    return known
