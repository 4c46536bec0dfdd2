import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedrota.component import Member, component
from fedrota.simulate import simulate
from workers.components.group_masks import RING, GroupMasks, from_words, to_words

OWNERS = [Member("guest", "1", 0), Member("host", "2", 0), Member("host", "3", 1)]


@given(st.lists(st.integers(-RING // 2, RING // 2 - 1), max_size=5))
def test_numbers_keep_their_value_as_words(numbers):
    assert from_words(to_words(numbers)) == numbers
    assert to_words(numbers).shape == (4, len(numbers))


@pytest.mark.parametrize("count", [2, 3])
def test_each_party_learns_the_sum_of_what_the_others_sent(count):
    owners = OWNERS[:count]

    @component("sends", exchange=True)
    def sends(context):
        """Send everybody a number of one's own, twice."""
        masks = GroupMasks(context, owners)
        for turn in (1, 2):
            for target in owners:
                if target != context.me:
                    masks.send(target, "part", to_words([10 * turn + owners.index(context.me)]), turn=turn)
            context.summary(**{f"turn{turn}": from_words(masks.receive("part", turn=turn))})

    run = simulate(sends, {"guest": ["1"], "host": ["2", "3"][: count - 1]})
    for place, member in enumerate(owners):
        others = [each for each in range(count) if each != place]
        for turn in (1, 2):
            assert run[member].summary[f"turn{turn}"] == [sum(10 * turn + each for each in others)]
    parts = [message.value for message in run.messages if message.name == "part"]
    small = [abs(from_words(words)[0]) < 2**64 for words in parts]
    assert all(small) if count == 2 else not any(small)
    assert len({np.asarray(words).tobytes() for words in parts}) == (4 if count == 2 else 12)
