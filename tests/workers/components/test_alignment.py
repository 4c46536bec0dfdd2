import numpy as np
import pytest

from fedrota.component import InvalidInputError, component
from fedrota.simulate import simulate
from workers.components.alignment import align
from workers.components.step_roles import find_roles
from workers.components.tables import Samples

TWO = {"guest": ["1"], "host": ["2"]}


def make_samples(ids, width=1):
    return Samples(ids=ids, features=np.zeros((len(ids), width)), names=tuple(f"x{n}" for n in range(width)))


def run_alignment(splits, settings=None, parties=TWO):
    """What each member found, and what each was told."""
    told, found = {}, {}

    @component("aligns", exchange=True)
    def aligns(context):
        """Align."""
        roles = find_roles(context)
        mine = (settings or {}).get(context.me.address, {"epochs": 1})
        try:
            found[context.me.address] = align(context, roles, splits.get(context.me.address, []), mine)
        except InvalidInputError as error:
            told[context.me.address] = str(error)

    return found, told, simulate(aligns, parties)


def test_parties_with_the_same_samples_learn_rows_and_widths_only():
    parties = {"guest": ["1"], "host": ["2", "3"], "arbiter": ["4"]}
    widths = {"guest.0": 1, "host.0": 2, "host.1": 3}
    splits = {owner: [("train", make_samples(["a", "ß"], width))] for owner, width in widths.items()}
    found, told, run = run_alignment(splits, parties=parties)
    assert not told
    for alignment in found.values():
        assert alignment.rows == {"train": 2}
        assert {member.address: width for member, width in alignment.widths.items()} == widths
    for message in run.messages:
        assert "ß" not in str(message.value)


@pytest.mark.parametrize("ids", [["a"], ["b", "a"], ["ab", ""]])
def test_other_ids_another_order_and_other_cuts_of_the_same_text_are_told_to_all(ids):
    splits = {"guest.0": [("train", make_samples(["a", "b"]))], "host.0": [("train", make_samples(ids))]}
    found, told, _ = run_alignment(splits)
    assert not found
    assert set(told) == {"guest.0", "host.0"}
    assert f"holds other samples at party 2 ({len(ids)} rows) than at party 1 (2 rows)" in told["host.0"]


def test_an_arbiters_settings_count_too():
    splits = {owner: [("train", make_samples(["a"]))] for owner in ("guest.0", "host.0")}
    settings = {"arbiter.0": {"epochs": 2}}
    _, told, _ = run_alignment(splits, settings, {**TWO, "arbiter": ["9"]})
    assert "epochs is 2 at party 9 but 1 at party 1: give all parties the same value" in told["arbiter.0"]


def test_a_digest_differs_between_steps_so_that_it_cannot_be_looked_up():
    splits = {owner: [("train", make_samples(["a"]))] for owner in ("guest.0", "host.0")}
    digests = [message.value["digests"] for message in run_alignment(splits)[2].messages if message.name == "profile"]

    @component("other", exchange=True)
    def other(context):
        """Align in a step of another name."""
        align(context, find_roles(context), splits[context.me.address], {})

    digests += [message.value["digests"] for message in simulate(other, TWO).messages if message.name == "profile"]
    assert digests[0] != digests[1]
