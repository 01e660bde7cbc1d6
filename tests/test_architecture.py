"""The rules of CONTRIBUTING.md that no linter knows; the import table itself is held by import-linter (`make lint`)."""

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REPOSITORY = Path(__file__).parents[1]
PACKAGES = ("edgeact", "trainer", "deploy", "desktop_ui")
ASSETS = REPOSITORY / "edgeact" / "assets"
PROJECT = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))["project"]

# Which extras of pyproject.toml a package may use besides the runtime's own dependencies.
EXTRAS = {
    "edgeact": ("heic", "tables", "daemon"),
    "trainer": ("train", "label", "tracking"),
    "deploy": ("train", "export"),
    "desktop_ui": ("desktop",),
}
OPTIONAL_MODULES = {
    "edgeact/engine/torch_tensorrt.py": {"torch", "torch_tensorrt"},
    # For whoever has it; lazily, and for type checkers.
    "edgeact/formats/supervision.py": {"supervision"},
    "edgeact/results/records.py": {"supervision"},
}
DISTRIBUTIONS = {
    "cv2": "opencv-python-headless",
    "PIL": "pillow",
    "cjm_byte_track": "cjm-byte-track",
    "paho": "paho-mqtt",
    "pillow_heif": "pillow-heif",
    "ulid": "python-ulid",
    "sklearn": "scikit-learn",
}  # where the import has another name

# 400 is what CONTRIBUTING.md asks for; the rest is room for a change in progress.
MAXIMUM_LINES = 450
VAGUE_NAMES = {"utils", "util", "helpers", "helper", "common", "misc"}
UNSAFE_MODULES = {"pickle", "cPickle", "_pickle", "dill", "cloudpickle", "joblib", "shelve", "marshal"}

# Put together here, so that this file does not hold what it forbids.
MACHINE_PATHS = re.compile(rb"(?<![\w.])/(?:" + rb"|".join([b"work", b"root", b"home", b"Users"]) + rb")/")
SHARED_PATH = b"../" + b"shared"


def python_files(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (REPOSITORY / folder).rglob("*.py"))


def shipped_files() -> Iterator[Path]:
    """Everything that belongs to the repository, without environments, caches and outputs."""
    folders = (*PACKAGES, "tests", "docs", "container", ".ci")
    # In a worktree .git is a file, which says where the repository lies.
    yield from (path for path in REPOSITORY.iterdir() if path.is_file() and path.name != ".git")
    for folder in folders:
        yield from (path for path in (REPOSITORY / folder).rglob("*") if path.is_file() and path.suffix != ".pyc")


def name_of(path: Path) -> str:
    return path.relative_to(REPOSITORY).as_posix()


def parse(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def imported_modules(tree: ast.AST) -> set[str]:
    """Full names of all absolute imports, at the top and inside functions."""
    plain = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}


def third_party(path: Path) -> set[str]:
    roots = {module.partition(".")[0] for module in imported_modules(parse(path))}
    return roots - set(sys.stdlib_module_names) - set(PACKAGES)


def declared(extras: tuple[str, ...]) -> set[str]:
    lines = [*PROJECT["dependencies"], *(line for extra in extras for line in PROJECT["optional-dependencies"][extra])]
    return {canonicalize_name(Requirement(line).name) for line in lines}


def distributions(modules: set[str]) -> set[str]:
    return {canonicalize_name(DISTRIBUTIONS.get(module, module)) for module in modules}


@pytest.mark.parametrize("package", PACKAGES)
def test_each_package_imports_only_what_it_declares(package: str) -> None:
    undeclared = {}
    for path in python_files(package):
        modules = third_party(path) - OPTIONAL_MODULES.get(name_of(path), set())
        unknown = distributions(modules) - declared(EXTRAS[package])
        if unknown:
            undeclared[name_of(path)] = sorted(unknown)
    assert not undeclared


def test_every_extra_brings_what_something_imports() -> None:
    """An extra that is there to be filled later would promise what does not exist."""
    offered = set(PROJECT["optional-dependencies"]) - {"dev"}
    assert offered == {extra for extras in EXTRAS.values() for extra in extras}
    imported = distributions({module for path in python_files(*PACKAGES) for module in third_party(path)})
    # torch's exporter imports onnxscript by itself.
    assert {extra: declared((extra,)) - declared(()) - imported - {"onnxscript"} for extra in offered} == {
        extra: set() for extra in offered
    }
    readme = (REPOSITORY / "README.md").read_text(encoding="utf-8")
    rows = re.findall(
        r"^\| `([a-z]+)` \| ([^|]+) \|", readme.partition("| extra |")[2].partition("\n\n")[0], re.MULTILINE
    )
    assert {name for name, _ in rows} == {*offered, "dev"}
    for name, brings in rows:
        if name != "dev":
            assert {canonicalize_name(package) for package in brings.split(", ")} == declared((name,)) - declared(())


