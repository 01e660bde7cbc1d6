"""Motions as a camera and our pose network see them: batches that the lifter trains on.

A random body does a random motion before a random camera. What comes out is what the runtime has, joints in pixels with
confidence, and the newest frame's joints in metres along the camera's line of sight.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import torch
from pydantic import Field, model_validator

from edgeact.skeleton import BODY_21, LIMB_JOINTS
from trainer.data.lifting.body import pose_limbs, random_lengths, rotation, swap_limbs, turn_limbs, with_lengths
from trainer.data.lifting.motions import Motions
from trainer.inputs.body_tree import JOINTS, PELVIS, bones_of, joints_of
from trainer.inputs.lifter_clip import CLIP_LENGTH, CLIP_STRIDE_SECONDS
from trainer.recipe_fields import Ratio, Record

_FOCAL = 1000.0  # pixels; the lifter takes sizes out, so that only distances matter
_LIMBS = list(LIMB_JOINTS)
_FACE = list(range(5))
_SPINE = [BODY_21.index(name) for name in ("head_top", "upper_neck", "thorax", "pelvis")]
_SHOULDERS = [BODY_21.index("left_shoulder"), BODY_21.index("right_shoulder")]
_HIPS = [BODY_21.index("left_hip"), BODY_21.index("right_hip")]
# Of which of the thirteen common joints (head, then the limbs) the errors of each of our joints are taken.
_ERROR_OF = [0] * 5 + list(range(1, 13)) + [0, 0, 1, 7]


_PositiveRatio = Annotated[float, Field(gt=0, le=1)]


class LiftingAugmentation(Record):
    """How far postures and pictures are from those that were recorded.

    Attributes:
        other_limbs: Share of the people who get arms or legs of others.
        posed_limbs: Share of the people whose arms or legs take a posture of their own.
        turned_degrees: Typical turn of each limb, of the head and of the trunk.
        exact: Share of the people whose joints are seen without our pose network's errors.
    """

    other_limbs: _PositiveRatio
    posed_limbs: _PositiveRatio
    turned_degrees: Annotated[float, Field(ge=0, le=180)]
    exact: Ratio

    @model_validator(mode="after")
    def _shares_of_one(self) -> "LiftingAugmentation":
        if self.other_limbs + self.posed_limbs > 1:
            raise ValueError(f"other_limbs {self.other_limbs} and posed_limbs {self.posed_limbs} are more than all")
        return self


USUAL = LiftingAugmentation(other_limbs=0.4, posed_limbs=0.25, turned_degrees=12.0, exact=0.35)
# For the end of a training: limbs that move by themselves teach postures that no clip holds, but they hide how people
# walk, and it is people who stand and walk that will be seen most.
MILD = LiftingAugmentation(other_limbs=0.15, posed_limbs=0.15, turned_degrees=6.0, exact=0.5)


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

    def draw(self, count: int, seed: int, strength: LiftingAugmentation | None, *, noise: bool = True) -> LiftingBatch:
        """So many clips; the same seed gives the same.

        Args:
            count: N.
            seed: Of all that is random.
            strength: How far postures are from those of the clips; None leaves them as they are. Bodies and cameras
                are random in any case.
            noise: Whether joints are seen with errors and some are missing.
        """
        generator = torch.Generator().manual_seed(seed)
        joints, known = self._clips(count, generator)
        path = joints[:, :, PELVIS] - joints[:, -1:, PELVIS]
        bones = bones_of(joints)
        if strength is not None:
            bones = self._mixed(bones, generator, strength)
            bones = turn_limbs(bones, generator, degrees=strength.turned_degrees)
        body = joints_of(with_lengths(bones, random_lengths(count, generator))) + path[:, :, None]
        seen, target = _look(body, generator, tilted=strength is not None)
        confidence = known[:, None, :, None].expand(*seen.shape[:3], 1).float()
        poses = torch.cat([seen, confidence], -1)
        if noise:
            poses = self._with_errors(poses, generator, exact=(strength or USUAL).exact)
            poses = _with_gaps(poses, generator)
        return LiftingBatch(poses, target, known)

    def _mixed(self, bones: torch.Tensor, generator: torch.Generator, strength: LiftingAugmentation) -> torch.Tensor:
        """Of the people, who come in a random order, the first get arms (three quarters of them) or legs (the last
        half) of others, the next take up a posture with their arms (four fifths) or legs (three fifths).
        """
        order = torch.arange(len(bones)) / len(bones)
        count = round(strength.other_limbs * len(bones))
        other, known = self._clips(count, generator)
        fits, first = known[:, _LIMBS].all(1), order[:count] / strength.other_limbs
        mixed = swap_limbs(bones[:count], bones_of(other), arms=fits & (first < 0.75), legs=fits & (first >= 0.5))
        last = (order[count:] - strength.other_limbs) / strength.posed_limbs
        return torch.cat(
            [mixed, pose_limbs(bones[count:], generator, arms=last < 0.8, legs=(last >= 0.4) & (last < 1.0))]
        )

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

    def _with_errors(self, poses: torch.Tensor, generator: torch.Generator, *, exact: float) -> torch.Tensor:
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
        is_exact = torch.rand(count, 1, 1, 1, generator=generator) < exact  # annotated, or a very sure network
        strength = torch.where(is_exact, 0.0, 0.3 + 0.8 * torch.rand(count, 1, 1, 1, generator=generator))
        jitter = torch.randn(*poses.shape[:3], 2, generator=generator) * torch.where(is_exact, 0.004, 0.012)
        sure = torch.where(is_exact, 1.0, residual[..., 2:])
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


def _look(body: torch.Tensor, generator: torch.Generator, *, tilted: bool) -> tuple[torch.Tensor, torch.Tensor]:
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
    if tilted:  # people lean, and some lie
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
