import pytest

from fedrota.component import InvalidInputError, PeerError, component
from fedrota.simulate import simulate
from workers.components import pair_link
from workers.components.cipher_matrix import Layout
from workers.components.pair_link import encrypt_rows, link_parties

LAYOUT = Layout(columns=2, bound_bits=40, key_bits=1024)
TWO = {"guest": ["1"], "host": ["2"]}


def run_link(body, parties=TWO, bits=1024):
    """Run `body(link, context)` at both parties; what each returned."""
    made = {}

    @component("links", exchange=True)
    def links(context):
        """Link."""
        key_bits = bits[context.me.party] if isinstance(bits, dict) else bits
        (link,) = link_parties(context, context.peers(), key_bits=key_bits)
        made[context.me.role] = body(link, context)

    return made, simulate(links, parties)


@pytest.mark.parametrize("block", [2, 4096])
def test_both_can_send_multiply_and_open_at_once(monkeypatch, block):
    monkeypatch.setattr(pair_link, "SEND_ROWS", block)
    matrix, rows = [[1, 2, 3], [4, 5, 6], [7, 8, 9]], [[1, 0], [0, 1], [-1, 2]]

    def body(link, context):
        link.send(encrypt_rows(link.key, rows, LAYOUT))
        mine = link.multiply(matrix, LAYOUT)
        return mine, link.open(LAYOUT, rows=3)

    made, run = run_link(body)
    wanted = [[1 - 7, 4 + 14], [2 - 8, 5 + 16], [3 - 9, 6 + 18]]
    for one, other in (("guest", "host"), ("host", "guest")):
        pairs = zip(made[one][0], made[other][1], strict=True)
        assert [[a + b for a, b in zip(*row, strict=True)] for row in pairs] == wanted
    assert sum(message.name == "cipher" for message in run.messages) == (4 if block == 2 else 2)


def test_received_rows_can_be_used_twice():
    def body(link, context):
        if context.me.role == "host":
            link.send(encrypt_rows(link.key, [[5, 6]], LAYOUT))
            return [link.open(LAYOUT, rows=1) for _ in range(2)]
        cipher = link.receive(LAYOUT, rows=1)
        return [link.multiply_received([[factor]], cipher, LAYOUT) for factor in (2, 3)]

    made, _ = run_link(body)
    sums = [
        [a + b for a, b in zip(*one, *other, strict=True)]
        for one, other in zip(made["guest"], made["host"], strict=True)
    ]
    assert sums == [[10, 12], [15, 18]]


def test_keys_of_another_length_are_named():
    with pytest.raises(InvalidInputError, match="bits instead of .*: give all parties the same `key_bits`"):
        run_link(lambda link, context: None, bits={"1": 1088, "2": 1024})


def test_a_wrong_number_of_ciphertexts_is_the_peers_fault():
    def body(link, context):
        if context.me.role == "host":
            link.send(encrypt_rows(link.key, [[5, 6]], LAYOUT))
            return
        link.receive(LAYOUT, rows=2)

    with pytest.raises(PeerError, match="party 2 sent 1 encrypted numbers where 2 were due"):
        run_link(body)
