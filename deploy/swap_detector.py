"""Put the published YOLOX-nano, persons only, in place of a bundle's detector: ``python -m deploy.swap_detector``.

The graph takes what the bundle's detector takes, so that nothing else of the bundle changes. The manifest gets the
graph's hash, the comparison with PyTorch and the new detection score.
"""

import argparse
import hashlib
import json
import shutil
from dataclasses import asdict
from importlib import resources
from pathlib import Path

import av
import torch

from deploy.export import export_onnx
from deploy.package import checked, put_in_place, round_weights
from deploy.wrap import PersonDetectorGraph
from edgeact.bundle import MANIFEST_NAME, Bundle, load_bundle
from edgeact.geometry import letterbox
from trainer.models.person_detector import PersonDetector, load_yolox


def swap_detector(bundle: Path, weights: Path, *, score: float, history: str) -> Bundle:
    """Replace the detector of a bundle; the folder is put in place when it is whole.

    Args:
        bundle: Folder of a bundle whose graph ``detector`` takes one picture (1, H, W, 3) uint8.
        weights: The published YOLOX-nano as ``.onnx``.
        score: The new detection score, chosen on validation pictures.
        history: What the manifest says of the swap, before what it says already.

    Raises:
        BundleError: The folder is no bundle.
        SourceNotFoundError, SourceFormatError: See `load_yolox`.
    """
    manifest = load_bundle(bundle).manifest.model_dump(mode="json")
    graph = next(row for row in manifest["graphs"] if row["name"] == "detector")
    network = PersonDetector()
    load_yolox(network, weights)
    module = PersonDetectorGraph(round_weights(network.eval()), iou=manifest["calibration"]["detection_iou"]).eval()
    _, height, width, _ = graph["inputs"][0]["shape"]
    examples = _demo_pictures(width, height)
    partial = bundle.with_name(f".{bundle.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    shutil.copytree(bundle, partial)
    path, names = partial / graph["file"], ["boxes", "scores"]
    export_onnx(module, examples[0], path, input_name="image", output_names=names, dynamic_batch=False)
    manifest["parity"]["detector"] = [asdict(found) for found in checked(module, path, examples, names, ranked=True)]
    graph["sha256"], graph["precision"] = hashlib.sha256(path.read_bytes()).hexdigest(), "float32"
    manifest["calibration"]["detection_score"] = score
    training = manifest["training"]
    training["recipe"]["history"] = f"{history} {training['recipe']['history']}"
    training["recipe"]["quantize"]["graphs"] = []
    for gone in ("rounding", "quantized_with"):
        training.pop(gone, None)
    training.get("metrics", {}).pop("detector", None)
    (partial / MANIFEST_NAME).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    return put_in_place(partial, bundle)


def _demo_pictures(width: int, height: int) -> list[torch.Tensor]:
    """Every fiftieth frame of the packaged demo clip as the detector sees it: (1, height, width, 3) uint8 RGB each."""
    with av.open(str(resources.files("edgeact") / "assets" / "demo.mp4")) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)][::50]
    return [torch.from_numpy(letterbox(frame, width=width, height=height)[None]) for frame in frames]


def main() -> None:
    """Read the arguments and swap."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("bundle", type=Path, help="folder of the bundle; changed in place")
    parser.add_argument("weights", type=Path, help="the published YOLOX-nano, .onnx")
    parser.add_argument("--score", type=float, default=0.4, help="the new detection score")
    parser.add_argument("--history", default="", help="what the manifest and the model card say of the swap")
    chosen = parser.parse_args()
    swap_detector(chosen.bundle, chosen.weights, score=chosen.score, history=chosen.history)


if __name__ == "__main__":
    main()
