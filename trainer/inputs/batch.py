"""What networks of the papers are given at once: pictures or clips, with whatever their data sets say of them."""

from dataclasses import dataclass

import torch

MISSING = -1  # labels of this value mark a task that a sample has no annotation for (paper A, section 3.6)


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Pictures or clips with whatever is known of each; what is missing is said, never guessed.

    Attributes:
        pixels: ``(N, H, W, 3)`` pictures or ``(N, T, H, W, 3)`` clips, uint8 RGB.
        labels: ``(N,)`` int64 actions or, where several may be done at once, ``(N, A)`` int64 0 and 1; `MISSING` where
            nobody said.
        boxes: ``(N, 4)`` float32 x_min, y_min, x_max, y_max of the person in pixels; NaN where nobody said.
        joints: ``(N, 16, 2)`` float32 x, y in pixels in the order of MPII; −1 where nobody said.
        depth: ``(N, 16)`` float32 metres that joints lie farther from the camera than the pelvis; NaN where nobody
            said, None where nobody did of any.
    """

    pixels: torch.Tensor
    labels: torch.Tensor
    boxes: torch.Tensor
    joints: torch.Tensor
    depth: torch.Tensor | None = None

    def to(self, device: torch.device) -> "Batch":
        """The same on a device."""
        pixels, labels, boxes, joints = (
            value.to(device) for value in (self.pixels, self.labels, self.boxes, self.joints)
        )
        return Batch(pixels, labels, boxes, joints, None if self.depth is None else self.depth.to(device))

    @property
    def has_action(self) -> torch.Tensor:
        """Which samples have an action: ``(N,)`` bool."""
        return self.labels != MISSING if self.labels.ndim == 1 else (self.labels != MISSING).all(1)

    @property
    def has_box(self) -> torch.Tensor:
        """Which samples have a box: ``(N,)`` bool."""
        return self.boxes.isfinite().all(1)

    @property
    def has_pose(self) -> torch.Tensor:
        """Which samples have a joint at all: ``(N,)`` bool."""
        return (self.joints != MISSING).flatten(1).any(1)
