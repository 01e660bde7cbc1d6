"""A privacy that a bundle cannot keep is refused before any camera runs."""

from pathlib import Path

import pytest

from edgeact.bundle.load import load_bundle
from edgeact.daemon.fits_bundle import check_bundle, make_concealer
from edgeact.errors import ConfigError
from tests.edgeact.daemon.test_run import configuration


def test_privacy_needs_a_bundle_that_knows_where_people_are(tmp_path: Path, tiny_bundle: Path) -> None:
    cameras = {name: {"url": "x", "privacy": name} for name in ("heads", "none", "skeleton")}
    config, plan = configuration(tmp_path, tiny_bundle, cameras), load_bundle(tiny_bundle).plan
    check_bundle(config, plan)
    assert make_concealer("none", config, plan) is None
    assert make_concealer("skeleton", config, plan) is not None

    class SceneOnly:
        persons, heads = None, ()

    with pytest.raises(ConfigError, match=r"cameras\.heads\.privacy: .* needs a bundle that follows persons"):
        check_bundle(config, SceneOnly())  # type: ignore[arg-type]
