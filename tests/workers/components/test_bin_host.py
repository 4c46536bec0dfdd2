import numpy as np

from workers.components.bin_columns import ColumnBins
from workers.components.bin_host import _bin

COLUMN = ColumnBins(name="x", position=0, points=[1.0, 2.0, 3.0])
VALUES = np.array([0.5, 1.5, 2.5, np.nan, 0.7])


def test_bins_keep_their_order_where_the_guest_is_to_join_them():
    assert _bin(COLUMN, VALUES, shuffled=False).places.tolist() == [0, 1, 2, 3, 0]


def test_shuffled_bins_hold_the_same_rows_together():
    orders = {tuple(_bin(COLUMN, VALUES, shuffled=True).places.tolist()) for _ in range(60)}
    assert len(orders) > 4
    assert all(len(set(order)) == 4 and order[0] == order[4] for order in orders)
    assert sorted(_bin(COLUMN, VALUES, shuffled=True).sizes) == [1, 1, 1, 2]
