"""Motions as a camera and our pose network see them: batches that the lifter trains on.

A random body does a random motion before a random camera. What comes out is what the runtime has, joints in pixels with
confidence, and the newest frame's joints in metres along the camera's line of sight.
"""

from dataclasses import dataclass

import numpy as np
import torch

from edgeact.skeleton import BODY_21, LIMB_JOINTS
from trainer.data.lifting.body import pose_limbs, random_lengths, rotation, swap_limbs, turn_limbs, with_lengths
from trainer.data.lifting.motions import Motions
from trainer.models.body_tree import JOINTS, PELVIS, bones_of, joints_of
from trainer.models.lifter import CLIP_LENGTH, CLIP_STRIDE_SECONDS

_FOCAL = 1000.0  # pixels; the lifter takes sizes out, so that only distances matter
_LIMBS = list(LIMB_JOINTS)
_FACE = list(range(5))
_SPINE = [BODY_21.index(name) for name in ("head_top", "upper_neck", "thorax", "pelvis")]
_SHOULDERS = [BODY_21.index("left_shoulder"), BODY_21.index("right_shoulder")]
_HIPS = [BODY_21.index("left_hip"), BODY_21.index("right_hip")]
# Of which of the thirteen common joints (head, then the limbs) the errors of each of our joints are taken.
_ERROR_OF = [0] * 5 + list(range(1, 13)) + [0, 0, 1, 7]


@dataclass(frozen=True, slots=True, eq=False)
class LiftingBatch:
    """N clips to learn from.

    Attributes:
        poses: (N, T, 21, 3) float32 x, y in pixels, confidence.
        joints: (N, 21, 3) float32 metres of the newest frame: pelvis at the origin, x right, y down, z away along the
            line of sight to the pelvis.
        known: (N, 21) bool which of them are known.
    """

    poses: torch.Tensor
    joints: torch.Tensor
    known: torch.Tensor


