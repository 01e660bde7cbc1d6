"""Every example in Python of the documents and of the public API's docstrings is run, in a folder with a short clip."""

import ast
import doctest
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import edgeact
from tests.toy_video import write_toy_video

REPOSITORY = Path(__file__).parents[1]
DOCUMENTS = ("README.md", "docs/python.md")


@pytest.fixture
def folder_with_clip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    write_toy_video(tmp_path / "clip.mp4", seconds=0.2, size=(160, 120))
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("document", DOCUMENTS)
def test_the_examples_of_a_document_run(document: str, folder_with_clip: Path) -> None:
    text = (REPOSITORY / document).read_text(encoding="utf-8")
    examples = re.findall(r"^```python\n(.*?)^```", text, flags=re.MULTILINE | re.DOTALL)
    assert examples
    names: dict[str, object] = {}
    for number, example in enumerate(examples, start=1):
        exec(compile(example, f"{document}, example {number}", "exec"), names)  # noqa: S102 - our own documents


@pytest.mark.parametrize("name", [name for name in edgeact.__all__ if name[0].islower() or name == "Pipeline"])
def test_the_examples_of_a_docstring_run(name: str, folder_with_clip: Path) -> None:
    public = getattr(edgeact, name)
    module = importlib.import_module(public.__module__)
    if name == "load_results":
        edgeact.annotate("clip.mp4", out="results", video=False)
    (test,) = doctest.DocTestFinder(recurse=False).find(public, name, globs=vars(module).copy())
    assert test.examples, f"{name} has no example"
    assert doctest.DocTestRunner().run(test).failed == 0


def test_every_public_name_is_there_with_a_docstring() -> None:
    assert list(edgeact.__all__) == sorted(edgeact.__all__)
    assert set(edgeact.__all__) <= set(dir(edgeact))
    assert [name for name in edgeact.__all__ if not getattr(edgeact, name).__doc__] == []
    with pytest.raises(AttributeError, match="has no attribute 'annotatee'"):
        edgeact.annotatee  # type: ignore[attr-defined]  # noqa: B018


def test_type_checkers_and_the_interpreter_know_the_same_names() -> None:
    tree = ast.parse(Path(edgeact.__file__).read_text(encoding="utf-8"))
    checked, _ = [node for node in tree.body if isinstance(node, ast.If)]
    imports = [node for node in checked.body if isinstance(node, ast.ImportFrom)]
    assert {alias.name: node.module for node in imports for alias in node.names} == edgeact._MODULES
    assert sorted(edgeact._MODULES) == edgeact.__all__


def test_importing_edgeact_imports_nothing_else() -> None:
    program = (
        "import sys, edgeact\n"
        "heavy = {'numpy', 'av', 'cv2', 'onnxruntime', 'pydantic', 'scipy', 'pandas', 'pyarrow', 'supervision'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        "edgeact.annotate, edgeact.watch, edgeact.Pipeline\n"
        "assert not {'pandas', 'pyarrow', 'supervision', 'torch', 'matplotlib'} & set(sys.modules)\n"
        "import edgeact.watching.run, edgeact.batch.annotate\n"
        "assert callable(edgeact.watch) and callable(edgeact.annotate)\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=120)
