"""Paper E: joints in 3D from single pictures, supervised at every block; a small network on rendered people.

What the network says of a picture is x and y in the person's crop, and z relative to the pelvis. The camera and the
pelvis's depth are given, as in the authors' published code; they turn x, y and z into metres. N people, J = 16 joints
in the order of MPII.
"""

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

import numpy as np
import torch

from edgeact.geometry import person_crop_matrix, transform_points
from edgeact.skeleton import BODY_21, MPII_16, select_joints
from edgeact.types import Float32
from trainer.claims.crop_cameras import CropCameras, crop_cameras
from trainer.claims.depth_lifter import fit_depth_lifter
from trainer.claims.pose_errors import PoseErrors, pose_errors
from trainer.data.labelled_samples import LabelledSample
from trainer.data.picture_batches import MIRROR, PERSON_PADDING, Augmentation, picture_batch
from trainer.data.recipe_sets import people_of
from trainer.data.sample import Sample
from trainer.data.sets.studio_poses import SIDE, read_focal_lengths, read_studio_poses
from trainer.device import training_device
from trainer.evaluate.lifting import Lift, from_line_of_sight
from trainer.evaluate.metrics.pose_3d import mpjpe, p_mpjpe
from trainer.fit_paper import TrainingData, course_of, epoch_rows
from trainer.inputs.batch import Batch
from trainer.inputs.lifter_clip import CLIP_LENGTH
from trainer.layers.pixels import SIGNED_UNIT, to_range
from trainer.loop import train
from trainer.models.pose_action_pyramid import PoseActionPyramid
from trainer.paper_recipe import PaperRecipe, make_task
from trainer.tasks.pose_action_pyramid import DEPTH_RANGE

MEAN_POSE = "mean pose of those who train"
MEAN_DEPTH, SMALL_LIFTER, BUNDLE_LIFTER, TRUE_DEPTH = (
    f"last block's x, y; {depth}"
    for depth in ("mean depth", "depth by a small lifter", "the bundle's lifter", "true depth")
)
_ROOT = MPII_16.index("pelvis")
_PEOPLE = 64  # who are measured at once
_MILLIMETRES = 1000.0


def try_pictures3d(
    recipe: PaperRecipe,
    poses: Path,
    work: Path,
    lift: Lift,
    *,
    seeds: int,
    progress: Callable[[Sequence, str], Iterable],
) -> list[PoseErrors]:
    """Train on rendered pictures with every seed, and measure every block on pictures of others.

    Args:
        recipe: Of system E, for poses with depth.
        poses: Folder of the rendered pictures.
        work: Folder of the checkpoints; a stopped training goes on from there.
        lift: The lifter of a bundle, which is given what the last block finds in the picture.
        seeds: How many.
        progress: Gives items one after the other and shows how far it is.

    Returns:
        Errors of each block; of the last block's x and y with depth from elsewhere; and of one pose for everybody.

    Raises:
        SourceNotFoundError: Nothing was rendered.
        DivergenceError: A training diverged.
    """
    found, size = read_studio_poses(poses), recipe.network.size
    trained, held_out = (people_of(found.part(split), found.joints) for split in ("train", "test"))
    known = found.part("test")
    cameras = crop_cameras(known, read_focal_lengths(poses), root=BODY_21.index("pelvis"), size=size, side=SIDE)
    wanted, mean = joints_3d(known), joints_3d(found.part("train")).mean(0)
    errors: dict[str, list[tuple[float, float]]] = {}
    for seed in progress(range(seeds), "seeds"):
        seeded = recipe.model_copy(update={"training": recipe.training.model_copy(update={"seed": seed})})
        place = work / f"{recipe.training.epochs}_{seed}"
        network = fit_pictures(seeded, trained, place / "checkpoint.safetensors")
        said = block_poses(network, held_out, size)
        seen = {f"block {name}": cameras.metres(one[..., :2], metres_behind(one[..., 2])) for name, one in said.items()}
        places = list(said.values())[-1][..., :2]
        lifter = fit_depth_lifter(
            *exact_places(trained, size),
            place / "lifter" / "checkpoint.safetensors",
            root=_ROOT,
            mirror=MIRROR,
            seed=seed,
        )
        with torch.no_grad():
            lifted = lifter(torch.from_numpy(places)).numpy()
        seen[MEAN_DEPTH] = cameras.metres(places, mean[None, :, 2])
        seen[SMALL_LIFTER] = cameras.metres(places, lifted)
        seen[BUNDLE_LIFTER] = lift_places(lift, places, cameras)
        seen[TRUE_DEPTH] = cameras.metres(places, wanted[..., 2])
        for name, one in seen.items():
            errors.setdefault(name, []).append(_errors(one, wanted))
    errors[MEAN_POSE] = [_errors(np.broadcast_to(mean, wanted.shape), wanted)]
    return [pose_errors(name, of_seeds) for name, of_seeds in errors.items()]


