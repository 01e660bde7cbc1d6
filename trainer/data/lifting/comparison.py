"""Human3.6M's training subjects as batches, for a comparison that does not ship: what the same lifter reaches on S9 and
S11 when it has seen the set's own people, cameras and postures.
"""

from pathlib import Path

import numpy as np
import torch

from edgeact.skeleton import BODY_21, LIMB_JOINTS
from trainer.data.lifting.measured import H36M_FILE, H36M_LIMBS
from trainer.data.lifting.views import LiftingBatch
from trainer.data.sets.packed_skeletons import read_skeletons
from trainer.inputs.body_tree import JOINTS, PELVIS
from trainer.inputs.lifter_clip import CLIP_LENGTH

H36M_TRAINING = ("S1", "S5", "S6", "S7", "S8")
_LIMBS = list(LIMB_JOINTS)
_MIRRORED = [_LIMBS.index(BODY_21.mirror[joint]) for joint in _LIMBS]
_SHOULDERS, _HIPS = [0, 1], [6, 7]  # among the limb joints
_THORAX = BODY_21.index("thorax")


class ComparisonViews:
    """Draws batches of Human3.6M at 10 Hz: a moment of a sequence as one of its cameras saw it, half of them mirrored,
    half of them with the person turned on the spot by any angle.

    Args:
        root: Folder of the set.
        subjects: Whose sequences.
    """

    def __init__(self, root: Path, subjects: tuple[str, ...] = H36M_TRAINING) -> None:
        with np.load(root / "cameras.npz") as file:
            of_subject = [np.flatnonzero(file["subject"] == subject) for subject in subjects]
            places = {key: torch.from_numpy(file[key]).float() for key in ("R", "T", "f", "k", "p")}
        self._rotation, self._place, self._focal = places["R"], places["T"] / 1000, places["f"]
        self._radial, self._tangential = places["k"], places["p"]
        world, first, cameras = [], [], []
        start = 0
        for name, joints in read_skeletons(root / H36M_FILE, "xyz_mm"):
            if (subject := name.split("/", 1)[0]) in subjects:
                length = len(joints)
                world.append(joints[:, [*H36M_LIMBS, 0]])
                first.append(np.full(length, start))
                cameras.append(np.tile(of_subject[subjects.index(subject)][:4], (length, 1)))
                start += length
        self._world = torch.from_numpy(np.concatenate(world).astype(np.float32) / 1000)  # (F, 13, 3): limbs, pelvis
        self._first = torch.from_numpy(np.concatenate(first))
        self._cameras = torch.from_numpy(np.concatenate(cameras))

    def draw(self, count: int, seed: int, *, changed: bool = True) -> LiftingBatch:
        """Draw a batch of clips; the same seed gives the same batch.

        Args:
            count: N, how many clips.
            seed: Of all that is random.
            changed: Whether people are mirrored and turned.
        """
        generator = torch.Generator().manual_seed(seed)
        newest = torch.randint(len(self._world), (count,), generator=generator)
        moments = newest[:, None] - torch.arange(CLIP_LENGTH - 1, -1, -1)
        world = self._world[torch.maximum(moments, self._first[newest][:, None])]  # (N, T, 13, 3), Z up
        row = torch.randint(self._cameras.shape[1], (count, 1), generator=generator)
        camera = self._cameras[newest].gather(1, row)[:, 0]
        if changed:
            world = _turned(_mirrored(world, generator), generator)
        seen = torch.einsum("nij,ntkj->ntki", self._rotation[camera], world - self._place[camera][:, None, None])
        limbs, pelvis = seen[:, :, :12], seen[:, -1, 12]
        joints = torch.zeros(count, JOINTS, 3)
        to_sight = _from_optical_axis(torch.nn.functional.normalize(pelvis, dim=-1)).mT
        joints[:, _LIMBS] = torch.einsum("nij,nkj->nki", to_sight, limbs[:, -1] - pelvis[:, None])
        known = torch.zeros(count, JOINTS, dtype=torch.bool)
        known[:, [*_LIMBS, PELVIS]] = True
        return LiftingBatch(_poses(self._project(limbs, camera)), joints, known)

    def _project(self, limbs: torch.Tensor, camera: torch.Tensor) -> torch.Tensor:
        """Joints (N, T, 12, 3) in the camera's axes → pixels (N, T, 12, 2) about the image centre, bent by the lens."""
        flat = limbs[..., :2] / limbs[..., 2:]
        k, p = self._radial[camera][:, None, None], self._tangential[camera][:, None, None]
        square = flat.square().sum(-1)
        radial = 1 + k[..., 0] * square + k[..., 1] * square**2 + k[..., 2] * square**3
        x, y = flat.unbind(-1)
        product = 2 * x * y
        bent = torch.stack(
            [
                x * radial + p[..., 0] * product + p[..., 1] * (square + 2 * x**2),
                y * radial + p[..., 1] * product + p[..., 0] * (square + 2 * y**2),
            ],
            -1,
        )
        return bent * self._focal[camera][:, None, None]


def _mirrored(world: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Half of the people (N, T, 13, 3) mirrored at a wall through their newest pelvis."""
    chosen = torch.rand(len(world), generator=generator) < 0.5
    pelvis = world[:, -1:, 12:]
    flipped = (world - pelvis)[:, :, [*_MIRRORED, 12]] * torch.tensor([-1.0, 1.0, 1.0]) + pelvis
    return torch.where(chosen[:, None, None, None], flipped, world)


def _turned(world: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Half of the people (N, T, 13, 3) turned about the vertical axis through their newest pelvis, with their way."""
    angle = (torch.rand(len(world), generator=generator) * 2 - 1) * np.pi
    angle = torch.where(torch.rand(len(world), generator=generator) < 0.5, angle, torch.zeros(()))
    cosine, sine, zero, one = angle.cos(), angle.sin(), torch.zeros_like(angle), torch.ones_like(angle)
    turn = torch.stack([cosine, -sine, zero, sine, cosine, zero, zero, zero, one], -1).unflatten(-1, (3, 3))
    pelvis = world[:, -1:, 12:]
    return torch.einsum("nij,ntkj->ntki", turn, world - pelvis) + pelvis


def _from_optical_axis(sight: torch.Tensor) -> torch.Tensor:
    """The smallest rotations (N, 3, 3) from the optical axis to lines of sight (N, 3), as
    `trainer.evaluate.lifting.from_line_of_sight` has them.
    """
    x, y, z = sight.unbind(-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, zero, x, zero, zero, y, -x, -y, zero], -1).unflatten(-1, (3, 3))
    return torch.eye(3) + cross + cross @ cross / (1 + z)[:, None, None]


def _poses(limbs: torch.Tensor) -> torch.Tensor:
    """Limb joints (N, T, 12, 2) → poses (N, T, 21, 3) with thorax and pelvis; the rest is unseen."""
    poses = limbs.new_zeros(*limbs.shape[:2], JOINTS, 3)
    poses[:, :, _LIMBS, :2], poses[:, :, _LIMBS, 2] = limbs, 1
    for joint, sides in ((_THORAX, _SHOULDERS), (PELVIS, _HIPS)):
        poses[:, :, joint, :2], poses[:, :, joint, 2] = limbs[:, :, sides].mean(2), 1
    return poses
