"""The formats that results can be written in, in words, for the help page; imports nothing heavy."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True)
class Kind:
    """A format.

    Attributes:
        writes: What it is.
        left_out: What a result has and the format has no place for.
    """

    writes: str
    left_out: str


KINDS: Mapping[str, Kind] = MappingProxyType(
    {
        "coco": Kind(
            "COCO keypoints, one JSON file",
            "head top, neck, thorax and pelvis, 3D, parts, attention maps, readings of the scene, the probabilities of "
            "actions; the pictures themselves. Keys of its own keep time, track_id, action and keypoint_confidence",
        ),
        "mot": Kind(
            "MOTChallenge, one text file",
            "joints, parts, actions, attention maps, readings of the scene, times, frames without anybody",
        ),
        "openpose": Kind(
            "OpenPose's BODY_25, a folder with a JSON file for each frame",
            "head top, upper neck, boxes, parts, actions, attention maps, readings of the scene, times. "
            "Its feet, hands and face are empty; its neck is our thorax",
        ),
        "csv": Kind(
            "a table with a row for each person in each frame",
            "frames without anybody, attention maps, the header (source, settings, bones)",
        ),
        "parquet": Kind(
            'the same table as Parquet; needs pip install "edgeact[tables]"',
            "frames without anybody, attention maps",
        ),
    }
)
