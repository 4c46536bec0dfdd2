import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workers.components import cipher_matrix, forks
from workers.components.cipher_matrix import Layout, add_mask, combine, multiply
from workers.components.paillier import make_key

KEY = make_key(1024)


def make_rows(rows: int, columns: int, *, bits: int, seed: int = 0) -> list[list[int]]:
    chance = random.Random(seed)
    return [[chance.randrange(-(2**bits), 2**bits) for _ in range(columns)] for _ in range(rows)]


def multiply_plainly(left, right):
    return [
        [sum(a[i] * b[j] for a, b in zip(left, right, strict=True)) for j in range(len(right[0]))]
        for i in range(len(left[0]))
    ]


def add_shares(one, other):
    return [[a + b for a, b in zip(*rows, strict=True)] for rows in zip(one, other, strict=True)]


def run(left, right, layout):
    """Both sides of a product; the two shares."""
    ciphertexts = KEY.encrypt(layout.pack(right))
    masked, mine = add_mask(KEY.public, multiply(KEY.public, left, ciphertexts, packs=layout.packs), layout)
    return mine, layout.unpack(KEY.decrypt(masked))


@given(
    rows=st.integers(1, 6),
    left=st.integers(1, 4),
    right=st.integers(1, 12),
    bits=st.integers(0, 40),
    seed=st.integers(0),
)
@settings(max_examples=20, deadline=None)
def test_shares_add_up_to_the_product(rows, left, right, bits, seed):
    one, other = make_rows(rows, left, bits=bits, seed=seed), make_rows(rows, right, bits=30, seed=seed + 1)
    layout = Layout(columns=right, bound_bits=bits + 30 + 3, key_bits=1024)
    assert add_shares(*run(one, other, layout)) == multiply_plainly(one, other)


@pytest.mark.parametrize("shape", [(300, 3), (5, 300)], ids=["rows over processes", "columns over processes"])
def test_work_over_processes_gives_the_same(monkeypatch, shape):
    monkeypatch.setattr(forks, "count_cores", lambda: 2)
    monkeypatch.setattr(cipher_matrix, "BLOCK_ROWS", 64)
    one, other = make_rows(*shape, bits=26), make_rows(shape[0], 2, bits=26, seed=1)
    layout = Layout(columns=2, bound_bits=26 + 26 + 9, key_bits=1024)
    assert add_shares(*run(one, other, layout)) == multiply_plainly(one, other)


def test_products_of_blocks_combine():
    one, other = make_rows(6, 2, bits=20), make_rows(6, 3, bits=20, seed=1)
    layout = Layout(columns=3, bound_bits=50, key_bits=1024)
    ciphertexts = KEY.encrypt(layout.pack(other))
    cut = 4 * layout.packs
    blocks = [
        multiply(KEY.public, one[:4], ciphertexts[:cut], packs=layout.packs),
        multiply(KEY.public, one[4:], ciphertexts[cut:], packs=layout.packs),
    ]
    masked, mine = add_mask(KEY.public, combine(KEY.public, blocks), layout)
    assert add_shares(mine, layout.unpack(KEY.decrypt(masked))) == multiply_plainly(one, other)


def test_a_masked_entry_is_far_larger_than_what_it_hides_and_never_the_same():
    layout = Layout(columns=2, bound_bits=40, key_bits=1024)
    opened = [run([[1]], [[7, -7]], layout)[1][0] for _ in range(5)]
    assert min(min(row) for row in opened) > 2**80
    assert len({entry for row in opened for entry in row}) == 10


def test_several_numbers_share_a_ciphertext():
    layout = Layout(columns=20, bound_bits=60, key_bits=2048)
    assert layout.per_plaintext == 16
    assert layout.packs == 2
    with pytest.raises(OverflowError, match="need a key longer than 1024 bits"):
        _ = Layout(columns=1, bound_bits=1000, key_bits=1024).packs


def test_a_matrix_without_columns_needs_nothing():
    assert multiply(KEY.public, [[], []], KEY.encrypt([1, 2]), packs=1) == []
    assert add_mask(KEY.public, [], Layout(columns=1, bound_bits=10, key_bits=1024)) == ([], [])
