"""What the options before a command become."""

from types import SimpleNamespace

from fedrota.cli.context import Target, connect


def test_target_becomes_a_client(gateway):
    with connect(SimpleNamespace(obj=Target(url="http://h:1", token="frt_x"))) as client:
        assert client.url == "http://h:1"
    assert "frt_x" not in repr(Target(token="frt_x"))


def test_without_options_the_environment_counts(gateway):
    with connect(SimpleNamespace(obj=None)) as client:
        assert client.url == gateway.url
