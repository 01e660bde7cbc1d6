"""UR Fall Detection (Kwolek and Kepski, 2014): ``fall-NN-camN-rgb`` and ``adl-NN-cam0-rgb`` (a PNG a frame) or
``….mp4``, and ``urfall-cam0-falls.csv`` and ``urfall-cam0-adls.csv`` with the posture in each frame.

Both cameras see the same fall at once: the sequence is the source.
"""

from pathlib import Path

from edgeact.errors import SourceNotFoundError
from trainer.data.sample import Sample, SampleSet
from trainer.data.sets.files import frames_or_video, read_lines

ACTIONS = ("daily", "fall")
# Of the tables' third column.
NOT_LYING, FALLING, LYING = -1, 0, 1
_TABLES = ("urfall-cam0-falls.csv", "urfall-cam0-adls.csv")


def read_ur_fall(root: Path) -> SampleSet:
    """Every recording of every camera; the set has no split of its own.

    Raises:
        SourceNotFoundError: There is no recording.
    """
    found = sorted({_recording(path) for pattern in ("*-rgb", "*.mp4") for path in root.glob(pattern)} - {""})
    if not found:
        raise SourceNotFoundError(
            f"{root} has no fall-NN-camN-rgb and no fall-NN-camN.mp4; give the folder that UR Fall was unpacked into"
        )
    samples = []
    for name in found:
        media = frames_or_video(root / f"{name}-rgb", root / f"{name}.mp4")
        samples.append(Sample(name, name.rpartition("-")[0], media, actions=(int(name.startswith("fall")),)))
    return SampleSet("ur_fall", tuple(samples), ACTIONS)


def read_postures(root: Path) -> dict[str, dict[int, int]]:
    """By sequence and frame (from 1), `NOT_LYING`, `FALLING` or `LYING`, of camera 0; frames without a person lack.

    Raises:
        SourceNotFoundError, SourceFormatError: No table is there, or one is no text.
    """
    tables = [root / name for name in _TABLES if (root / name).is_file()]
    if not tables:
        raise SourceNotFoundError(f"{root} has no {' and no '.join(_TABLES)}; copy the tables of UR Fall into it")
    postures: dict[str, dict[int, int]] = {}
    for table in tables:
        for line in read_lines(table, "the postures of UR Fall"):
            sequence, frame, posture = line.split(",")[:3]
            postures.setdefault(sequence, {})[int(frame)] = int(posture)
    return postures


def _recording(path: Path) -> str:
    name = path.name.removesuffix(".mp4").removesuffix("-rgb")
    return name if name.startswith(("fall-", "adl-")) and "-cam" in name and "-d" not in name else ""
