import numpy as np

from tests.workers.components.growing import FEATURES, KEY, OUTSIDE, grow_together

VALUES = np.random.default_rng(1).integers(-50, 50, size=(30, 2)).astype(float)
ROOT = np.zeros(30, dtype=np.int64)


def begin(link, active=None):
    active = np.ones(30, dtype=bool) if active is None else active
    numbers = link.slots.join(VALUES[active])
    link.begin_tree([KEY.public.render(KEY.encrypt(numbers))], active, number=0)


def list_sums(rows):
    """The sums on the left of each of the host's splits of some samples, over all thresholds among them."""
    found = set()
    for place in (1, 2, 3):
        for cut in FEATURES[rows, place]:
            side = rows & (FEATURES[:, place] <= cut)
            found.add(tuple(VALUES[side].sum(axis=0)))
    return found


def test_a_siblings_sums_are_the_parents_less_the_summed_ones():
    def play(_guest, link):
        begin(link)
        link.ask([(0, None)], ROOT)
        link.collect([(0, None)], {})
        assert {tuple(each) for each in link.sums[0].left[link.sums[0].allowed]} <= list_sums(ROOT == 0)
        positions = np.where(FEATURES[:, 0] > 0.8, 1, 2)
        link.ask([(1, 2)], positions)
        link.collect([(1, 2)], {1: 0, 2: 0})
        for node in (1, 2):
            sums = link.sums[node]
            assert sums.allowed.any()
            assert {tuple(each) for each in sums.left[sums.allowed]} <= list_sums(positions == node)
        link.forget([0])
        assert set(link.sums) == {1, 2}

    grow_together(play)


def test_samples_that_a_tree_leaves_out_are_not_counted():
    active = np.arange(30) % 2 == 0

    def play(_guest, link):
        begin(link, active)
        link.ask([(0, None)], ROOT)
        link.collect([(0, None)], {})
        assert {tuple(each) for each in link.sums[0].left[link.sums[0].allowed]} <= list_sums(active)

    grow_together(play)


def test_a_host_divides_samples_by_the_first_of_equally_good_candidates():
    answers = []

    def play(_guest, link):
        begin(link)
        link.ask([(0, None)], ROOT)
        link.collect([(0, None)], {})
        tied = np.flatnonzero(link.sums[0].allowed).tolist()
        link.split({0: tied})
        answers.append((link.read_splits({0: tied}, {0: 30})[0], link.sums[0].left[tied]))

    _, host = grow_together(play)
    (answer, left) = answers[0]
    rule = host.records[answer.record]
    assert rule.feature == "x1"
    assert rule.cut == np.sort(FEATURES[:, 1])[3]
    assert (answer.left == (FEATURES[:, 1] <= rule.cut)).all()
    assert (answer.left_validate == (OUTSIDE[:, 1] <= rule.cut)).all()
    assert (left[answer.choice] == VALUES[answer.left].sum(axis=0)).all()
