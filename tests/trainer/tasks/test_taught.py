"""An ONNX file teaches a paper's network, and one that does not fit is refused before any step."""

import hashlib
import json
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

from edgeact.errors import ConfigError, SourceNotFoundError
from tests.trainer.paper_sets import write_stanford40
from trainer.compress.distill import imitate_features
from trainer.fit_paper import train_paper
from trainer.inputs.batch import Batch
from trainer.paper_recipe import load_paper_recipe, paper_recipes
from trainer.task import Task
from trainer.tasks.taught import ActionTeacher, TeacherSettings, taught_task

SHAPE = (8, 8, 3)
REDDER_OR_BLUER = np.array([[0.02, -0.02], [0, 0], [-0.02, 0.02]], np.float32)


def write_teacher(folder: Path, shape: tuple[int | str, ...], weights: np.ndarray = REDDER_OR_BLUER) -> str:
    """Write ``teacher.onnx``, which classifies uint8 samples by their mean colour (softmax of mean colour times
    ``weights``), and return its SHA-256.
    """
    axes = numpy_helper.from_array(np.arange(1, len(shape) - 1), "axes")
    nodes = [
        helper.make_node("Cast", ["pixels"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["float", "axes"], ["colour"], keepdims=0),
        helper.make_node("MatMul", ["colour", "weights"], ["scores"]),
        helper.make_node("Softmax", ["scores"], ["probability"]),
    ]
    given = helper.make_tensor_value_info("pixels", TensorProto.UINT8, shape)
    said = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [shape[0], weights.shape[1]])
        for name in ("probability", "scores")
    ] + [helper.make_tensor_value_info("colour", TensorProto.FLOAT, [shape[0], 3])]
    graph = helper.make_graph(nodes, "colours", [given], said, [axes, numpy_helper.from_array(weights, "weights")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)])
    model.ir_version = 10
    folder.mkdir(parents=True, exist_ok=True)
    onnx.save(model, folder / "teacher.onnx")
    return hashlib.sha256((folder / "teacher.onnx").read_bytes()).hexdigest()


def colours(count: int = 6) -> torch.Tensor:
    """Pictures that are red and blue in turns, with noise."""
    pixels = torch.randint(0, 60, (count, *SHAPE), generator=torch.Generator().manual_seed(0))
    pixels[::2, ..., 0] += 150
    pixels[1::2, ..., 2] += 150
    return pixels.to(torch.uint8)


def unlabelled(pixels: torch.Tensor) -> Batch:
    count = len(pixels)
    return Batch(pixels, torch.full((count,), -1), torch.full((count, 4), torch.nan), torch.full((count, 16, 2), -1.0))


def test_what_nobody_labelled_is_learnt_from_the_teacher(tmp_path: Path) -> None:
    settings = TeacherSettings(file="teacher.onnx", sha256=write_teacher(tmp_path, ("n", "h", "w", 3)))
    torch.manual_seed(0)
    network, batch = nn.Linear(3, 2), unlabelled(colours())

    def answers(model: nn.Module, given: Batch) -> torch.Tensor:
        return torch.softmax(model(given.pixels.float().mean((1, 2)) / 255), -1)

    own = Task(network, lambda model, given: 0.0 * answers(model, given).sum(), answers)
    task = taught_task(own, ActionTeacher(settings, tmp_path, 2, SHAPE), settings)
    optimizer = torch.optim.Adam(network.parameters(), 0.1)
    first = task.loss(network, batch).item()
    for _ in range(60):
        optimizer.zero_grad()
        task.loss(network, batch).backward()
        optimizer.step()
    assert task.loss(network, batch).item() < 0.2 * first
    assert answers(network, batch).argmax(1).tolist() == [0, 1, 0, 1, 0, 1]


def test_what_the_teacher_finds_alike_is_imitated_in_a_layer(tmp_path: Path) -> None:
    alike = {"features": 100.0, "features_output": "colour", "layer": "0"}
    settings = TeacherSettings(file="teacher.onnx", sha256=write_teacher(tmp_path, ("n", "h", "w", 3)), **alike)
    torch.manual_seed(0)
    network, batch = nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 2)), unlabelled(colours())

    def answers(model: nn.Module, given: Batch) -> torch.Tensor:
        return torch.softmax(model(given.pixels.float().mean((1, 2)) / 255), -1)

    own = Task(network, lambda *_: torch.tensor(0.0), answers)
    teacher = ActionTeacher(settings, tmp_path, 2, SHAPE)
    with_features = taught_task(own, teacher, settings).loss(network, batch)
    without = taught_task(own, teacher, settings.model_copy(update={"layer": None})).loss(network, batch)
    mean = batch.pixels.float().mean((1, 2))
    wanted = imitate_features(network[0](mean / 255), mean)
    assert with_features.item() - without.item() == pytest.approx(100 * wanted.item(), rel=1e-3)
    with pytest.raises(ConfigError, match="no layer 'head'"):
        taught_task(own, teacher, settings.model_copy(update={"layer": "head"}))
    with pytest.raises(ConfigError, match=r"no output 'depth' \(features_output\) but probability, scores, colour"):
        ActionTeacher(settings.model_copy(update={"features_output": "depth"}), tmp_path, 2, SHAPE)
    with pytest.raises(ValueError, match="belong together"):
        TeacherSettings(file="teacher.onnx", sha256=settings.sha256, features=1.0)


