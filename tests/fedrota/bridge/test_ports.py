import socket

import pytest

from fedrota.bridge.errors import BridgeError
from fedrota.bridge.ports import check_free, wait_until_open


def test_a_port_in_use_is_told_of(free_port):
    port = free_port()
    check_free("127.0.0.1", port)
    with socket.create_server(("127.0.0.1", port)):
        wait_until_open("127.0.0.1", port)
        with pytest.raises(BridgeError, match="choose another --port"):
            check_free("127.0.0.1", port)


def test_an_address_of_another_machine_is_told_of(free_port):
    with pytest.raises(BridgeError, match="cannot be bound"):
        check_free("192.0.2.1", free_port())


def test_a_port_that_stays_closed_is_told_of(free_port):
    with pytest.raises(BridgeError, match="takes no connections"):
        wait_until_open("127.0.0.1", free_port(), within_s=0.1)
