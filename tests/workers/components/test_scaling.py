import numpy as np
import pytest

from fedrota.component import Member, component
from fedrota.simulate import simulate
from workers.components.scaling import Scale, measure_scale
from workers.components.secure_sum import SecureSum, SumPlan

MEMBERS = [Member("guest", "1", 0), Member("host", "2", 0), Member("host", "3", 1)]


@pytest.mark.parametrize("offset", [0.0, 1e6, 20240101123456789.0])
def test_the_scale_is_that_of_all_samples_together(offset):
    parts = {member: np.random.default_rng(n).normal(size=(20 + n, 3)) + offset for n, member in enumerate(MEMBERS)}
    for part in parts.values():
        part[:, 2] = offset

    @component("scales", exchange=True)
    def scales(context):
        """Measure a scale."""
        sums = SecureSum(context, SumPlan(contributors=MEMBERS, aggregator=MEMBERS[0]))
        context.summary(**measure_scale(sums, parts[context.me], names=(), rows=63).to_json())

    run = simulate(scales, {"guest": ["1"], "host": ["2", "3"]})
    pooled = np.concatenate(list(parts.values()))
    for result in run.values():
        assert np.allclose(result.summary["mean"], pooled.mean(axis=0), rtol=1e-12)
        if offset < 1e16:
            assert np.allclose(result.summary["deviation"][:2], pooled[:, :2].std(axis=0), rtol=1e-9)
        assert result.summary["deviation"][2] == max(1.0, offset)  # constant: nothing to divide by
        scale = Scale(**{name: np.array(result.summary[name]) for name in ("mean", "deviation")})
        assert np.abs(scale.apply(pooled)[:, 2]).max() < 1e-12


def test_tiny_features_are_not_taken_for_constant():
    member = [MEMBERS[0]]
    features = np.random.default_rng(0).normal(size=(30, 2)) * 1e-12

    @component("scales_tiny", exchange=True)
    def scales_tiny(context):
        """Measure a scale."""
        sums = SecureSum(context, SumPlan(contributors=member, aggregator=member[0]))
        context.summary(deviation=measure_scale(sums, features, names=(), rows=30).deviation)

    found = simulate(scales_tiny, {"guest": ["1"]})["guest"].summary["deviation"]
    assert np.allclose(found, features.std(axis=0), rtol=1e-9)


def test_applying_it_centres_and_divides():
    scale = Scale(mean=np.array([1.0, 2.0]), deviation=np.array([2.0, 4.0]))
    assert scale.apply(np.array([[3.0, -2.0]])).tolist() == [[1.0, -1.0]]
