"""Every attention map of one photo and one clip, side by side with what each shows.

``python -m trainer.attribution.gallery --data <data> --teachers <teachers> --photo <photo> --clip <video> --out
<folder>`` trains the small networks of `demonstrators` and `clip_demonstrator`, some fifteen minutes, and writes
``photo.png`` and ``clip.png``. The joints' maps of the compact network come from the bundle that ships. An average over
layers has no tile of its own: beside the sum it differs in scale only, which no colour shows.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, TypeAlias

import cv2
import numpy as np
import torch
import typer
from torch.nn import functional

from edgeact.bundle.load import load_bundle
from edgeact.engine.engine import Engine
from edgeact.errors import SourceNotFoundError
from edgeact.geometry import letterbox
from edgeact.perception.detect import Detector
from edgeact.perception.pose import PoseEstimator
from trainer.attribution.cam3d import cam3d, sum_cam3d
from trainer.attribution.clip_demonstrator import ClipDemonstrator, fit_clip_demonstrator, read_clip, to_input
from trainer.attribution.demonstrators import SIDE, Demonstrators, fit_demonstrators, normalised
from trainer.attribution.gradcam import cam, gradcam, sum_gradcam
from trainer.attribution.upsample import upsample
from trainer.data.read_picture import read_rgb
from trainer.layers.attentional_pooling import merged_attention
from trainer.models.body_part_aware import PARTS
from trainer.models.compact_classifier import CompactClassifier, load_folded_classifier
from trainer.models.loss_guided import predicting_activations, sum_of_activations

# Adds a tile: a map, its title, its note.
Add: TypeAlias = Callable[[torch.Tensor, str, str], None]

_COLUMNS = 5
_CAPTION = 34  # pixels under each tile, for two lines
_FONT, _INK, _PAPER = cv2.FONT_HERSHEY_SIMPLEX, (30, 30, 30), 250


def heat(image: np.ndarray, values: np.ndarray, *, low: float | None = None, high: float | None = None) -> np.ndarray:
    """A picture under a map: the least value leaves the picture dark, the largest is bright yellow.

    Args:
        image: ``(H, W, 3)`` uint8 RGB.
        values: ``(H, W)``.
        low: What counts as the least value, such as the least of a whole clip; None takes the map's.
        high: The same of the largest.
    """
    low, high = float(values.min()) if low is None else low, float(values.max()) if high is None else high
    level = np.zeros(values.shape, np.uint8) if high <= low else ((values - low) / (high - low) * 255).astype(np.uint8)
    colours = cv2.cvtColor(cv2.applyColorMap(level, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    return np.clip(0.45 * image + 0.75 * colours, 0, 255).astype(np.uint8)


def tile(picture: np.ndarray, title: str, note: str = "") -> np.ndarray:
    """A picture with a title and a note under it."""
    paper = np.full((_CAPTION, picture.shape[1], 3), _PAPER, np.uint8)
    for line, text in enumerate((title, note)):
        cv2.putText(paper, text, (3, 13 + 15 * line), _FONT, 0.4, _INK, 1, cv2.LINE_AA)
    return np.vstack([picture, paper])


def sheet(tiles: list[np.ndarray], *, columns: int = _COLUMNS) -> np.ndarray:
    """Tiles of one size in rows, the legend of the colours below them."""
    blank = np.full_like(tiles[0], _PAPER)
    rows = [tiles[start : start + columns] for start in range(0, len(tiles), columns)]
    body = np.vstack([np.hstack([*row, *[blank] * (columns - len(row))]) for row in rows])
    bar = np.tile(np.linspace(0, 255, 240).astype(np.uint8), (12, 1))
    legend = np.full((30, body.shape[1], 3), _PAPER, np.uint8)
    legend[9:21, 62:302] = cv2.cvtColor(cv2.applyColorMap(bar, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    cv2.putText(legend, "least", (20, 20), _FONT, 0.4, _INK, 1, cv2.LINE_AA)
    cv2.putText(
        legend, "most of each map (of a clip's: of all its frames)", (308, 20), _FONT, 0.4, _INK, 1, cv2.LINE_AA
    )
    return np.vstack([body, legend])


def _map(values: torch.Tensor) -> np.ndarray:
    """The first sample's map (h, w) at the photo's size."""
    return upsample(values.detach(), (SIDE, SIDE))[0].numpy()


def photo_tiles(photo: np.ndarray, classifier: CompactClassifier, shown: Demonstrators) -> list[np.ndarray]:
    """Everything that can be asked of one photo (SIDE, SIDE, 3) uint8 RGB."""
    inputs = normalised(photo[None])
    tiles = [tile(photo, "the photo")]

    def add(values: torch.Tensor, title: str, note: str) -> None:
        tiles.append(tile(heat(photo, _map(values)), title, note))

    with torch.no_grad():
        maps, scores = classifier.explained(inputs)
    best, second = scores[0].topk(2).indices.tolist()
    note = f"ImageNet class {best - 1}"
    add(cam(maps["head"], classifier.fc.weight.detach(), (SIDE, SIDE), labels=torch.tensor([best])), "CAM", note)
    for name, values in gradcam(classifier.explained, inputs).items():
        add(values, f"GradCAM {name}", note)
    add(sum_gradcam(classifier.explained, inputs), "Sum GradCAM", note)
    for name, values in cam3d(classifier.explained, inputs).items():
        add(values, f"2DCAM {name}", note)
    add(sum_cam3d(classifier.explained, inputs), "Sum 2DCAM, average alike", note)
    add(
        sum_cam3d(classifier.explained, inputs, counterfactual=True),
        "Sum 2DCAM, counterfactual",
        f"against class {best - 1}",
    )
    add(
        sum_cam3d(classifier.explained, inputs, label=second), "Sum 2DCAM, second class", f"ImageNet class {second - 1}"
    )
    _guided_tiles(inputs, shown, add)
    _pooled_tiles(inputs, shown, add)
    tiles += _part_tiles(photo, inputs, shown)
    joints, whose = _joint_maps(photo)
    add(joints, "what ships: joints' maps, highest", whose)
    return tiles


def _guided_tiles(inputs: torch.Tensor, shown: Demonstrators, add: Add) -> None:
    for network, name in ((shown.unguided, "B without mask"), (shown.guided, "B with mask")):
        with torch.no_grad():
            output = network(inputs)
        label = output.scores.argmax(1)
        said = f"{shown.actions[int(label)]} ({shown.accuracy[name]:.0%} of unseen right)"
        add(sum_of_activations(output.class_maps, normalised=True), f"SAM, {name}", said)
        weights = network.classifier.weight.detach()
        add(predicting_activations(output.class_maps, weights, label, normalised=True), f"PAM, {name}", said)
        if network is shown.guided:
            add(output.human[:, 0], "B: human heat map M*", said)


def _pooled_tiles(inputs: torch.Tensor, shown: Demonstrators, add: Add) -> None:
    with torch.no_grad():
        pooled = shown.pooled(inputs).pooled
    label = int(pooled.scores.argmax())
    said = f"{shown.actions[label]} ({shown.accuracy['D']:.0%} of unseen right)"
    add(pooled.top_down[:, label], "D: top-down", said)
    add(pooled.bottom_up[:, 0], "D: bottom-up", said)
    add(merged_attention(pooled), "D: merged", said)


def _part_tiles(photo: np.ndarray, inputs: torch.Tensor, shown: Demonstrators) -> list[np.ndarray]:
    network = shown.body_part_aware
    with torch.no_grad():
        large = functional.interpolate(inputs, size=256, mode="bilinear", align_corners=False)
        output = network(functional.avg_pool2d(large, 2), large)
        label = output.joined.argmax(1)
        weights = network.part_classifier.weight.unflatten(1, (PARTS, -1))  # side by side, as the parts' features are
        crops = torch.cat(
            [cam(output.part_maps[:, part], weights[:, part], (SIDE, SIDE), labels=label) for part in range(PARTS)]
        )
        maps = {
            "A: joints' heat maps, highest": output.heat_maps.clamp_min(0).amax(1),
            "A: attention map": output.attention.mean(1),
            "A: CAM, image stream": cam(output.image_maps, network.image_classifier.weight, (SIDE, SIDE), labels=label),
            "A: CAM, attention stream": cam(
                output.attended_maps, network.attended_classifier.weight, (SIDE, SIDE), labels=label
            ),
            "A: CAM, part stream": on_photo(crops, output.squares[0]),
        }
    said = f"{shown.actions[int(label)]} ({shown.accuracy['A']:.0%} of unseen right)"
    squares = photo.copy()
    for square, colour in zip(
        output.squares[0].numpy() * SIDE, ((255, 220, 60), (255, 120, 60), (80, 200, 255)), strict=True
    ):
        x0, y0, x1, y1 = (round(float(edge)) for edge in square)
        cv2.rectangle(squares, (x0, y0), (x1, y1), colour, 2)
    return [
        *(tile(heat(photo, _map(values)), title, said) for title, values in maps.items()),
        tile(squares, "A: head, right and left hand", said),
    ]


def on_photo(maps: torch.Tensor, boxes: torch.Tensor) -> torch.Tensor:
    """Maps (P, h, w) of boxes (P, 4), shares of the photo, as one (1, SIDE, SIDE): the highest where they overlap, else
    the least.
    """
    centres = (torch.arange(SIDE) + 0.5) / SIDE
    x, y = ((centres - boxes[:, axis, None]) / (boxes[:, axis + 2, None] - boxes[:, axis, None]) for axis in (0, 1))
    places = torch.stack(
        [x[:, None, :].expand(-1, SIDE, -1), y[:, :, None].expand(-1, -1, SIDE)], -1
    )  # 0..1 within each box
    values = functional.grid_sample(maps[:, None], 2 * places - 1, padding_mode="border", align_corners=False)[:, 0]
    inside = ((places >= 0) & (places <= 1)).all(-1)
    return torch.where(inside, values, maps.min()).amax(0, keepdim=True)


def _joint_maps(photo: np.ndarray) -> tuple[torch.Tensor, str]:
    """The highest of the joints' maps (1, SIDE, SIDE) that the shipped bundle gives the largest person or, without one,
    the whole photo.
    """
    bundle = load_bundle()
    engine = Engine(bundle)
    found = [d.box for d in Detector(engine).detect(photo) if d.score >= bundle.plan.detection.score]
    box = max(
        found, key=lambda box: float(np.prod(box[2:] - box[:2])), default=np.array([0, 0, SIDE, SIDE], np.float32)
    )
    batch = PoseEstimator(engine).estimate(photo, box[None])
    engine.close()
    assert batch.joint_maps is not None
    maps = torch.from_numpy(batch.joint_maps)
    highest = (maps / maps.amax((2, 3), keepdim=True)).amax(1)
    boxes = torch.from_numpy(batch.crop_boxes + 0.5) / SIDE  # 0 is the centre of the first pixel
    return on_photo(highest, boxes), "of the largest person" if found else "nobody found: of the whole photo"


def clip_rows(
    clip: np.ndarray, shown: ClipDemonstrator, *, frames: tuple[int, ...] = (1, 4, 7, 10, 13)
) -> list[np.ndarray]:
    """A row of tiles for each map of a clip (T, H, W, 3) uint8 RGB: the same frames in each."""
    inputs = to_input(clip[None])
    with torch.no_grad():
        layers, scores = shown.network(inputs)
    best, second = scores[0].topk(2).indices.tolist()
    said = f"{shown.actions[best]} ({shown.accuracy:.0%} of unseen right)"
    other = "Sum3DCAM, second class"
    # Of the scores, those of the backbone's classifier: the gates see the layer in another way.
    last, weights = list(layers.values())[-1], shown.classifier.weight.detach()
    rows = {"CAM": cam(last, weights, tuple(inputs.shape[2:]), labels=torch.tensor([best]))}
    rows |= {f"3DCAM {name}": values for name, values in cam3d(shown.network, inputs).items()}
    rows |= {
        "Sum3DCAM, average alike": sum_cam3d(shown.network, inputs),
        "Sum3DCAM, counterfactual": sum_cam3d(shown.network, inputs, counterfactual=True),
        other: sum_cam3d(shown.network, inputs, label=second),
    }
    rows |= {f"GradCAM {name}": values for name, values in gradcam(shown.network, inputs).items()}
    rows["Sum GradCAM"] = sum_gradcam(shown.network, inputs)
    tiles = [_clip_tile(clip[frame], f"the clip, frame {frame}", said) for frame in frames]
    for title, values in rows.items():
        clip_values = values[0].numpy()
        low, high = float(clip_values.min()), float(clip_values.max())
        for frame in frames:
            picture = heat(clip[frame], clip_values[frame], low=low, high=high)
            tiles.append(
                _clip_tile(picture, f"{title}, frame {frame}", shown.actions[second] if title == other else said)
            )
    return tiles


def _clip_tile(picture: np.ndarray, title: str, note: str) -> np.ndarray:
    return tile(cv2.resize(picture, (224, 160), interpolation=cv2.INTER_LINEAR), title, note)


def check_inputs(data: Path, *files: Path) -> None:
    """Say at once what is missing, not after a quarter of an hour.

    Raises:
        SourceNotFoundError: A data set that a demonstrator trains on, or a file, is not there; all are named.
    """
    sets = ("stanford40/labels.csv", "lspet/joints.mat", "ut_interaction/index.csv")
    missing = [str(path) for path in (*(data / name for name in sets), *files) if not path.exists()]
    if missing:
        raise SourceNotFoundError(f"{', '.join(missing)} not found; give --data, --teachers, --photo and --clip")


def _write(path: Path, picture: np.ndarray) -> None:
    cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    typer.echo(f"{path}: {picture.shape[1]}×{picture.shape[0]}")


def main(
    data: Annotated[Path, typer.Option(help="folder of the data sets")],
    teachers: Annotated[Path, typer.Option(help="folder of the teacher networks")],
    photo: Annotated[Path, typer.Option(help="a photo of one person")],
    clip: Annotated[Path, typer.Option(help="a short video of two people")],
    out: Annotated[Path, typer.Option(help="folder for photo.png and clip.png")] = Path("edgeact-attention"),
) -> None:
    """Render every attention map of a photo and a clip."""
    imagenet = teachers / "mobilenet_v2_imagenet_fp16.safetensors"
    check_inputs(data, imagenet, photo, clip)
    torch.set_num_threads(1)  # small networks lose more to waiting for each other's threads than they win
    out.mkdir(parents=True, exist_ok=True)
    picture = letterbox(read_rgb(photo), width=SIDE, height=SIDE)
    tiles = photo_tiles(picture, load_folded_classifier(imagenet), fit_demonstrators(data, imagenet))
    _write(out / "photo.png", sheet(tiles))
    _write(out / "clip.png", sheet(clip_rows(read_clip(clip), fit_clip_demonstrator(data))))


if __name__ == "__main__":
    typer.run(main)
