"""Short rendered clips of one person each, with the exact mask and joints of whoever acts: what maps and poses can be
measured on.

Four actions of which the studio has many motions, and which nobody would take for another. Every fourth motion of an
action, every fourth person and every fourth place measure, and nothing here is trained on them; light, camera and
clothes are drawn anew for each clip. People are seen large, and beside the middle of the picture (`close_up`).
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgeact.atomic import prepare_partial, publish
from edgeact.errors import SourceNotFoundError
from edgeact.geometry import letterbox, letterbox_matrix, transform_points
from edgeact.skeleton import MPII_16
from trainer.claims.cam_maps import KnownFrame
from trainer.claims.close_up import close_up
from trainer.claims.studio_joints import mpii_joints
from trainer.data.clip_batches import clip_batch
from trainer.data.studio.action_clips import ActionClipPlan, Group
from trainer.data.studio.action_scenes import PLACES, build_scene
from trainer.data.studio.assets import Assets, load_assets
from trainer.data.studio.motion import MotionEntry, read_manifest
from trainer.data.studio.render import Renderer
from trainer.data.studio.scene import Scene, StudioFrame, render_scene
from trainer.fit_paper import TrainingData, epoch_rows
from trainer.inputs.batch import MISSING, Batch
from trainer.optimizers import AdamW
from trainer.paper_recipe import PaperRecipe
from trainer.schedule import CosineSchedule

# The labels of the motions of each action.
ACTIONS = {
    "jump": ("jump",),
    "punch": ("punch",),
    "run": ("run",),
    "walk": ("walk",),
}
_FINER = 2  # pixels are rendered for one of a clip's, to either side
_FRAMES = 12  # of a clip of .6 to 1.5 seconds: networks are given eight of them
MEASURES_EVERY = 4  # one of so many motions, people and places measures
_SCENES = 8  # that are tried until a camera sees the person near
_HALF = 127  # of a mask's 255, at its edge
_SEED = 0
# Of the training. With one seed, on motions held out of those that train: changed by .1 a network learnt its own clips
# alone, changed by .3 it learnt slowly; .2 was not compared.
_CHANGE, _RATE, _DECAY = 0.2, 2e-3, 0.02


@dataclass(frozen=True, slots=True, eq=False)
class StudioClips:
    """Clips of one person each.

    Attributes:
        frames: ``(N, T, S, S, 3)`` uint8 RGB.
        masks: ``(N, T, S, S)`` bool, the pixels that show the person.
        joints: ``(N, T, 16, 2)`` float32 of the person in pixels, in the order of MPII; −1 outside the picture.
        labels: ``(N,)`` int64, in the order of `ACTIONS`.
        measures: ``(N,)`` bool, the clips that nothing is trained on.
    """

    frames: np.ndarray
    masks: np.ndarray
    joints: np.ndarray
    labels: np.ndarray
    measures: np.ndarray


def plan_studio_clips(
    entries: Sequence[MotionEntry], actions: Mapping[str, tuple[str, ...]], *, training: int, measured: int
) -> list[tuple[ActionClipPlan, bool]]:
    """Which motion is seen, so many times for each action, and whether it measures.

    Args:
        entries: The studio's motions.
        actions: The labels of the motions of each action.
        training: Clips of each action to train with.
        measured: Clips of each action to measure with.

    Raises:
        SourceNotFoundError: Of an action there are too few motions.
    """
    plans: list[tuple[ActionClipPlan, bool]] = []
    for action, labels in actions.items():
        motions = sorted((entry for entry in entries if entry.label in labels), key=lambda entry: entry.name)
        if len(motions) < MEASURES_EVERY:
            raise SourceNotFoundError(f"the studio has {len(motions)} motions of {action}; check --data")
        apart = motions[::MEASURES_EVERY]
        rest = [motion for motion in motions if motion not in apart]
        for chosen, count in ((rest, training), (apart, measured)):
            for turn in range(count):
                group = Group.OURS_SEEN if chosen is rest else Group.OURS_UNSEEN
                plan = ActionClipPlan(group, len(plans), chosen[turn % len(chosen)], "level", (action,))
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
        plans = plan_studio_clips(read_manifest(studio), ACTIONS, training=training, measured=measured)
        path = kept / f"people_and_joints_{side}_{hashlib.sha256(repr(plans).encode()).hexdigest()[:16]}.npz"
        if not path.exists():
            kept.mkdir(parents=True, exist_ok=True)
            rendered = zip(*_rendered(plans, load_assets(studio, seed=_SEED), side, progress), strict=True)
            frames, masks, joints = (np.stack(part) for part in rendered)
            with prepare_partial(path).open("wb") as file:
                np.savez_compressed(file, frames=frames, masks=masks, joints=joints)
            publish(path)
    except FileNotFoundError as error:
        raise SourceNotFoundError(f"the studio in {studio} is not complete ({error}); check --data") from error
    with np.load(path, allow_pickle=False) as kept_clips:
        frames, masks, joints = (kept_clips[name] for name in ("frames", "masks", "joints"))
    labels = [list(ACTIONS).index(plan.allowed[0]) for plan, _ in plans]
    return StudioClips(frames, masks, joints, np.array(labels), np.array([measures for _, measures in plans]))


def _rendered(
    plans: Sequence[tuple[ActionClipPlan, bool]],
    assets: Assets,
    side: int,
    progress: Callable[[Sequence, str], Iterable],
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    size = (_FINER * side, _FINER * side)
    own = {measures: assets_apart(assets, measures=measures) for measures in (False, True)}
    with Renderer(size) as renderer:
        for plan, measures in progress(plans, "clips of the studio"):
            scene = near_scene(plan, own[measures])
            seen = list(render_scene(scene, size=size, renderer=renderer, frame_rate=_FRAMES / scene.seconds))
            nobody = np.zeros(size, bool)
            masks = [frame.persons[0].mask if frame.persons else nobody for frame in seen]
            yield (
                np.stack([letterbox(frame.image, width=side, height=side) for frame in seen]),
                np.stack([square_mask(mask, side) for mask in masks]),
                np.stack([_square_joints(frame, side) for frame in seen]),
            )


def _square_joints(frame: StudioFrame, side: int) -> np.ndarray:
    """Transform joints into the square: ``(16, 2)`` in its pixels, −1 outside the square and where nobody is seen."""
    if not frame.persons:
        return np.full((len(MPII_16.joints), 2), MISSING, np.float32)
    joints, finer = mpii_joints(frame.persons[0], _FINER * side), _FINER * side
    moved = transform_points(joints, letterbox_matrix(finer, finer, width=side, height=side))
    return np.where(joints == MISSING, joints, moved)


def assets_apart(assets: Assets, *, measures: bool) -> Assets:
    """Return the avatars and backgrounds of the test clips (every fourth of each), or those of the training clips.

    An avatar is listed several times, in its own clothes and in others: all of them are on one side.
    """
    places = sorted(PLACES)[::MEASURES_EVERY]
    people = sorted({avatar.name for avatar, _ in assets.people})[::MEASURES_EVERY]
    return replace(
        assets,
        people=tuple(one for one in assets.people if (one[0].name in people) == measures),
        backplates=tuple(plate for plate in assets.backplates if (plate.scene in places) == measures),
    )


def near_scene(plan: ActionClipPlan, assets: Assets) -> Scene:
    """The scene of a clip, seen near by a camera that stands still.

    Raises:
        SourceNotFoundError: No camera that is tried sees the person near.
    """
    for seed in range(_SCENES):
        scene = close_up(build_scene(plan, assets, seed=seed), np.random.default_rng([seed, plan.number]))
        if scene is not None:
            return scene
    raise SourceNotFoundError(f"no camera of {_SCENES} sees {plan.entry.name} near; check the studio's backgrounds")


def square_mask(mask: np.ndarray, side: int) -> np.ndarray:
    """A mask ``(H, W)`` bool placed as its picture is: ``(side, side)`` bool."""
    picture = np.repeat(mask[..., None].astype(np.uint8) * 255, 3, -1)
    return letterbox(picture, width=side, height=side)[..., 0] > _HALF


def studio_recipe(recipe: PaperRecipe) -> PaperRecipe:
    """Adapt a small recipe of system C to a set with few motions: AdamW, which converges in fewer steps, and zoom,
    shift and colour augmentation.
    """
    data = recipe.data.model_copy(update={"clip_zoom": _CHANGE, "colour_shift": _CHANGE})
    training = recipe.training.model_copy(
        update={"optimizer": AdamW(), "rate": _RATE, "weight_decay": _DECAY, "schedule": CosineSchedule(warm_up=20)}
    )
    return recipe.model_copy(update={"data": data, "training": training})


def studio_training(clips: StudioClips, recipe: PaperRecipe) -> TrainingData:
    """The clips as a recipe of clips takes them; those that measure come in their order."""
    frames: int = recipe.network.frames  # type: ignore[union-attr]  # systems of clips have it
    batch, seed = recipe.data.batch, recipe.training.seed
    trained, held_out = np.flatnonzero(~clips.measures), np.flatnonzero(clips.measures)

    def draw(step: int) -> Batch:
        rows = trained[epoch_rows(len(trained), batch, step, seed)]
        rng = np.random.default_rng((seed, 1, step))
        change = recipe.data
        return clip_batch(
            list(clips.frames[rows]),
            clips.labels[rows].tolist(),
            frames,
            rng,
            flip=change.flip,
            colour_shift=change.colour_shift,
            zoom=change.clip_zoom,
        )

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
