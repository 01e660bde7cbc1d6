"""How a box moves: a Kalman filter in seconds, so that frame rate and dropped frames do not matter.

Centre, width and height are filtered apart, each by position and velocity. The velocity decays (an Ornstein-Uhlenbeck
process), so that a track that is not seen for a while comes to rest instead of flying out of the picture. Matrices are
named as in Kalman's equations.
"""

import math

import numpy as np
import numpy.typing as npt

from edgeact.types import Float32

# All in units of the box's height, because nearness to the camera scales every motion.
_VELOCITY_DRIFT = np.array(
    [3.0, 3.0, 1.0, 1.0]
)  # standard deviation that a velocity gains in a second: a push or a jump for the centre
_VELOCITY_SECONDS = np.array([0.5, 0.5, 0.2, 0.2])  # a velocity that is not seen again fades with this time constant
_START_VELOCITY = np.array([0.7, 0.4, 0.2, 0.2])  # heights per second of a person who comes into view: walking

# How far a seen box may be from the truth, in heights: centre x, y, width, height. Arms move a box's width more than
# anything else.
_BOX_DEVIATION = np.array([0.03, 0.03, 0.06, 0.04])


class BoxMotion:
    """Where a box is and how it moves.

    Args:
        box: ``(4,)`` x_min, y_min, x_max, y_max in pixels, as first seen.
        time: When, in seconds.
    """

    __slots__ = ("_box", "_covariance", "_mean", "_time")

    def __init__(self, box: Float32, time: float) -> None:
        self._time = time
        self._box: Float32 | None = None  # that of `_mean`, kept because it is asked for some ten times a frame
        self._mean = np.stack(
            [_to_centre(box), np.zeros(4)], axis=1
        )  # (4, 2): centre x, y, width, height by position, velocity
        height = self._scale
        self._covariance = np.zeros((4, 2, 2))
        self._covariance[:, 0, 0] = (_BOX_DEVIATION * height) ** 2
        self._covariance[:, 1, 1] = (_START_VELOCITY * height) ** 2

    @property
    def _scale(self) -> float:
        return max(float(self._mean[3, 0]), 1.0)

    @property
    def box(self) -> Float32:
        """The box at the time of the last `predict` or `update`, ``(4,)`` float32, read-only; its sides are at least
        one pixel.
        """
        if self._box is None:
            centre, size = self._mean[:2, 0], np.maximum(self._mean[2:, 0], 1.0)
            self._box = np.concatenate([centre - size / 2, centre + size / 2]).astype(np.float32)
            self._box.flags.writeable = False
        return self._box

    @property
    def velocity(self) -> npt.NDArray[np.float64]:
        """Of the centre, ``(2,)`` pixels per second."""
        return self._mean[:2, 1].copy()

    def predict(self, time: float) -> Float32:
        """Move on to a later time and return the box there."""
        seconds = time - self._time
        if seconds <= 0.0:
            return self.box
        decay = np.exp(-seconds / _VELOCITY_SECONDS)
        F = np.zeros((4, 2, 2))
        F[:, 0, 0] = 1.0
        F[:, 0, 1] = _VELOCITY_SECONDS * (1.0 - decay)
        F[:, 1, 1] = decay
        # White noise on the velocity, integrated over the time that passed.
        density = (_VELOCITY_DRIFT * self._scale) ** 2
        Q = density[:, None, None] * np.array([[seconds**3 / 3, seconds**2 / 2], [seconds**2 / 2, seconds]])
        self._mean = (F @ self._mean[:, :, None])[:, :, 0]
        self._covariance = F @ self._covariance @ F.transpose(0, 2, 1) + Q
        self._time, self._box = time, None
        return self.box

    def update(self, box: Float32) -> None:
        """Take in where the box was seen now."""
        R = (_BOX_DEVIATION * self._scale) ** 2
        S = self._covariance[:, 0, 0] + R
        K = self._covariance[:, :, 0] / S[:, None]  # (4, 2)
        innovation = _to_centre(box) - self._mean[:, 0]
        self._mean, self._box = self._mean + K * innovation[:, None], None
        self._covariance = self._covariance - K[:, :, None] * self._covariance[:, None, 0, :]

    def rest(self) -> None:
        """Take it that the box stands still now."""
        self._mean[:, 1] = 0.0

    def uncertainty(self) -> float:
        """Standard deviation of the centre, in heights: how far from the box the person may be."""
        return math.sqrt(float(self._covariance[:2, 0, 0].max())) / self._scale


def _to_centre(box: Float32) -> npt.NDArray[np.float64]:
    x_min, y_min, x_max, y_max = (float(value) for value in box)
    return np.array([(x_min + x_max) / 2, (y_min + y_max) / 2, x_max - x_min, y_max - y_min])