def fit_pictures(recipe: PaperRecipe, people: Sequence[LabelledSample], checkpoint: Path) -> PoseActionPyramid:
    """Train the recipe's network on pictures of people alone.

    Raises:
        DivergenceError: The training diverged.
    """
    size, seed = recipe.network.size, recipe.training.seed
    batch, change = recipe.data.batch, Augmentation(recipe.data.flip, recipe.data.rotation, recipe.data.zoom)
    device = training_device()
    torch.manual_seed(seed)
    task = make_task(recipe.network, 0, None)

    def draw(step: int) -> Batch:
        rows = epoch_rows(len(people), batch, step, seed)
        rng = np.random.default_rng((seed, 1, step))
        return picture_batch([people[row] for row in rows], size, rng, change, view="person")

    network = train(
        task.network,
        checkpoint,
        course_of(recipe, TrainingData((), len(people), draw, lambda: iter(()), "test")),
        device=device,
        draw=lambda steps: (draw(step) for step in steps),
        loss=lambda model, drawn: task.loss(model, drawn.to(device)),
    )
    assert isinstance(network, PoseActionPyramid)
    return network


@torch.no_grad()
def block_poses(network: PoseActionPyramid, people: Sequence[LabelledSample], size: int) -> dict[str, Float32]:
    """What each block says of everybody, by pyramid and level, in order: ``(N, 16, 3)`` in 0..1.

    Args:
        network: In evaluation mode.
        people: With boxes.
        size: Side of their crops in pixels.
    """
    parts: dict[str, list[np.ndarray]] = {f"{pyramid}.{level}": [] for pyramid, level in network.steps()}
    for start in range(0, len(people), _PEOPLE):
        batch = picture_batch(people[start : start + _PEOPLE], size, None, Augmentation(), view="person")
        for block in network(to_range(batch.pixels, SIGNED_UNIT)):
            parts[f"{block.pyramid}.{block.level}"].append(block.poses.numpy())
    return {name: np.concatenate(part) for name, part in parts.items()}


def metres_behind(z: Float32) -> Float32:
    """The network's z ``(N, 16)`` in 0..1 → metres behind the pelvis, whose own z is what the network says of it."""
    return (z - z[:, [_ROOT]]) * DEPTH_RANGE


def exact_places(people: Sequence[LabelledSample], size: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The labelled joints ``(N, 16, 2)`` in 0..1 of each person's crop, and their depth ``(N, 16)`` in metres."""
    places, depth = [], []
    for person in people:
        assert person.box is not None
        assert person.joints is not None
        crop = person_crop_matrix(person.box, width=size, height=size, padding=PERSON_PADDING)
        places.append((transform_points(person.joints, crop) + 0.5) / size)
        depth.append(person.depth)
    return torch.from_numpy(np.stack(places)), torch.from_numpy(np.stack(depth))


def lift_places(lift: Lift, places: Float32, cameras: CropCameras) -> Float32:
    """Joints ``(N, 16, 2)`` in 0..1 of each crop, of one moment → what a bundle's lifter makes of them, in the camera's
    axes: ``(N, 16, 3)`` metres.

    The lifter is given the same moment nine times, and no faces, which MPII's joints lack.
    """
    poses = np.zeros((len(places), len(BODY_21.joints), 3), np.float32)
    rows = [BODY_21.index(name) for name in MPII_16.joints]
    poses[:, rows, :2], poses[:, rows, 2] = cameras.pixels(places), 1
    clips = np.repeat(poses[:, None], CLIP_LENGTH, 1)
    sight = cameras.rays(places)[:, _ROOT]
    sight /= np.linalg.norm(sight, axis=-1, keepdims=True)
    found = np.concatenate([lift(clips[start : start + _PEOPLE]) for start in range(0, len(clips), _PEOPLE)])
    return select_joints(from_line_of_sight(found, sight), BODY_21, MPII_16)


def joints_3d(samples: Sequence[Sample]) -> Float32:
    """``(N, 16, 3)`` metres from the pelvis, of samples of one person with the joints of `BODY_21`."""
    every = np.stack([sample.joints_3d[0, 0] for sample in samples if sample.joints_3d is not None])
    joints = select_joints(every, BODY_21, MPII_16)
    return joints - joints[:, [_ROOT]]


def _errors(found: Float32, wanted: Float32) -> tuple[float, float]:
    return _MILLIMETRES * mpjpe(found, wanted, root=_ROOT), _MILLIMETRES * p_mpjpe(found, wanted)


def small_recipe_3d(recipe: PaperRecipe) -> PaperRecipe:
    """The small recipe of system E for poses with depth: three levels, and the paper's weight of confidence.

    People are turned and zoomed less than in the paper, which sees sixty times as many.
    """
    network = recipe.network.model_copy(update={"dimensions": 3, "levels": 3, "growth": 24, "action_weight": 0.01})
    data = recipe.data.model_copy(update={"batch": 16, "rotation": 10.0, "zoom": 0.2})
    return recipe.model_copy(update={"network": network, "data": data})
