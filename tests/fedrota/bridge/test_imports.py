import pytest

from fedrota.bridge import imports
from fedrota.bridge.errors import BridgeError


@pytest.mark.parametrize("version", ["2.8.0", "2.8.1", "2.9.0", "2.9.3rc1"])
def test_tried_versions_are_taken(version):
    imports.check_version(version)


@pytest.mark.parametrize("version", ["2.7.2", "2.10.0", "3.0", "x", ""])
def test_others_are_refused(version):
    with pytest.raises(BridgeError, match="flare-bridge"):
        imports.check_version(version)


def test_a_missing_library_says_what_to_install(monkeypatch):
    def missing(name):
        raise imports.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(imports.metadata, "version", missing)
    with pytest.raises(BridgeError, match=r"pip install 'fedrota\[flare-bridge\]'"):
        imports.load_library()


def test_a_release_that_moved_a_name_is_told_of(monkeypatch):
    monkeypatch.setattr(imports.metadata, "version", lambda name: "2.9.0")
    monkeypatch.setattr(imports, "import_module", lambda name: object())
    with pytest.raises(BridgeError, match="needs nvflare's library"):
        imports.load_library()
