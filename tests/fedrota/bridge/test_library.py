import pytest

from fedrota.bridge import library
from fedrota.bridge.errors import BridgeError


@pytest.mark.parametrize("version", ["2.8.0", "2.8.1", "2.9.0", "2.9.3rc1"])
def test_tried_versions_are_taken(version):
    library.check_version(version)


@pytest.mark.parametrize("version", ["2.7.2", "2.10.0", "3.0", "x", ""])
def test_others_are_refused(version):
    with pytest.raises(BridgeError, match="flare-bridge"):
        library.check_version(version)


def test_a_missing_library_says_what_to_install(monkeypatch):
    def missing(name):
        raise library.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(library.metadata, "version", missing)
    with pytest.raises(BridgeError, match=r"pip install 'fedrota\[flare-bridge\]'"):
        library.load_library()


def test_a_release_that_moved_a_name_is_told_of(monkeypatch):
    monkeypatch.setattr(library.metadata, "version", lambda name: "2.9.0")
    monkeypatch.setattr(library, "import_module", lambda name: object())
    with pytest.raises(BridgeError, match="needs nvflare's library"):
        library.load_library()
