"""Commands of other packages: joined by entry points, loaded when used, and unable to break the others."""

import subprocess
import sys
from pathlib import Path

import pytest

MODULE = """
import typer

print("side effect of loading")
group = typer.Typer(help="A group.", no_args_is_help=True)

@group.command()
def one() -> None:
    typer.echo("one was run")

@group.command()
def two() -> None:
    raise typer.Exit(7)

single = typer.Typer()

@single.command()
def whatever(number: int = 1) -> None:
    "A command in a typer of its own."
    typer.echo(f"number {number}")

def plain(name: str) -> None:
    "A plain function."
    from edgeact.errors import SourceNotFoundError
    if name == "missing":
        raise SourceNotFoundError("missing is not there; look again")
    typer.echo(f"hello {name}")
"""
ENTRY_POINTS = """[edgeact.commands]
group = other_package.cli:group
single = other_package.cli:single
plain = other_package.cli:plain
broken = other_package.absent:app
shy = other_package.cli:no_such_name
annotate = other_package.cli:plain
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an installed distribution `other-package`."""
    folder = tmp_path_factory.mktemp("site")
    (folder / "other_package").mkdir()
    (folder / "other_package" / "__init__.py").touch()
    (folder / "other_package" / "cli.py").write_text(MODULE)
    information = folder / "other_package-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text("Metadata-Version: 2.1\nName: other-package\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(ENTRY_POINTS)
    return folder


def edgeact(site: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = f"import sys; sys.path.insert(0, {str(site)!r}); from edgeact.cli import main; main()"
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=False, timeout=120
    )


def test_help_lists_all_and_says_what_is_broken(site: Path) -> None:
    done = edgeact(site, "--help")
    assert done.returncode == 0, done.stderr
    for word in (
        "annotate",
        "group",
        "A group.",
        "single",
        "A command in a typer of its own.",
        "plain",
        "A plain function.",
    ):
        assert word in done.stdout
    assert "Unavailable (ModuleNotFoundError" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "output", "code"),
    [
        (("group", "one"), "one was run", 0),
        (("group", "two"), "", 7),
        (("single", "--number", "3"), "number 3", 0),
        (("plain", "you"), "hello you", 0),
    ],
)
def test_commands_of_others_run(site: Path, arguments: tuple[str, ...], output: str, code: int) -> None:
    done = edgeact(site, *arguments)
    assert output in done.stdout
    assert done.returncode == code


def test_their_errors_are_reported_as_ours(site: Path) -> None:
    done = edgeact(site, "plain", "missing")
    assert done.stderr == "error: missing is not there; look again\n"
    assert done.returncode == 10


@pytest.mark.parametrize(("name", "reason"), [("broken", "ModuleNotFoundError"), ("shy", "AttributeError")])
def test_a_broken_command_says_so_in_one_line(site: Path, name: str, reason: str) -> None:
    done = edgeact(site, name, "--some", "option", "argument")
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: command '{name}' of package other-package cannot be loaded ({reason}")
    assert done.stderr.count("\n") == 1


def test_own_commands_win_and_load_nothing_of_others(site: Path) -> None:
    done = edgeact(site, "annotate", "--help")
    assert done.returncode == 0
    assert "--max-persons" in done.stdout
    assert "side effect" not in done.stdout
