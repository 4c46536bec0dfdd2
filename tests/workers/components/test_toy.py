import pytest

from fedrota.simulate import simulate
from workers.components.toy import toy


@pytest.mark.parametrize("hosts", [0, 1, 2, 4])
def test_the_sum_is_right_with_any_number_of_parties(hosts):
    parties = {"guest": ["1"], "host": [str(place + 2) for place in range(hosts)]}
    run = simulate(toy, parties, params={"length": 20, "rounds": 3})
    for result in run.values():
        assert result.summary["parties"] == hosts + 1
        assert result.summary["deviation"] < 1e-9
        assert result.progress[-1] == 1.0


def test_different_seeds_are_noticed():
    with pytest.raises(RuntimeError, match="the sum of round 1 is off by"):
        simulate(toy, {"guest": ["1"], "host": ["2"]}, params=lambda me: {"seed": int(me.party)})
