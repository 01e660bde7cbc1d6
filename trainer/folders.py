"""Where a training finds its data and keeps its work."""

from dataclasses import dataclass
from pathlib import Path

# What data sets call the folder of their pictures; Stanford 40's official layout has the second.
PICTURE_FOLDERS = ("images", "JPEGImages")

TINYPOSE_FILE = "tinypose_256x192.onnx"  # labels frames, and gives the pose network its first weights
YOLOX_FILE = "yolox_nano.onnx"  # is the detector


def picture_folder(data_set: Path) -> Path:
    """Return a data set's picture folder: the first of `PICTURE_FOLDERS` that exists, or the first name."""
    wanted = [data_set / name for name in PICTURE_FOLDERS]
    return next((folder for folder in wanted if folder.is_dir()), wanted[0])


@dataclass(frozen=True, slots=True)
class Folders:
    """Where everything lies.

    Attributes:
        data: The data sets, a folder each.
        teachers: The teacher networks.
        work: What is made on the way: labels, patches, and for each bundle its checkpoints and tracks.
        snapshots: Whole data sets of which ``data`` holds a part or smaller pictures: ``NAME``, with pictures in
            ``images`` or ``JPEGImages``, stands for the folder of the same name under ``data``. None where there are
            none.
    """

    data: Path
    teachers: Path
    work: Path
    snapshots: Path | None = None

    def data_set(self, name: str) -> Path:
        """The folder of a data set: the whole snapshot where there is one."""
        if self.snapshots is not None and picture_folder(self.snapshots / name).is_dir():
            return self.snapshots / name
        return self.data / name

    @property
    def labels(self) -> Path:
        """What the teachers said of each frame."""
        return self.work / "labels"

    @property
    def agreed_labels(self) -> Path:
        """Labels of persons whose joints two teachers named (`trainer.precomputed.second_opinion`)."""
        return self.work / "agreed_labels"

    @property
    def pose(self) -> Path:
        """Patches of persons."""
        return self.work / "pose"

    @property
    def detector_pictures(self) -> Path:
        """Pictures with boxes that the detector learns from."""
        return self.work / "detector" / "pictures.jsonl"

    @property
    def tinypose(self) -> Path:
        """Weights that the pose network starts from."""
        return self.teachers / TINYPOSE_FILE

    @property
    def yolox(self) -> Path:
        """Weights of the detector."""
        return self.teachers / YOLOX_FILE

    def tracks(self, bundle: str) -> Path:
        """Joints of real clips as a bundle finds them."""
        return self.work / bundle / "tracks"

    @property
    def action_renders(self) -> Path:
        """Rendered clips that the action network learns from, the same for every bundle."""
        return self.work / "action_renders"

    def pose_errors(self, bundle: str) -> Path:
        """Errors of a bundle's pose graph on held-out persons."""
        return self.work / bundle / "pose_errors.npz"

    @property
    def teacher_poses(self) -> Path:
        """3D poses that BlazePose saw in pictures, for the lifter to train on."""
        return self.work / "lifter" / "teacher_poses.npz"

    def network(self, bundle: str, name: str) -> Path:
        """Checkpoint of a bundle's training: ``detector``, ``pose``, ``action`` or ``lifter``. An older
        ``checkpoint.pt`` is read.
        """
        return self.work / bundle / f"{name}_net" / "checkpoint.safetensors"