def test_the_runtime_declares_only_what_it_imports() -> None:
    imported = distributions({module for path in python_files("edgeact") for module in third_party(path)})
    assert declared(()) - imported == set()


def test_nothing_can_run_code_from_a_data_file() -> None:
    """No pickle in any form: neither its modules nor the loaders that use it unasked."""
    faults = []
    for path in python_files(*PACKAGES, "tests"):
        tree = parse(path)
        faults += [
            f"{name_of(path)}: import {name}"
            for name in imported_modules(tree)
            if name.partition(".")[0] in UNSAFE_MODULES
        ]
        for call in (node for node in ast.walk(tree) if isinstance(node, ast.Call)):
            options = {keyword.arg: ast.unparse(keyword.value) for keyword in call.keywords}
            if options.get("allow_pickle") == "True":
                faults.append(f"{name_of(path)}:{call.lineno}: allow_pickle=True")
            if ast.unparse(call.func) == "torch.load" and options.get("weights_only") != "True":
                faults.append(f"{name_of(path)}:{call.lineno}: torch.load without weights_only=True")
    assert not faults


def test_every_file_says_what_it_holds() -> None:
    assert [name_of(path) for path in python_files(*PACKAGES, "tests") if path.stem in VAGUE_NAMES] == []


def test_one_module_writes_partial_files() -> None:
    """`edgeact.atomic` alone knows the temporary names under which files are written."""
    writers = [
        name_of(path)
        for path in python_files("edgeact", "trainer")
        if re.search(r"\.partial[\"'.]", path.read_text(encoding="utf-8"))
    ]
    assert writers == ["edgeact/atomic.py"]


def test_one_loop_trains_everything() -> None:
    """Whatever learns has the loop's checkpoints, guards and log; gradients elsewhere explain, or find channels."""
    steps = {
        name_of(path)
        for path in python_files("trainer", "deploy")
        if re.search(r"optimi[sz]er\.step\(", path.read_text())
    }
    assert steps == {"trainer/loop.py"}


def test_no_file_grows_too_long() -> None:
    lengths = {
        name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in python_files(*PACKAGES, "tests")
    }
    assert {name: length for name, length in lengths.items() if length > MAXIMUM_LINES} == {}


def public_definitions(scope: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.ClassDef]:
    """Public functions and classes of a module and the methods of the latter, without those whose body is only
    ``...``.
    """
    for node in scope.body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not node.name.startswith("_"):
            if [ast.unparse(line) for line in node.body] != ["..."]:
                yield node
            if isinstance(node, ast.ClassDef):
                yield from public_definitions(node)


def test_public_functions_of_the_runtime_have_docstrings() -> None:
    definitions = [(path, node) for path in python_files("edgeact") for node in public_definitions(parse(path))]
    assert [
        f"{name_of(path)}:{node.lineno} {node.name}" for path, node in definitions if not ast.get_docstring(node)
    ] == []


@pytest.mark.parametrize("package", PACKAGES)
def test_tests_mirror_the_packages(package: str) -> None:
    """tests/edgeact/sinks/test_video.py, or test_video_more.py, tests edgeact/sinks/video.py or the folder
    edgeact/sinks/video.
    """
    strays = []
    for path in python_files(f"tests/{package}"):
        folder = REPOSITORY / path.parent.relative_to(REPOSITORY / "tests")
        if not folder.is_dir():
            strays.append(name_of(path))
        elif path.name.startswith("test_"):
            subject = path.stem.removeprefix("test_")
            names = {module.stem for module in folder.glob("*.py")} | {
                module.name for module in folder.iterdir() if module.is_dir()
            }
            if not any(subject == name or subject.startswith(f"{name}_") for name in names):
                strays.append(name_of(path))
    assert not strays


def test_no_file_names_a_place_of_somebodys_machine() -> None:
    """Also inside the graphs: exporters like to leave paths of the exporting machine in them."""
    faults = []
    for path in shipped_files():
        content = path.read_bytes()
        if MACHINE_PATHS.search(content):
            faults.append(f"{name_of(path)}: a path of a machine")
        if SHARED_PATH in content and not name_of(path).startswith(("tests/", ".ci/")):
            faults.append(f"{name_of(path)}: a path outside the repository")
    assert not faults


def test_the_assets_stay_small() -> None:
    graphs = sum(path.stat().st_size for path in ASSETS.rglob("*.onnx"))
    clips = sum(path.stat().st_size for path in ASSETS.rglob("*.mp4"))
    pictures = sum(path.stat().st_size for path in (REPOSITORY / "docs").rglob("*") if path.is_file())
    assert graphs <= 24e6  # of both bundles
    assert clips <= 3e6
    assert pictures <= 3e6
