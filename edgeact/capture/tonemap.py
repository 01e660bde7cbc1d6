"""High dynamic range to standard: what networks have learnt from and screens show.

A picture in PQ or HLG (ITU-R BT.2100) is made light again, its primaries become those of BT.709, and light of up to
1000 cd/m² is pressed below 203 cd/m², the white of standard pictures within such a programme (BT.2408), by the curve of
ITU-R BT.2390 section 5.4 (a Hermite spline over PQ values, per channel): up to about 90 cd/m² nothing changes, above
highlights are rolled off. The result is coded for a screen of BT.1886 (gamma 2.4).

Everything that depends on one channel alone is a table over 65,536 values; between the two tables lies one matrix.
"""

from typing import Any

import cv2
import numpy as np
import numpy.typing as npt

from edgeact.types import UInt8

# FFmpeg's numbers (ISO/IEC 23091-2): AVColorTransferCharacteristic and AVColorPrimaries.
TRANSFER_PQ, TRANSFER_HLG = 16, 18
PRIMARIES_BT709, PRIMARIES_P3 = 1, 12

# cd/m². Most programmes are mastered at 1000, and HLG's nominal screen has that peak; what is brighter is white.
PEAK = 1000.0
WHITE = 203.0
SCREEN_GAMMA = 2.4

# Linear light to BT.709's primaries: from BT.2020's (ITU-R BT.2087) and from those of Display P3.
FROM_BT2020 = np.array([[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], np.float32)
FROM_P3 = np.array([[1.2249, -0.2247, 0.0], [-0.0420, 1.0419, 0.0], [-0.0197, -0.0786, 1.0979]], np.float32)
LUMINANCE = np.array([[0.2627, 0.6780, 0.0593]], np.float32)  # of BT.2020's primaries
HLG_GAMMA = 1.2  # of its nominal screen; applied to luminance, so that colours keep their hue

Table = npt.NDArray[Any]


class ToneMap:
    """Turns pictures of one transfer characteristic and one set of primaries into standard ones."""

    def __init__(self, *, transfer: int, primaries: int) -> None:
        """Work out the tables.

        Args:
            transfer: `TRANSFER_PQ` or `TRANSFER_HLG`.
            primaries: By number; unknown ones are taken for BT.2020's, which the standards demand.
        """
        codes = np.linspace(0.0, 1.0, 65536)
        self._is_hlg = transfer == TRANSFER_HLG
        self._to_light = (_hlg_scene(codes) if self._is_hlg else _pq_light(codes) / PEAK).astype(np.float32)
        self._matrix = {PRIMARIES_BT709: None, PRIMARIES_P3: FROM_P3}.get(primaries, FROM_BT2020)
        # Over square roots of light, because a table over light itself would be too coarse in the dark.
        shown = (_press(codes**2 * PEAK) / WHITE) ** (1 / SCREEN_GAMMA)
        self._to_screen = np.rint(np.clip(shown, 0.0, 1.0) * 255).astype(np.uint8)

    def apply(self, image: npt.NDArray[np.uint16]) -> UInt8:
        """The standard picture.

        Args:
            image: ``(H, W, 3)`` uint16 RGB, coded in PQ or HLG, full range.

        Returns:
            ``(H, W, 3)`` uint8 RGB.
        """
        light = _look_up(self._to_light, image)
        if self._is_hlg:
            light *= cv2.pow(cv2.transform(light, LUMINANCE), HLG_GAMMA - 1.0)[..., None]
        if self._matrix is not None:
            light = cv2.transform(light, self._matrix)
        cv2.threshold(light, 0.0, 0.0, cv2.THRESH_TOZERO, dst=light)  # colours that BT.709 has not
        roots = cv2.sqrt(light, dst=light)
        roots = cv2.addWeighted(roots, 65535.0, roots, 0.0, 0.0, dtype=cv2.CV_16U)  # saturates: beyond the peak is peak
        return _look_up(self._to_screen, roots)


def _look_up(table: Table, image: npt.NDArray[Any]) -> Table:
    if int(cv2.__version__.partition(".")[0]) >= 5:  # older ones know tables of 256 values only
        return np.asarray(cv2.LUT(image, table))
    return np.asarray(table[image])


# The constants of PQ (SMPTE ST 2084) and of HLG (ARIB STD-B67), as BT.2100 gives them.
_M1, _M2, _C1, _C2, _C3 = 1305 / 8192, 2523 / 32, 107 / 128, 2413 / 128, 2392 / 128
_A, _B, _C = 0.17883277, 0.28466892, 0.55991073


def _pq_light(codes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """PQ codes 0..1 to cd/m²."""
    roots = codes ** (1 / _M2)
    return np.asarray(10_000 * (np.maximum(roots - _C1, 0) / (_C2 - _C3 * roots)) ** (1 / _M1))


def _pq_codes(light: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """cd/m² to PQ codes 0..1."""
    powers = (light / 10_000) ** _M1
    return np.asarray(((_C1 + _C2 * powers) / (1 + _C3 * powers)) ** _M2)


def _hlg_scene(codes: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """HLG codes 0..1 to light of the scene, 0..1."""
    return np.where(codes <= 0.5, codes**2 / 3, (np.exp((codes - _C) / _A) + _B) / 12)


def _press(light: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """BT.2390's curve from `PEAK` to `WHITE`, cd/m² to cd/m²."""
    peak, white = (float(_pq_codes(np.array(value))) for value in (PEAK, WHITE))
    highest = white / peak
    knee = 1.5 * highest - 0.5
    codes = _pq_codes(light) / peak
    t = np.clip((codes - knee) / (1 - knee), 0.0, 1.0)
    spline = (2 * t**3 - 3 * t**2 + 1) * knee + (t**3 - 2 * t**2 + t) * (1 - knee) + (3 * t**2 - 2 * t**3) * highest
    return _pq_light(np.where(codes < knee, codes, spline) * peak)