@pytest.mark.parametrize("shape", [("n", 8, 8, 3), ("n", 4, 6, 3), (1, 16, 16, 3)])
def test_samples_are_brought_to_the_size_and_number_that_the_graph_takes(
    shape: tuple[int | str, ...], tmp_path: Path
) -> None:
    settings = TeacherSettings(file="teacher.onnx", sha256=write_teacher(tmp_path, shape))
    said, features = ActionTeacher(settings, tmp_path, 2, SHAPE)(colours())
    assert features is None
    assert said.argmax(1).tolist() == [0, 1, 0, 1, 0, 1]
    assert said.sum(1).tolist() == pytest.approx([1.0] * 6, abs=1e-5)
    scores = settings.model_copy(update={"output": "scores", "gives": "scores"})
    assert torch.allclose(ActionTeacher(scores, tmp_path, 2, SHAPE)(colours())[0], said, atol=1e-6)


def test_a_teacher_of_clips_is_asked_of_clips_alone(tmp_path: Path) -> None:
    settings = TeacherSettings(file="teacher.onnx", sha256=write_teacher(tmp_path, ("n", "t", 8, 8, 3)))
    teacher = ActionTeacher(settings, tmp_path, 2, (4, *SHAPE))
    pictures = colours()
    assert not teacher.takes(pictures)
    clips = pictures[:, None].expand(-1, 4, -1, -1, -1)
    assert teacher.takes(clips)
    assert teacher(clips)[0].argmax(1).tolist() == [0, 1, 0, 1, 0, 1]
    network = nn.Linear(1, 1)
    own = Task(network, lambda *_: torch.tensor(3.0), lambda *_: torch.zeros(6, 2))
    assert taught_task(own, teacher, settings).loss(network, unlabelled(pictures)).item() == 3.0


def test_a_file_that_does_not_fit_is_refused(tmp_path: Path) -> None:
    digest = write_teacher(tmp_path, ("n", 8, 8, 3))
    settings = TeacherSettings(file="teacher.onnx", sha256=digest)
    with pytest.raises(ConfigError, match=rf"has sha256 {digest}, not 0000"):
        ActionTeacher(settings.model_copy(update={"sha256": 64 * "0"}), tmp_path, 2, SHAPE)
    with pytest.raises(ConfigError, match=r"gives \[2, 2\] for two samples, the training has 40 actions"):
        ActionTeacher(settings, tmp_path, 40, SHAPE)
    with pytest.raises(ConfigError, match=r"uint8; the training asks it one float32 input of pictures"):
        ActionTeacher(settings.model_copy(update={"pixel_range": "imagenet"}), tmp_path, 2, SHAPE)
    with pytest.raises(ConfigError, match="one uint8 input of clips"):
        ActionTeacher(settings, tmp_path, 2, (4, *SHAPE))
    with pytest.raises(SourceNotFoundError, match="name the ONNX file of a teacher"):
        ActionTeacher(settings.model_copy(update={"file": "other.onnx"}), tmp_path, 2, SHAPE)
    (tmp_path / "link.onnx").symlink_to(tmp_path / "teacher.onnx")
    with pytest.raises(SourceNotFoundError, match="it is a symbolic link"):
        ActionTeacher(settings.model_copy(update={"file": "link.onnx"}), tmp_path, 2, SHAPE)


def recipe_with(folder: Path, lines: str) -> Path:
    text = paper_recipes()["loss_guided_small"].read_text().replace("size = 96", "size = 32")
    path = folder / "mine.toml"
    path.write_text(f"{text.replace('epochs = 8', 'epochs = 1').replace('warm_up = 20', 'warm_up = 1')}\n{lines}\n")
    return path


def test_a_recipe_names_its_teacher(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    data, digest = write_stanford40(tmp_path / "data"), write_teacher(tmp_path / "teachers", ("n", "h", "w", 3))
    teacher = f'[teacher]\nfile = "teacher.onnx"\nsha256 = "{digest}"\nweight = 1e6'
    recipe = load_paper_recipe(recipe_with(tmp_path, teacher))
    train_paper(recipe, data, tmp_path / "work", teachers=tmp_path / "teachers")
    lines = (tmp_path / "work" / recipe.name / "log.jsonl").read_text().splitlines()
    assert json.loads(lines[0])["loss"] > 1000  # the imitation's weight


def test_the_example_of_the_documents_is_read(tmp_path: Path) -> None:
    page = (Path(__file__).parents[3] / "docs" / "compression.md").read_text(encoding="utf-8")
    example = page.partition("```toml\n")[2].partition("```")[0]
    teacher = load_paper_recipe(recipe_with(tmp_path, example)).teacher
    assert teacher is not None
    assert (teacher.file, teacher.temperature) == ("large.onnx", 2.0)


@pytest.mark.parametrize("file", ["../teacher.onnx", "/teacher.onnx", "a/teacher.onnx", "teacher.pt", ".onnx"])
def test_a_recipe_reaches_no_file_outside_the_folder_of_teachers(file: str, tmp_path: Path) -> None:
    lines = f'[teacher]\nfile = "{file}"\nsha256 = "0"\nspeed = 1'
    with pytest.raises(ConfigError) as refused:
        load_paper_recipe(recipe_with(tmp_path, lines))
    for key in ("teacher.file", "teacher.sha256", "teacher.speed"):
        assert key in str(refused.value)
