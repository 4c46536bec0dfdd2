import re
import subprocess
import sys
from pathlib import Path

import pytest

import workers.components
from workers.components.catalog import MODULES, PRELOAD, list_builtin


def test_the_builtin_components_are_these():
    assert [info.name for info in list_builtin()] == [
        "reader",
        "data_transform",
        "union",
        "label_transform",
        "column_expand",
        "feature_imputation",
        "data_statistics",
        "intersection",
        "federated_sample",
        "sample_weight",
        "feature_scale",
        "one_hot_encoder",
        "homo_one_hot_encoder",
        "hetero_data_split",
        "homo_data_split",
        "hetero_feature_binning",
        "homo_feature_binning",
        "hetero_pearson",
        "hetero_feature_selection",
        "homo_lr",
        "hetero_lr",
        "hetero_linr",
        "hetero_poisson",
        "hetero_sshe_lr",
        "hetero_sshe_linr",
        "hetero_secureboost",
        "homo_secureboost",
        "local_baseline",
        "predict",
        "evaluation",
        "restore_model",
        "noop",
        "toy",
    ]
    assert {info.name for info in list_builtin() if not info.exchange} == {
        "reader",
        "data_transform",
        "union",
        "label_transform",
        "column_expand",
        "feature_imputation",
        "data_statistics",
        "sample_weight",
        "feature_scale",
        "one_hot_encoder",
        "homo_data_split",
        "local_baseline",
        "evaluation",
        "restore_model",
        "noop",
    }
    assert {info.name for info in list_builtin() if info.reusable} == {"noop"}


def test_every_parameter_is_described_and_bounded():
    for info in list_builtin():
        assert info.params["additionalProperties"] is False
        assert info.summary
        for name, schema in info.params["properties"].items():
            assert schema["description"].endswith("."), (info.name, name)
            if schema["type"] in ("integer", "number") and name != "fill_value":
                assert {"minimum", "exclusiveMinimum"} & set(schema), (info.name, name)
                assert {"maximum", "exclusiveMaximum"} & set(schema), (info.name, name)


def loaded_by(modules) -> set[str]:
    code = f"import sys, importlib; [importlib.import_module(m) for m in {list(modules)!r}]; print(*sys.modules)"
    return set(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout.split())


def test_loading_the_components_loads_no_pyarrow():
    loaded = loaded_by(MODULES)
    assert "numpy" in loaded
    assert not {"pyarrow", "sklearn", "httpx"} & loaded


@pytest.mark.parametrize("name", ["reader", "noop"])
def test_components_without_figures_load_no_numpy(name):
    assert not {"numpy", "pyarrow"} & loaded_by([f"workers.components.{name}"])


def test_what_is_to_be_preloaded_exists():
    assert set(PRELOAD) <= loaded_by(PRELOAD)


def test_the_index_names_every_file_that_is_no_component_once():
    folder = Path(workers.components.__path__[0])
    components = {module.rpartition(".")[2] for module in MODULES}
    pieces = {file.stem for file in folder.glob("*.py")} - components - {"__init__"}
    rows = [line for line in (folder / "README.md").read_text().splitlines() if line.startswith("|")]
    assert sorted(re.findall(r"`(\w+)`", "\n".join(rows))) == sorted(pieces)
