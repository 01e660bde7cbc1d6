"""Missing packages are named before anything is done, with the line that installs them."""

import sys

import pytest

from edgeact.errors import EdgeactError, MissingExtraError
from tests.test_architecture import PROJECT, declared, distributions
from trainer.extras import MODULES, require_extras


def test_the_modules_are_those_of_the_extras() -> None:
    for extra, modules in MODULES.items():
        assert distributions(set(modules)) == declared((extra,)) - declared(()), extra
    assert set(MODULES) < set(PROJECT["optional-dependencies"])


def test_all_that_is_missing_is_named_with_its_extras(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)  # as if it were not installed
    with pytest.raises(MissingExtraError) as caught:
        require_extras("edgeact deploy reproduce", ["train", "export"])
    assert str(caught.value) == (
        'edgeact deploy reproduce needs onnxscript, which is not installed: pip install "edgeact[export]"'
    )
    monkeypatch.setitem(sys.modules, "torch", None)
    with pytest.raises(MissingExtraError, match=r'needs onnxscript, torch, which are .*"edgeact\[train,export\]"'):
        require_extras("edgeact deploy reproduce", ["train", "export"])


def test_what_is_installed_may_start() -> None:
    require_extras("edgeact train", ["train"])


def test_it_is_an_error_of_the_family_and_pythons_own() -> None:
    assert issubclass(MissingExtraError, (EdgeactError, ImportError))
