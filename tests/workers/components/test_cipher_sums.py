from functools import reduce

import numpy as np
import pytest
from gmpy2 import mpz

from tests.workers.components.boosting import goes_left, list_cuts
from workers.components import cipher_sums, forks
from workers.components.cipher_sums import CipherSums, NodeTask
from workers.components.gradient_slots import Slots
from workers.components.paillier import make_key
from workers.components.tree_grid import Grid

KEY = make_key(1024)
SLOTS = Slots(rows=20, key_bits=1024)
FEATURES = np.where(
    np.random.default_rng(3).random((20, 4)) < 0.2, np.nan, np.random.default_rng(4).normal(size=(20, 4))
)
VALUES = np.random.default_rng(5).integers(-1000, 1000, size=(20, 2)).astype(float)


@pytest.fixture
def sums():
    grid = Grid.measure(["a", "b", "c", "d"], FEATURES, bins=6)
    active = [row != 7 for row in range(20)]
    ciphertexts = iter(KEY.encrypt(SLOTS.join(VALUES[active])))
    return CipherSums(
        key=KEY.public,
        slots=SLOTS,
        ciphertexts=[next(ciphertexts) if each else mpz(1) for each in active],
        grid=grid,
        codes=grid.place(FEATURES),
    )


def make_tasks():
    order = np.random.default_rng(6).permutation(len(list_cuts(FEATURES, 6)))
    return [NodeTask(rows=np.arange(0, 20, 2), candidates=order), NodeTask(rows=np.array([1, 3]), candidates=order[:9])]


@pytest.mark.parametrize("cores", [1, 2])
def test_the_guest_reads_the_sums_of_each_candidate_in_the_order_given(sums, monkeypatch, cores):
    for module in (cipher_sums, forks):
        monkeypatch.setattr(module, "count_cores", lambda: cores)
    monkeypatch.setattr(cipher_sums, "WORTH_FORKING", 0)
    tasks, cuts = make_tasks(), list_cuts(FEATURES, 6)
    plain = KEY.decrypt(KEY.public.parse(sums.answer(tasks)))
    for task in tasks:
        packs = -(-len(task.candidates) // SLOTS.per_plaintext)
        found = SLOTS.split(plain[:packs], modulus=int(KEY.public.n), count=len(task.candidates))
        plain = plain[packs:]
        for candidate, values in zip(task.candidates, found, strict=True):
            side = goes_left(FEATURES, cuts[candidate])
            rows = [row for row in task.rows if side[row] and row != 7]
            assert (values == VALUES[rows].sum(axis=0)).all()
    assert not plain


def test_ciphertexts_do_not_tell_which_ones_went_into_them(sums):
    task = NodeTask(rows=np.arange(20), candidates=np.array([0]))
    first, second = (KEY.public.parse(sums.answer([task])) for _ in range(2))
    mine = [c for c, left in zip(sums.ciphertexts, goes_left(FEATURES, list_cuts(FEATURES, 6)[0]), strict=True) if left]
    product = reduce(lambda one, other: one * other % KEY.public.square, mine)
    assert len({int(first[0]), int(second[0]), int(product)}) == 3
    assert KEY.decrypt(first) == KEY.decrypt(second) == KEY.decrypt([product])


def test_nodes_without_candidates_have_no_answer(sums):
    assert sums.answer([NodeTask(rows=np.arange(3), candidates=np.array([], dtype=np.int64))]) == b""
