from api.dialects.fate.vocabulary.fate_job import FateJob
from api.dialects.fate.vocabulary.job_request import Trained


def test_a_models_parts_lie_where_they_were_made():
    fate = FateJob(dsl={"components": {"dt_0": {}, "lr_0": {}}}, holders={"dt_0": "1"})
    assert Trained(job="7", fate=fate).locate() == {"dt_0": "1", "lr_0": "7"}
