"""What rounding costs: validation scores of a bundle, and the refusal of one that lost too much against another."""

from edgeact.bundle import Bundle
from edgeact.errors import BundleError
from trainer.folders import Folders
from trainer.measure.detector import evaluate_detector
from trainer.measure.pose import evaluate_pose


def validation_scores(bundle: Bundle, folders: Folders) -> dict[str, float]:
    """PCK@0.2 of the pose graph and AP at IoU .5 of the detector, by graph and set, on validation pictures."""
    pose = evaluate_pose(bundle, folders.pose, teachers=None, split="validation")
    detector = evaluate_detector(bundle, folders.detector, split="validation")
    return {f"pose {name}": row["pck_0.2"] for name, row in pose.items()} | {
        f"detector {name}": row["ap_50"] for name, row in detector.items()
    }


def refuse_drop(before: dict[str, float], after: dict[str, float], *, largest: float) -> None:
    """Compare scores of the same sets.

    Raises:
        BundleError: One of them fell by more than ``largest``; all that did are named.
    """
    worse = [
        f"{name} {before[name]:.4f} → {after[name]:.4f}" for name in before if not before[name] - after[name] <= largest
    ]
    if worse:
        raise BundleError(
            f"quantisation costs more than {largest:g}: {', '.join(worse)}; give it more pictures, or take the "
            "graph out of quantize.graphs"
        )
