"""Paper E's comparison of `pose_and_action` on rendered clips, whose actions and exact joints are of the same people.

As the paper does with Penn Action, the network learns actions from clips and poses from single frames of the same
clips. Both are crops of the person in each frame, framed as at run time. Motions, people and places of the clips that
measure train nothing (`studio_clips`).
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np

from edgeact.geometry import person_crop_matrix, transform_points, warp
from trainer.claims.studio_clips import StudioClips, studio_recipe, studio_training
from trainer.data.frame_pictures import write_picture
from trainer.data.labelled_samples import LabelledSample
from trainer.data.picture_batches import PERSON_PADDING, Augmentation, picture_batch
from trainer.fit_paper import TrainingData, epoch_rows
from trainer.inputs.batch import MISSING, Batch
from trainer.paper_recipe import PaperRecipe

_PICTURES = 4  # for each clip of a batch: poses need more examples than actions, and a picture is an eighth of a clip
_ROTATION, _ZOOM = 10.0, 0.2  # of pictures, in degrees and as a ratio, to either side


def person_clips(clips: StudioClips, size: int) -> StudioClips:
    """Cut the person out of each frame as a square of a size, by the box of its pixels; a frame that shows nobody stays
    whole.
    """
    frames, masks, joints = [], [], []
    for clip, masked, placed in zip(clips.frames, clips.masks, clips.joints, strict=True):
        matrices = [_crop(mask, size) for mask in masked]
        pairs = list(zip(matrices, clip, masked, placed, strict=True))
        frames.append([warp(frame, matrix, width=size, height=size) for matrix, frame, _, _ in pairs])
        masks.append([_cut_mask(mask, matrix, size) for matrix, _, mask, _ in pairs])
        joints.append([_cut_joints(one, matrix) for matrix, _, _, one in pairs])
    return replace(clips, frames=np.array(frames), masks=np.array(masks), joints=np.array(joints))


def _crop(mask: np.ndarray, size: int) -> np.ndarray:
    """Pixels of a frame with the mask ``(S, S)`` of its person → pixels of the crop."""
    rows, columns = np.nonzero(mask if mask.any() else np.ones_like(mask))
    box = np.array([columns.min(), rows.min(), columns.max(), rows.max()], np.float32)
    return person_crop_matrix(box, width=size, height=size, padding=PERSON_PADDING)


def _cut_mask(mask: np.ndarray, matrix: np.ndarray, size: int) -> np.ndarray:
    return cv2.warpAffine(mask.astype(np.uint8), matrix, (size, size), flags=cv2.INTER_NEAREST) > 0


def _cut_joints(joints: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    return np.where(joints == MISSING, joints, transform_points(joints, matrix))


def studio_people(
    clips: StudioClips, folder: Path, *, progress: Callable[[Sequence, str], Iterable]
) -> list[LabelledSample]:
    """Write all frames that show a joint as pictures, and return them with their joints; they have no box, so that the
    whole square is looked at.

    Args:
        clips: Of one person each.
        folder: For the pictures; those that are there are not written again.
        progress: Gives items one after the other and shows how far it is.

    Raises:
        OutputError: A picture cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    people = []
    for number, frames in enumerate(progress(clips.frames, "pictures")):
        for place, (frame, joints) in enumerate(zip(frames, clips.joints[number], strict=True)):
            if (joints == MISSING).all():
                continue
            path = folder / f"{number:05d}_{place:02d}.png"
            if not path.is_file():
                write_picture(path, frame)
            people.append(LabelledSample(path, "test" if clips.measures[number] else "train", joints=joints))
    return people


def studio_both(clips: StudioClips, people: Sequence[LabelledSample], recipe: PaperRecipe) -> TrainingData:
    """The clips and their frames as a recipe of system E takes them: batches of poses and of clips in turns, poses
    first.

    Args:
        clips: Of one person each.
        people: Frames of the clips; those that measure are left out.
        recipe: Whose seed decides what is drawn.
    """
    clips_alone, taught = studio_training(clips, recipe), [person for person in people if person.split == "train"]
    change = Augmentation(
        recipe.data.flip, recipe.data.rotation, recipe.data.zoom, colour_shift=recipe.data.colour_shift
    )
    size, batch, seed = recipe.network.size, _PICTURES * recipe.data.batch, recipe.training.seed

    def draw_poses(step: int) -> Batch:
        rows = epoch_rows(len(taught), batch, step, seed + 1)
        return picture_batch([taught[row] for row in rows], size, np.random.default_rng((seed, 2, step)), change)

    def draw(step: int) -> Batch:
        return clips_alone.draw(step // 2) if step % 2 else draw_poses(step // 2)

    return replace(
        clips_alone,
        count=2 * clips_alone.count,
        draw=draw,
        draw_poses=draw_poses,
        draw_actions=clips_alone.draw,
    )


def studio_both_recipe(recipe: PaperRecipe) -> PaperRecipe:
    """Adapt the small recipe of system E to the studio's clips, in which people stand upright: pictures are turned and
    zoomed less.
    """
    adapted = studio_recipe(recipe)
    data = adapted.data.model_copy(update={"rotation": _ROTATION, "zoom": _ZOOM})
    return adapted.model_copy(update={"data": data})
