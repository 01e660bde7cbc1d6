"""What a user installs: the built wheel, the requirements of a plain install, and the start of the command without the
extras.
"""

import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import edgeact

REPOSITORY = Path(__file__).parents[1]
# What a plain `pip install edgeact` must work without.
ABSENT = (
    "torch",
    "torch_tensorrt",
    "onnx",
    "onnxscript",
    "PyQt6",
    "pyqtgraph",
    "pandas",
    "pyarrow",
    "supervision",
    "pycocotools",
    "matplotlib",
    "PIL",
    "ray",
    "paho",
    "starlette",
    "uvicorn",
    "prometheus_client",
    "keyring",
    "tests",
)


def requirements(
    name: str, *, extras: frozenset[str] = frozenset(), seen: set[tuple[str, frozenset[str]]] | None = None
) -> Iterator[str]:
    """Names of all that an installed distribution needs here, directly and indirectly."""
    seen = set() if seen is None else seen
    if (name, extras) in seen:
        return
    seen.add((name, extras))
    for line in metadata.requires(name) or ():
        requirement = Requirement(line)
        if requirement.marker is None or any(requirement.marker.evaluate({"extra": extra}) for extra in extras | {""}):
            needed = canonicalize_name(requirement.name)
            yield needed
            yield from requirements(needed, extras=frozenset(requirement.extras), seen=seen)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return zipfile.ZipFile(path)


def test_the_wheel_holds_the_packages_and_no_tests(wheel: zipfile.ZipFile) -> None:
    tops = {name.partition("/")[0] for name in wheel.namelist()}
    assert tops == {"edgeact", "trainer", "deploy", "desktop_ui", f"edgeact-{edgeact.__version__}.dist-info"}


def test_the_wheel_holds_the_data_of_the_packages(wheel: zipfile.ZipFile) -> None:
    assets = {
        path.relative_to(REPOSITORY).as_posix()
        for path in (REPOSITORY / "edgeact" / "assets").rglob("*")
        if path.is_file()
    }
    recipes = {path.relative_to(REPOSITORY).as_posix() for path in (REPOSITORY / "trainer").rglob("*.toml")}
    assert assets | recipes | {"edgeact/py.typed", "deploy/tensorrt_operators.txt"} <= set(wheel.namelist())


def test_the_wheel_carries_licence_and_credits(wheel: zipfile.ZipFile) -> None:
    licences = {Path(name).name for name in wheel.namelist() if "/licenses/" in name}
    assert licences == {"LICENSE", "NOTICE"}


def test_a_plain_install_stays_small() -> None:
    heavy = {canonicalize_name(name) for name in ABSENT} | {"pillow", "paho-mqtt", "opencv-python"}
    assert set(requirements("edgeact")) & heavy == set()


def test_constraints_pin_everything_that_is_installed() -> None:
    lines = (REPOSITORY / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [Requirement(line) for line in lines if line and not line.startswith("#")]
    versions = {pin.name: str(pin.specifier) for pin in pins if pin.marker is None or pin.marker.evaluate()}
    needed = {
        name
        for name in requirements(
            "edgeact", extras=frozenset({"dev", "train", "export", "heic", "tracking", "tables", "desktop", "daemon"})
        )
        if name != "edgeact"
    }
    # torch pins the CUDA packages of its own default build.
    needed = {name for name in needed if not name.startswith(("nvidia-", "cuda-", "triton"))}
    assert needed - set(versions) == set()
    assert {name for name in needed if not versions[name].startswith("==")} == set()


def test_the_version_is_the_same_everywhere() -> None:
    assert metadata.version("edgeact") == edgeact.__version__, "installed from an older state: run make setup"
    changelog = (REPOSITORY / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[(.+?)\]", changelog, flags=re.MULTILINE)
    assert edgeact.__version__ in headings[:2], "the newest section of the changelog, after Unreleased, is this version"


def run_without_extras(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Start the command in a fresh Python in which none of `ABSENT` can be imported."""
    program = f"import sys\nsys.modules.update(dict.fromkeys({ABSENT!r}))\nfrom edgeact.cli import main\nmain()"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False, timeout=300
    )


def test_every_module_of_the_runtime_imports_without_the_extras() -> None:
    # Each needs an extra, and is imported by a function that says so: engine.open, daemon.open_web, daemon.open_mqtt.
    web = [
        f"edgeact.daemon.{name}"
        for name in ("metrics", "mqtt", "mqtt_connection", "web_app", "web_media", "web_server")
    ]
    optional = ["edgeact.engine.torch_tensorrt", *web]
    program = (
        f"import importlib, pkgutil, sys\nsys.modules.update(dict.fromkeys({ABSENT!r}))\nimport edgeact\n"
        f"for module in pkgutil.walk_packages(edgeact.__path__, 'edgeact.'):\n"
        f"    if module.name not in {[*optional, 'edgeact.__main__']!r}: importlib.import_module(module.name)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(("command", "extras"), [("train", "train"), ("deploy", "train"), ("gui", "desktop")])
def test_a_command_says_in_one_line_which_extra_it_needs(command: str, extras: str) -> None:
    done = run_without_extras(command, *(["reproduce"] if command == "deploy" else []))
    assert done.returncode == 4, done.stderr
    assert done.stderr.count("\n") == 1
    assert " needs " in done.stderr
    assert f'pip install "edgeact[{extras}' in done.stderr


def test_the_command_starts_without_the_extras() -> None:
    done = run_without_extras("--help")
    assert done.returncode == 0, done.stderr
    assert "annotate" in done.stdout
    program = (
        f"import sys\nsys.modules.update(dict.fromkeys({ABSENT!r}))\nfrom edgeact.cli import main\n"
        "for verb in ('annotate', 'bench', 'demo'):\n"
        "    try: main([verb, '--help'])\n"
        "    except SystemExit as end: assert end.code == 0, verb\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr
    assert all(f"edgeact {verb} " in done.stdout for verb in ("annotate", "bench", "demo"))


def test_the_command_annotates_without_the_extras(tmp_path: Path) -> None:
    done = run_without_extras("demo", "--out", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert {path.name for path in tmp_path.iterdir()} >= {"demo.mp4", "demo.frames.jsonl", "demo.events.csv"}


@pytest.mark.slow
def test_the_pinned_versions_fit_together_for_every_extra_that_make_installs() -> None:
    """`make train` installs extras that no other test does; asks the package index."""
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    for extras in sorted(set(re.findall(r'"\.\[([a-z,]+)\]"', makefile))):
        command = [
            sys.executable,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--dry-run",
            "--constraint",
            "constraints.txt",
            f".[{extras}]",
        ]
        done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
