from api.dialects.fate.vocabulary.origin import FateJob
from api.dialects.fate.vocabulary.wish import Trained


def test_a_models_parts_lie_where_they_were_made():
    fate = FateJob(dsl={"components": {"dt_0": {}, "lr_0": {}}}, holders={"dt_0": "1"})
    assert Trained(job="7", fate=fate).locate() == {"dt_0": "1", "lr_0": "7"}
