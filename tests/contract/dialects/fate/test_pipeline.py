"""The published pipeline: upload, train, look, deploy, predict, as its users write it."""

import pytest

from tests.contract.dialects.fate.conftest import PIPELINE

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]


def test_a_pipeline_trains_and_predicts(results):
    found = results[PIPELINE]
    calls, facts = found["calls"], found["facts"]
    assert "broken" not in facts, facts["broken"]
    assert "Pipeline configuration succeeded" in facts["init"]
    assert "Flow version: 1.11.2" in facts["check"]
    assert facts["upload"] is True
    assert facts["columns"][:2] == facts["predicted"][:2] == ["id", "label"]
    assert facts["rows"] in {6, 7}
    assert {"reader_0", "homo_lr_0"} <= set(facts["tasks"])
    assert calls["summary"]["rounds"] == 3
    assert calls["model"]["header"][0] == "x0"
    assert calls["table"]["table_name"]
    assert calls["evaluation"]["homo_lr_0"]["train"]["auc"] > 0.9
    assert facts["dumped"] == facts["train"] != facts["predict"]
    assert facts["bound"]["namespace"] == "exp"
