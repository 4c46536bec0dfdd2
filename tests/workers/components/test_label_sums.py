import numpy as np
import pytest

from fedrota.component import InvalidInputError, PeerError, component
from fedrota.simulate import simulate
from workers.components.label_sums import Binned, LabelSender, Slots, add_up_labels
from workers.components.paillier import PublicKey

PARAMS = {"key_bits": {"type": "integer", "minimum": 1024, "maximum": 4096, "default": 1024}}


def count(codes, labels, places, bins, *, rows=None):
    """The guest's counts of a host's columns, and the run."""
    found = []

    @component("counts", params=PARAMS, exchange=True)
    def counts(context):
        """Count labels."""
        peer = context.peers()[0]
        if context.me.role == "guest":
            sender = LabelSender(context, codes, labels)
            sender.send([peer], report=context.progress)
            found.extend(sender.receive(peer))
        else:
            columns = [Binned(places=np.array(each), bins=bins) for each in places]
            add_up_labels(context, peer, columns, rows=rows or len(codes), report=context.progress)

    return found, simulate(counts, {"guest": ["1"], "host": ["2"]})


@pytest.mark.parametrize("labels", [2, 3, 5])
def test_counts_are_those_of_plain_counting_with_many_bins_and_labels(labels):
    chance = np.random.default_rng(labels)
    codes = chance.integers(0, labels, 90).tolist()
    places = chance.integers(0, 40, (3, 90))
    found, _ = count(codes, labels, places, 40)
    for column, column_places in zip(found, places, strict=True):
        wanted = np.zeros((40, labels))
        np.add.at(wanted, (column_places, codes), 1)
        assert (column == wanted).all()


def test_a_host_without_columns_sends_no_counts():
    assert count([0, 1, 1], 2, [], 4)[0] == []


def test_ciphertexts_of_equal_labels_and_of_empty_bins_differ():
    _, run = count([0] * 20 + [1] * 20, 2, [[0] * 40, [0] * 40], 200)
    key = next(m.value for m in run.messages if m.name == "label_key")
    width = (2 * len(f"{int(key['n'], 16):b}") + 7) // 8
    blocks = [m.value for m in run.messages if m.name in ("labels", "sums")]
    ciphertexts = [block[at : at + width] for block in blocks for at in range(0, len(block), width)]
    assert len(set(ciphertexts)) == len(ciphertexts)
    assert all(int.from_bytes(each, "little") > 2**1000 for each in ciphertexts)


def test_another_number_of_rows_is_an_error():
    with pytest.raises(PeerError, match="sent 3 labels for 4 rows"):
        count([0, 1, 1], 2, [[0, 0, 1, 1]], 2, rows=4)


def test_too_many_labels_for_a_key_are_named():
    with pytest.raises(InvalidInputError, match="101 different labels of 5000 rows do not fit keys of 1024 bits"):
        _ = Slots(rows=5000, labels=100, key_bits=1024).per_plaintext


@pytest.mark.parametrize("rows", [1, 100, 127, 128, 255, 5000])
@pytest.mark.parametrize("labels", [1, 2, 4])
def test_the_bins_of_a_plaintext_stay_below_the_key(rows, labels):
    slots = Slots(rows=rows, labels=labels, key_bits=1024)
    assert rows < 2**slots.slot
    assert 1022 - slots.width < slots.per_plaintext * slots.width <= 1022


def test_a_host_whose_sums_exceed_its_bins_is_refused(monkeypatch):
    monkeypatch.setattr(Binned, "sizes", property(lambda binned: [0] * binned.bins))
    with pytest.raises(PeerError, match="sums that exceed its bins"):
        count([0, 1, 0], 2, [[0, 0, 1]], 2)


@pytest.mark.parametrize(
    ("key", "wrong", "says"),
    [
        ({}, PeerError, "is no key"),
        ({"n": "8", "base": "x"}, PeerError, "is no key"),
        ({"n": f"{2**600 + 1:x}", "base": "2"}, InvalidInputError, "has 601 bits instead of 1024"),
    ],
)
def test_a_key_that_is_none_or_of_another_length_is_refused(monkeypatch, key, wrong, says):
    monkeypatch.setattr(PublicKey, "to_json", lambda _: key)
    with pytest.raises(wrong, match=says):
        count([0, 1, 0], 2, [[0, 0, 1]], 2)
