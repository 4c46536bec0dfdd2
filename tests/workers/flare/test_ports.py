import os
import socket

import pytest

from workers.flare.ports import find_holder, pick_port


def test_a_port_that_was_picked_is_free():
    port = pick_port()
    assert find_holder(port, os.getpid()) is None
    socket.create_server(("", port)).close()


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_port_has_a_holder(family):
    with socket.create_server(("", 0), family=family) as ours:
        port = ours.getsockname()[1]
        assert find_holder(port, os.getpid()) is True
        assert find_holder(port, os.getppid()) is False
        assert find_holder(port, 1 << 22) is False  # a process that is gone


def test_a_connection_from_the_port_holds_it_too():
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()) as ours:
        assert find_holder(ours.getsockname()[1], os.getpid()) is True
