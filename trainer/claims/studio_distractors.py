"""Rendered pictures of somebody who does one of eight actions, alone and beside a second person who does another.

What papers B and D say of photos is tried on them, with boxes and joints that are exact: the mask loss helps most where
something misleads, and attention looks at whom the action is of. The action to be told is that of the person who is
seen larger. Half of the pictures that train show a second person, and all that measure are seen both ways. Motions,
avatars and places of those that measure train nothing.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from edgeact.atomic import prepare_partial, publish
from edgeact.errors import SourceNotFoundError
from trainer.claims.close_up import close_up
from trainer.claims.mask_loss import mask_loss_variants
from trainer.claims.second_person import add_second_person
from trainer.claims.studio_clips import assets_apart, plan_studio_clips
from trainer.claims.studio_joints import mpii_joints
from trainer.claims.tuned_blocks import TunedVariant
from trainer.claims.tuned_photos import SIDE, TunedPhotos
from trainer.claims.tuned_pooling import tuned_pooling_variants
from trainer.data.labelled_samples import LabelledSample
from trainer.data.studio.action_clips import ActionClipPlan
from trainer.data.studio.action_scenes import build_scene
from trainer.data.studio.assets import Assets, load_assets
from trainer.data.studio.motion import MotionEntry, read_manifest
from trainer.data.studio.render import Renderer
from trainer.data.studio.scene import Scene, render_scene
from trainer.models.efficientnet_lite import EfficientNetLite
from trainer.models.split_lite import LowerBlocks
from trainer.precomputed.frozen_maps import MapPictures, kept_maps

# The labels of the motions of each action: those of which the studio has nine motions and more.
ACTIONS = {
    "dance": ("dance",),
    "dribble": ("basketball_dribble",),
    "jump": ("jump",),
    "kick": ("kick", "kick_ball"),
    "punch": ("punch",),
    "run": ("run",),
    "swing": ("swing_object",),
    "walk": ("walk",),
}
POOLINGS = ("mean", "rank-1", "generalised, T=3", "generalised, T=3, pose 1e-2")
VARIANTS = ("class loss alone", "with the mask loss", *POOLINGS)
MISLEADING = "somebody who does something else"
_SCENES = 40  # that are tried until both people have room
_SECOND = 1_000_000  # is added to a plan's number for whoever stands beside
_SEED = 0


@dataclass(frozen=True, slots=True, eq=False)
class StudioPictures:
    """Squares of people.

    Attributes:
        pictures: ``(N, S, S, 3)`` uint8 RGB. Of those that measure, of the person alone.
        misled: ``(M, S, S, 3)`` those that measure again, in their order, with a second person.
        actions: ``(N,)`` int64, in the order of `ACTIONS`.
        boxes: ``(N, 4)`` float32 of the larger person in pixels.
        joints: ``(N, 16, 2)`` float32 of the larger person in pixels, in the order of MPII; −1 outside the picture.
        measures: ``(N,)`` bool, the pictures that nothing is trained on.
    """

    pictures: np.ndarray
    misled: np.ndarray
    actions: np.ndarray
    boxes: np.ndarray
    joints: np.ndarray
    measures: np.ndarray


def render_studio_pictures(
    studio: Path,
    kept: Path,
    *,
    training: int,
    measured: int,
    progress: Callable[[Sequence, str], Iterable],
    side: int = SIDE,
) -> StudioPictures:
    """Render the pictures, or read them from disk if they are there.

    Args:
        studio: The studio's folder.
        kept: Folder of what was rendered before.
        training: Pictures of each action to train with.
        measured: Pictures of each action to measure with.
        progress: Gives items one after the other and shows how far it is.
        side: Of the squares, in pixels.

    Raises:
        SourceNotFoundError: The studio is missing, or has too few motions.
        EglUnavailableError: This machine cannot render.
        OutputError: The folder cannot be written to.
    """
    try:
        entries = read_manifest(studio)
        plans = plan_studio_clips(entries, ACTIONS, training=training, measured=measured)
        path = kept / f"pairs_{side}_{hashlib.sha256(repr(plans).encode()).hexdigest()[:16]}.npz"
        if not path.exists():
            kept.mkdir(parents=True, exist_ok=True)
            shots = list(_rendered(plans, load_assets(studio, seed=_SEED), side, progress))
            with prepare_partial(path).open("wb") as file:
                np.savez_compressed(
                    file,
                    pictures=np.stack([shot.picture for shot in shots]),
                    misled=np.stack([shot.misled for shot in shots if shot.misled is not None]),
                    boxes=np.stack([shot.box for shot in shots]),
                    joints=np.stack([shot.joints for shot in shots]),
                )
            publish(path)
    except FileNotFoundError as error:
        raise SourceNotFoundError(f"the studio in {studio} is not complete ({error}); check --data") from error
    with np.load(path, allow_pickle=False) as found:
        arrays = {name: found[name] for name in ("pictures", "misled", "boxes", "joints")}
    actions = np.array([list(ACTIONS).index(plan.allowed[0]) for plan, _ in plans])
    return StudioPictures(**arrays, actions=actions, measures=np.array([measures for _, measures in plans]))


@dataclass(frozen=True, slots=True, eq=False)
class _Shot:
    """A picture with its box and joints, and, of one that measures, the picture with a second person."""

    picture: np.ndarray
    misled: np.ndarray | None
    box: np.ndarray
    joints: np.ndarray


def _rendered(
    plans: Sequence[tuple[ActionClipPlan, bool]],
    assets: Assets,
    side: int,
    progress: Callable[[Sequence, str], Iterable],
) -> Iterator[_Shot]:
    size = (side, side)
    own = {measures: assets_apart(assets, measures=measures) for measures in (False, True)}
    motions: dict[tuple[bool, str], dict[str, MotionEntry]] = {}
    for plan, measures in plans:
        motions.setdefault((measures, plan.allowed[0]), {})[plan.entry.name] = plan.entry
    with Renderer(size) as renderer:
        for plan, measures in progress(plans, "pictures of the studio"):
            rng = np.random.default_rng([_SEED, plan.number])
            others = [action for action in ACTIONS if (measures, action) in motions and action != plan.allowed[0]]
            action = others[rng.integers(len(others))]
            choice = list(motions[measures, action].values())
            entry = choice[rng.integers(len(choice))]
            alone, both = _scenes(plan, action, entry, own[measures], rng)
            # Which pictures of those that train show a second person is drawn, so that it goes with no motion.
            shown = [alone, both] if measures else [both if rng.random() < 0.5 else alone]
            seen = [next(iter(render_scene(scene, size=size, renderer=renderer, frame_rate=1.0))) for scene in shown]
            larger = next(person for person in seen[0].persons if person.actor == 0)
            yield _Shot(seen[0].image, seen[1].image if measures else None, larger.box, mpii_joints(larger, side))


def _scenes(
    plan: ActionClipPlan, action: str, entry: MotionEntry, assets: Assets, rng: np.random.Generator
) -> tuple[Scene, Scene]:
    """The moment of a motion, the person alone and beside somebody who does another.

    Raises:
        SourceNotFoundError: No camera that is tried has room for both.
    """
    beside = ActionClipPlan(plan.group, _SECOND + plan.number, entry, "level", (action,))
    for seed in range(_SCENES):
        alone, other = (_moment(one, assets, seed, rng) for one in (plan, beside))
        if alone is None or other is None or alone.actors[0].avatar.name == other.actors[0].avatar.name:
            continue
        both = add_second_person(alone, other.actors[0], rng)
        if both is not None:
            return alone, both
    raise SourceNotFoundError(
        f"no camera of {_SCENES} sees {plan.entry.name} and {entry.name} together; check the studio's backgrounds"
    )


def _moment(plan: ActionClipPlan, assets: Assets, seed: int, rng: np.random.Generator) -> Scene | None:
    """One picture's scene: the middle of the part with the most motion; None where no camera sees it near."""
    scene = close_up(build_scene(plan, assets, seed=seed), rng)
    if scene is None:
        return None
    actors = tuple(replace(actor, start=actor.start + scene.seconds / 2) for actor in scene.actors)
    return replace(scene, actors=actors, seconds=1.0)  # one picture a second