class LiftingViews:
    """Draws batches.

    Args:
        motions: What people do.
        bank: ``(M, 13, 3)`` errors of our pose network (`trainer.data.pose_noise.residual_bank`).
    """

    def __init__(self, motions: Motions, bank: np.ndarray) -> None:
        self._joints, self._known = torch.from_numpy(motions.joints), torch.from_numpy(motions.known)
        self._first, self._length = torch.from_numpy(motions.first), torch.from_numpy(motions.length)
        self._rate, self._share = torch.from_numpy(motions.frame_rate), torch.from_numpy(motions.share)
        self._bank = torch.from_numpy(bank)

    def draw(self, count: int, seed: int, *, augment: bool = True, noise: bool = True) -> LiftingBatch:
        """So many clips; the same seed gives the same.

        Args:
            count: N.
            seed: Of all that is random.
            augment: Whether limbs change places and are turned; bodies and cameras are random in any case.
            noise: Whether joints are seen with errors and some are missing.
        """
        generator = torch.Generator().manual_seed(seed)
        joints, known = self._clips(count, generator)
        path = joints[:, :, PELVIS] - joints[:, -1:, PELVIS]
        bones = bones_of(joints)
        if augment:
            bones = self._mixed(bones, generator)
            bones = turn_limbs(bones, generator)
        body = joints_of(with_lengths(bones, random_lengths(count, generator))) + path[:, :, None]
        seen, target = _look(body, generator, augment=augment)
        confidence = known[:, None, :, None].expand(*seen.shape[:3], 1).float()
        poses = torch.cat([seen, confidence], -1)
        if noise:
            poses = self._with_errors(poses, generator)
            poses = _with_gaps(poses, generator)
        return LiftingBatch(poses, target, known)

    def _mixed(self, bones: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Of the people, who come in a random order, the first three tenths get the arms of others, the third and
        fourth tenth their legs, the next two tenths arms and the sixth and half the seventh legs in any posture.
        """
        count = round(0.4 * len(bones))
        other, known = self._clips(count, generator)
        fits, order = known[:, _LIMBS].all(1), torch.arange(len(bones)) / len(bones)
        first = order[:count]
        mixed = swap_limbs(bones[:count], bones_of(other), arms=fits & (first < 0.3), legs=fits & (first >= 0.2))
        last = pose_limbs(
            bones[count:], generator, arms=order[count:] < 0.6, legs=(order[count:] - 0.575).abs() < 0.075
        )
        return torch.cat([mixed, last])

    def _clips(self, count: int, generator: torch.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """Joints (N, T, 21, 3) of clips that end anywhere, half of them mirrored, and which are known (N, 21)."""
        clip = torch.multinomial(self._share, count, replacement=True, generator=generator)
        length, rate = self._length[clip], self._rate[clip]
        end = (torch.rand(count, generator=generator) * length).long().clamp(max=length - 1)
        speed = torch.exp((torch.rand(count, generator=generator) * 2 - 1) * 0.3)
        # Half of the cameras are slow: of each moment the nearest frame is read, as in the runtime.
        camera = torch.where(torch.rand(count, generator=generator) < 0.5, 30.0, 8.0)
        camera = camera + (30.0 - camera) * torch.rand(count, generator=generator)
        moment = torch.arange(CLIP_LENGTH - 1, -1, -1)
        # A quarter of the people have just come into view: their clip repeats the first frame, as the runtime's does.
        since = torch.randint(0, CLIP_LENGTH, (count,), generator=generator)
        new = torch.rand(count, generator=generator) < 0.25
        moment = torch.minimum(moment[None], torch.where(new, since, torch.tensor(CLIP_LENGTH))[:, None])
        seconds = (moment * CLIP_STRIDE_SECONDS * camera[:, None]).round() / camera[:, None]
        frame = (end[:, None] - (seconds * (rate * speed)[:, None]).round().long()).clamp_min(0)
        joints = self._joints[self._first[clip][:, None] + frame]
        known = self._known[clip]
        mirrored = torch.rand(count, generator=generator) < 0.5
        flipped = joints[:, :, list(BODY_21.mirror)] * torch.tensor([-1.0, 1.0, 1.0])
        return (
            torch.where(mirrored[:, None, None, None], flipped, joints),
            torch.where(mirrored[:, None], known[:, list(BODY_21.mirror)], known),
        )

    def _with_errors(self, poses: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
        """Errors of our pose network, blended from one person of the bank to the next every few frames."""
        count, frames = poses.shape[:2]
        keys = 6  # persons of the bank that a clip goes through, at a pace of its own
        rows = torch.randint(len(self._bank), (count, keys + 1), generator=generator)
        pace = torch.rand(count, 1, generator=generator) * keys / frames
        at = (torch.rand(count, 1, generator=generator) + pace * torch.arange(frames)).clamp(max=keys - 1e-3)
        left = at.long()
        blend = (at - left)[..., None, None]
        bank = self._bank[:, _ERROR_OF]
        number = torch.arange(count)[:, None]
        residual = bank[rows[number, left]] * (1 - blend) + bank[rows[number, left + 1]] * blend
        torso = _torso(poses)
        exact = torch.rand(count, 1, 1, 1, generator=generator) < 0.35  # annotated, or a very sure network
        strength = torch.where(exact, 0.0, 0.3 + 0.8 * torch.rand(count, 1, 1, 1, generator=generator))
        jitter = torch.randn(*poses.shape[:3], 2, generator=generator) * torch.where(exact, 0.004, 0.012)
        sure = torch.where(exact, 1.0, residual[..., 2:])
        place = poses[..., :2] + (residual[..., :2] * strength + jitter) * torso
        return torch.cat([place, poses[..., 2:] * sure], -1)


def _torso(poses: torch.Tensor) -> torch.Tensor:
    """Length of the trunk in the picture (N, 1, 1, 1), pixels: the mean over time, no less than a third of its
    height there, for people who bend towards the camera.
    """
    trunk = (poses[:, :, _SHOULDERS, :2].mean(2) - poses[:, :, _HIPS, :2].mean(2)).norm(dim=-1).mean(1)
    limbs = poses[:, :, _LIMBS, :2]
    extent = (limbs.amax((1, 2)) - limbs.amin((1, 2))).amax(-1)
    return torch.maximum(trunk, 0.1 * extent)[:, None, None, None]


def _look(body: torch.Tensor, generator: torch.Generator, *, augment: bool) -> tuple[torch.Tensor, torch.Tensor]:
    """A random camera's picture (N, T, 21, 2) of bodies (N, T, 21, 3) Y up, and the newest frame as it is seen (N, 21,
    3).
    """
    count = len(body)

    def uniform(low: float, high: float) -> torch.Tensor:
        return low + (high - low) * torch.rand(count, generator=generator)

    def about(axis: int, angle: torch.Tensor) -> torch.Tensor:
        vector = torch.zeros(count, 3)
        vector[:, axis] = angle
        return rotation(vector)

    pitch = torch.where(uniform(0, 1) < 0.75, uniform(-10, 30), uniform(-20, 60)).deg2rad()
    roll = torch.randn(count, generator=generator) * np.radians(5)
    axes = torch.tensor([1.0, -1.0, -1.0]).diag()
    to_camera = about(2, -roll) @ axes @ about(0, pitch) @ about(1, uniform(-np.pi, np.pi))
    if augment:  # people lean, and some lie
        tilt = torch.where(uniform(0, 1) < 0.04, uniform(60, 90), uniform(-8, 8)).deg2rad()
        to_camera = to_camera @ about(0, tilt) @ about(1, uniform(-np.pi, np.pi))
    distance = torch.exp(uniform(np.log(1.8), np.log(12.0)))
    seen = torch.einsum("nij,ntkj->ntki", to_camera, body)
    target = seen[:, -1] - seen[:, -1, PELVIS : PELVIS + 1]
    seen = seen + torch.stack([torch.zeros(count), torch.zeros(count), distance], -1)[:, None, None]
    # The person stands anywhere in the picture: the optical axis is turned away from the line of sight.
    off = about(1, torch.randn(count, generator=generator) * np.radians(11)) @ about(
        0, torch.randn(count, generator=generator) * np.radians(6)
    )
    seen = torch.einsum("nij,ntkj->ntki", off, seen)
    return seen[..., :2] / seen[..., 2:].clamp_min(0.4) * _FOCAL, target


def _with_gaps(poses: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Joints that are not seen: faces and spines that a data set lacks, legs below a picture's edge, single joints for
    a while.
    """
    count, frames = poses.shape[:2]
    chance = torch.rand(4, count, generator=generator)
    absent = torch.zeros(count, JOINTS, dtype=torch.bool)
    absent[:, _FACE] |= (chance[0] < 0.3)[:, None]
    absent[:, _SPINE] |= (chance[1] < 0.3)[:, None]
    poses = torch.where(absent[:, None, :, None], torch.zeros(()), poses)
    hidden = torch.zeros(count, frames, JOINTS, dtype=torch.bool)
    knees_down, hips_down = list(range(13, 17)), list(range(11, 17))
    hidden[:, :, knees_down] |= (chance[2] < 0.08)[:, None, None]
    hidden[:, :, hips_down] |= (chance[2] < 0.03)[:, None, None]
    start = torch.randint(0, frames, (2, count), generator=generator)
    joint = torch.randint(0, JOINTS, (2, count), generator=generator)
    for first, which in zip(start, joint, strict=True):
        lost = (torch.arange(frames)[None] >= first[:, None]) & (chance[3] < 0.4)[:, None]
        hidden |= lost[:, :, None] & (torch.arange(JOINTS)[None, None] == which[:, None, None])
    torso = _torso(poses)
    wrong = poses[..., :2] + torch.randn(count, 1, JOINTS, 2, generator=generator) * 0.5 * torso
    lost_poses = torch.cat([wrong, poses[..., 2:] * 0.15], -1)
    return torch.where(hidden[..., None], lost_poses, poses)
