"""Ports that are free, taken, remembered."""

import errno
import socket
from pathlib import Path

import pytest

from fedrota.up import ports
from fedrota.up.errors import UpError
from fedrota.up.ports import claim_port, find_free_port, is_free, next_free_port, remembered_port


@pytest.fixture
def taken_port():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def test_a_taken_port_is_refused_with_a_way_out(taken_port):
    with pytest.raises(UpError, match=rf"port {taken_port} is taken by process \d+ .*another --port"):
        claim_port("127.0.0.1", taken_port)


def test_a_port_that_is_not_this_users_is_no_taken_one(monkeypatch):
    class Probe(socket.socket):
        def bind(self, address):
            raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr("fedrota.up.ports.socket.socket", Probe)
    with pytest.raises(
        UpError, match=r"^this user may not listen on port 80, .*: give another --port \(0: any free one\)"
    ):
        claim_port("127.0.0.1", 80)


def test_port_0_means_any_free_one():
    assert is_free("127.0.0.1", claim_port("127.0.0.1", 0))


def test_a_chosen_port_is_none_that_the_system_gives_to_others_before_it_is_bound():
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert all(find_free_port() < first for _ in range(20))


def test_where_all_ports_are_taken_it_says_so(monkeypatch):
    monkeypatch.setattr(ports, "is_free", lambda *_: False)
    with pytest.raises(UpError, match="are taken; name a free one"):
        find_free_port()


def test_a_free_port_is_taken_as_it_is():
    port = find_free_port()
    assert claim_port("127.0.0.1", port) == port


def test_an_address_that_is_not_ours_is_refused():
    with pytest.raises(UpError, match="another --host"):
        claim_port("192.0.2.1", 9380)


def test_a_remembered_port_stays_the_same(tmp_path):
    first = remembered_port(tmp_path / "port")
    assert remembered_port(tmp_path / "port") == first


@pytest.mark.parametrize("text", ["", "no number", "0", "99999"])
def test_a_spoilt_memory_is_made_anew(tmp_path, text):
    (tmp_path / "port").write_text(text)
    port = remembered_port(tmp_path / "port")
    assert (tmp_path / "port").read_text().strip() == str(port)


def test_a_remembered_port_that_is_taken_gives_way(tmp_path, taken_port):
    (tmp_path / "port").write_text(str(taken_port))
    assert remembered_port(tmp_path / "port") != taken_port


def test_the_next_free_port_skips_the_taken(taken_port):
    assert next_free_port(taken_port) != taken_port
