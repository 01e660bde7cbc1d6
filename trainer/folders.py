"""Where a training finds its data and keeps its work."""

from dataclasses import dataclass
from pathlib import Path

TINYPOSE_FILE = "tinypose_256x192.onnx"  # labels frames, and gives the pose network its first weights


@dataclass(frozen=True, slots=True)
class Folders:
    """Attributes: the data sets, the teacher networks, and the folder that everything made on the way goes to."""

    data: Path
    teachers: Path
    work: Path

    @property
    def labels(self) -> Path:
        """What the teachers said of each frame."""
        return self.work / "labels"

    @property
    def studio(self) -> Path:
        """Rendered pictures."""
        return self.work / "studio"

    @property
    def pose(self) -> Path:
        """Patches of persons."""
        return self.work / "pose"

    @property
    def detector(self) -> Path:
        """Pictures with boxes."""
        return self.work / "detector"

    @property
    def tracks(self) -> Path:
        """Joints of real clips as the runtime finds them."""
        return self.work / "tracks"

    @property
    def pose_errors(self) -> Path:
        """Errors of the pose graph on held-out persons."""
        return self.work / "pose_errors.npz"

    @property
    def imagenet(self) -> Path:
        """Weights that the detector's backbone starts from."""
        return self.teachers / "mobilenet_v2_imagenet_fp16.safetensors"

    @property
    def tinypose(self) -> Path:
        """Weights that the pose network starts from."""
        return self.teachers / TINYPOSE_FILE

    def network(self, name: str) -> Path:
        """Checkpoint of a training: ``pose_teacher``, ``pose``, ``detector`` or ``action``."""
        return self.work / f"{name}_net" / "checkpoint.pt"
