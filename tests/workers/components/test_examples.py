import numpy as np
import pytest
import yaml

from workers.components.catalog import list_builtin


@pytest.fixture
def infos():
    return {info.name: info for info in list_builtin()}


@pytest.mark.parametrize(
    "name",
    [
        "breast-homo-lr.yaml",
        "breast-hetero-lr.yaml",
        "breast-hetero-secureboost.yaml",
        "breast-baseline.yaml",
        "toy.yaml",
    ],
)
def test_example_documents_name_components_parameters_and_ports_that_exist(examples, infos, name):
    document = yaml.safe_load((examples / name).read_text())
    components = {step["name"]: infos[step["component"]] for step in document["steps"]}
    for step in document["steps"]:
        info = components[step["name"]]
        info.read_params(step.get("params", {}))
        for port, source in step.get("inputs", {}).items():
            maker, _, output = source.partition(".")
            assert info.inputs[port] == components[maker].outputs[output]


def test_the_demo_job_trains_a_good_model(examples, run_document):
    done = run_document(examples / "breast-homo-lr.yaml")
    labels, scores = [], []
    for member in ("guest.0", "host.0", "host.1"):
        result = done["evaluate"][member]
        assert result.metrics["validate_auc"][0][1] >= 0.98
        assert len(result.summary["validate"]["roc"]["fpr"]) <= 200
        table = done["lr"][member].read_table("data")
        rows = [row for row, split in enumerate(table["split"]) if split == "validate"]
        assert len(rows) == 38
        labels += [table["label"][row] for row in rows]
        scores += [table["predict_score"][row] for row in rows]
    wins = np.subtract.outer(np.array(scores)[np.array(labels) == 1], np.array(scores)[np.array(labels) == 0])
    assert (wins > 0).mean() >= 0.98
    assert done["lr"]["guest"].summary["rounds"] == 30
    assert done["lr"]["guest"].summary["rows"] == 455


def test_the_vertical_demo_job_trains_a_good_model_of_common_patients(examples, run_document):
    done = run_document(examples / "breast-hetero-lr.yaml", key_bits=1024)
    metrics = done["evaluate"]["guest"].metrics
    assert metrics["train_auc"][0][1] >= 0.99
    assert metrics["validate_auc"][0][1] >= 0.99
    assert done["train_samples"]["guest"].summary == {"rows": 428, "common": 401, "rate": 401 / 428}
    assert "nothing to evaluate" in done["evaluate"]["host"].log[0]


def test_the_baseline_demo_job_shows_what_the_other_partys_columns_are_worth(examples, run_document):
    done = run_document(examples / "breast-baseline.yaml", key_bits=1024)
    alone, together = (
        done[f"evaluate_{name}"]["guest"].metrics["validate_auc"][0][1] for name in ("alone", "together")
    )
    assert 0.85 < alone < together - 0.05
    assert together >= 0.98
    assert set(done["alone"]["host"].outputs) == {"model"}
    splits = [done["split"][member].read_table("train_data")["id"] for member in ("guest", "host")]
    assert splits[0] == splits[1]


def test_the_toy_job_adds_up(examples, run_document):
    done = run_document(examples / "toy.yaml")
    assert done["sum"]["guest"].summary["parties"] == 3