def tuned_studio_pictures(
    network: EfficientNetLite,
    blocks: int,
    found: StudioPictures,
    work: Path,
    *,
    progress: Callable[[Sequence, str], Iterable],
) -> TunedPhotos:
    """Maps of the pictures below the blocks that learn, for `trainer.claims.tuned_blocks.try_tuned`.

    Args:
        network: With published weights.
        blocks: How many of its blocks do not learn.
        found: The pictures.
        work: Folder of what was computed before.
        progress: Gives items one after the other and shows how far it is.

    Raises:
        OutputError: The folder cannot be written to.
    """
    training, measured = np.flatnonzero(~found.measures), np.flatnonzero(found.measures)
    lower, side = LowerBlocks(network, blocks).eval(), found.pictures.shape[1]
    digest = hashlib.sha256(found.pictures.tobytes() + found.misled.tobytes()).hexdigest()[:16]
    kept = work / f"lower_{blocks}_{digest}"

    def look(name: str, rows: np.ndarray, picture: Callable[[int], np.ndarray]) -> np.ndarray:
        samples = [LabelledSample(Path(str(row)), "train") for row in rows]
        return kept_maps(lower, MapPictures(name, samples, picture), side, kept, progress=progress)

    every = np.arange(len(found.pictures))
    return TunedPhotos(
        look("frame", every, lambda row: found.pictures[row]),
        look("frame_mirrored", training, lambda row: found.pictures[training[row], :, ::-1]),
        look("frame_misled", measured, lambda row: found.misled[row]),
        found.actions,
        found.boxes[training],
        found.joints[training],
        training,
        measured,
        measured,
        len(ACTIONS),
        side,
        MISLEADING,
    )


def studio_distractor_variants(network: EfficientNetLite, blocks: int, data: TunedPhotos) -> list[TunedVariant]:
    """Paper B with and without its mask loss, and paper D's poolings, the last one with poses too.

    Args:
        network: With published weights.
        blocks: How many of its blocks do not learn.
        data: Pictures, of which it saw the maps.
    """
    made = [*mask_loss_variants(network, blocks, data), *tuned_pooling_variants(network, blocks, data)]
    return [variant for variant in made if variant.name in VARIANTS]
