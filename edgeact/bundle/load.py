"""Reads bundles.

A bundle is a folder with ``manifest.json``, ``MODEL_CARD.md`` and one ``.onnx`` file a graph. Nothing in it is executed
on loading: the manifest is validated, each graph's bytes are hashed before a backend sees them, and file names stay
inside.
"""

import hashlib
import json
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from pydantic import ValidationError

from edgeact.bundle import schema1
from edgeact.bundle.manifest import MANIFEST_NAME, SCHEMA_VERSION, GraphSpec, Manifest
from edgeact.bundle.plan import Plan, make_plan
from edgeact.errors import BundleError, BundleIntegrityError, BundleSchemaError
from edgeact.regular_file import read_regular
from edgeact.skeleton import Skeleton

# In bytes. Ours have ten thousand and two million; ONNX itself ends at two thousand million.
_LARGEST_MANIFEST = 4 * 2**20
_LARGEST_GRAPH = 2**30
_MOST_FAULTS = 20  # listed in one message
_LFS_POINTER = b"version https://git-lfs"


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was read and fits together.

    Attributes:
        directory: Where it lies.
        manifest: What it says about itself.
        plan: Which of its graphs is called when.
        digest: sha256 of the manifest's file, which holds the hash of every graph.
    """

    directory: Path
    manifest: Manifest
    plan: Plan
    digest: str

    @property
    def skeleton(self) -> Skeleton:
        """The skeleton that poses follow."""
        return self.plan.skeleton

    def graph(self, name: str) -> GraphSpec:
        """The graph with this name.

        Raises:
            BundleError: The bundle has none.
        """
        for graph in self.manifest.graphs:
            if graph.name == name:
                return graph
        known = ", ".join(graph.name for graph in self.manifest.graphs)
        raise BundleError(f"{self.directory} has no graph {name!r}; it has {known}")

    def read_graph(self, graph: GraphSpec) -> bytes:
        """The graph's bytes, after their hash has been checked.

        Raises:
            BundleIntegrityError: The file is missing, is no regular file (a link, a pipe, a device), is too large, or
                its hash is not the manifest's.
        """
        path = self.directory / graph.file
        try:
            content = read_regular(path, limit=_LARGEST_GRAPH)
        except OSError as error:
            raise BundleIntegrityError(
                f"{path} cannot be read ({error.strerror}); a bundle holds its files themselves: copy the bundle again"
            ) from error
        if content.startswith(_LFS_POINTER):
            raise BundleIntegrityError(
                f"{path} is a pointer of Git LFS, not the graph; run git lfs pull where the bundle was cloned"
            )
        found = hashlib.sha256(content).hexdigest()
        if found != graph.sha256:
            raise BundleIntegrityError(
                f"{path} has sha256 {found[:12]}…, the manifest says {graph.sha256[:12]}…: "
                "the file is damaged or was changed; copy the bundle again"
            )
        return content


# The bundles that ship with edgeact: the default for two processor cores, and a larger one for a desktop or a GPU.
PACKAGED_BUNDLES = ("compact", "accurate")


def packaged_bundle_path(name: str = PACKAGED_BUNDLES[0]) -> Path:
    """The folder of a bundle that ships with edgeact, one of `PACKAGED_BUNDLES`; without a name the default."""
    return Path(str(resources.files("edgeact"))) / "assets" / "bundles" / name


def _bundle_folder(named: Path | None) -> Path:
    """The folder that ``--bundle`` names: a folder of the user's before a packaged bundle of the same name."""
    if named is None:
        return packaged_bundle_path()
    if str(named) in PACKAGED_BUNDLES and not (named / MANIFEST_NAME).exists():
        return packaged_bundle_path(str(named))
    return named


def load_bundle(directory: Path | None = None) -> Bundle:
    """Read and validate a bundle's manifest (the graphs are read, and their hashes checked, when they are used).

    Args:
        directory: The bundle's folder, or the name of one that ships with edgeact (`PACKAGED_BUNDLES`); None takes the
            default.

    Raises:
        BundleError: There is no manifest, it is not valid, or a graph cannot be placed (see `make_plan`); all faults
            are listed.
        BundleSchemaError: The manifest's schema version is not the one that this edgeact reads.
    """
    directory = _bundle_folder(directory)
    path = directory / MANIFEST_NAME
    try:
        content = read_regular(path, limit=_LARGEST_MANIFEST)
    except OSError as error:
        raise BundleError(
            f"{path} cannot be read ({error.strerror}); --bundle takes "
            f"{' or '.join(PACKAGED_BUNDLES)}, or a folder with a {MANIFEST_NAME}"
        ) from error
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise BundleError(f"{path} is not JSON ({error}); copy the bundle again") from error
    version = data.get("schema_version") if isinstance(data, dict) else None
    if version is not None and version not in (schema1.VERSION, SCHEMA_VERSION):
        remedy = (
            "update edgeact or use an older bundle"
            if isinstance(version, int) and version > SCHEMA_VERSION
            else "export the bundle again"
        )
        shown = version if isinstance(version, int) else f"of type {type(version).__name__}"
        raise BundleSchemaError(
            f"{path} has schema version {shown}, this edgeact reads {SCHEMA_VERSION} and {schema1.VERSION}; {remedy}"
        )
    try:
        if version == schema1.VERSION:
            manifest = schema1.ManifestOfSchema1.model_validate_json(content).to_present()
        else:
            manifest = Manifest.model_validate_json(content)
    except ValidationError as error:
        faults = "; ".join(
            f"{'.'.join(str(part) for part in fault['loc']) or 'manifest'}: {fault['msg']}"
            for fault in error.errors()[:_MOST_FAULTS]
        )
        raise BundleError(
            f"{path} is not a valid manifest: {' '.join(faults.split())}; copy or export the bundle again"
        ) from error
    plan = make_plan(manifest, where=str(directory))
    return Bundle(directory=directory, manifest=manifest, plan=plan, digest=hashlib.sha256(content).hexdigest())
