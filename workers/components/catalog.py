"""The built-in components by module, and what a process that starts them should have loaded beforehand."""

from importlib import import_module
from typing import Final

from fedrota.component import ComponentInfo, find_components

MODULES: Final = (
    "workers.components.reader",
    "workers.components.data_transform",
    "workers.components.union",
    "workers.components.label_transform",
    "workers.components.column_expand",
    "workers.components.feature_imputation",
    "workers.components.data_statistics",
    "workers.components.intersection",
    "workers.components.federated_sample",
    "workers.components.sample_weight",
    "workers.components.feature_scale",
    "workers.components.one_hot_encoder",
    "workers.components.homo_one_hot_encoder",
    "workers.components.hetero_data_split",
    "workers.components.homo_data_split",
    "workers.components.hetero_feature_binning",
    "workers.components.homo_feature_binning",
    "workers.components.hetero_pearson",
    "workers.components.hetero_feature_selection",
    "workers.components.homo_lr",
    "workers.components.hetero_lr",
    "workers.components.hetero_linr",
    "workers.components.hetero_poisson",
    "workers.components.hetero_sshe_lr",
    "workers.components.hetero_sshe_linr",
    "workers.components.hetero_secureboost",
    "workers.components.homo_secureboost",
    "workers.components.local_baseline",
    "workers.components.predict",
    "workers.components.evaluation",
    "workers.components.restore_model",
    "workers.components.noop",
    "workers.components.toy",
)
PRELOAD: Final = ("numpy", "numpy.ma", "pyarrow.parquet", "workers.components.masking")
"""Loaded once in the process that children are forked from: 0.1 s that no task pays again. pyarrow takes numpy.ma."""


def list_builtin() -> tuple[ComponentInfo, ...]:
    """Every built-in component, in the order of a typical job; loads numpy, but not pyarrow."""
    return tuple(info for name in MODULES for info in find_components(import_module(name)))
