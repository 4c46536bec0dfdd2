import numpy as np

from workers.components.bin_guest import _join


def test_counts_of_joined_bins_add_up_and_those_of_missing_values_stay():
    counts = np.array([[1, 0], [2, 1], [3, 1], [4, 4]])
    assert _join(counts, [1, 2], 3).tolist() == [[3, 1], [3, 1], [4, 4]]
    assert _join(counts, [0, 3], 4).tolist() == [[1, 0], [9, 6]]
