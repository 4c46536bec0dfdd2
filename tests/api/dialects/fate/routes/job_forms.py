"""Confs and DSLs of small jobs that the tests of FATE's job routes send."""

from typing import Any

CONF = {
    "dsl_version": 2,
    "initiator": {"role": "guest", "party_id": 9999},
    "role": {"guest": [9999], "host": [10000]},
    "component_parameters": {
        "common": {"toy_0": {"data_num": 5}},
        "role": {"host": {"0": {"evaluation_0": {"need_run": False}}}},
    },
}
TABLES = {
    role: {"0": {"reader_0": {"table": {"name": f"breast_{role}", "namespace": "experiment"}}}}
    for role in ("guest", "host")
}


def make_toy(**settings: Any) -> dict[str, Any]:
    """A job of one component at both parties."""
    conf = {
        **CONF,
        "component_parameters": {"common": {"toy_0": {"data_num": 5}}},
        "job_parameters": {"common": settings},
    }
    return {"job_runtime_conf": conf, "job_dsl": {"components": {"toy_0": {"module": "SecureAddExample"}}}}


def make_chain(**settings: Any) -> dict[str, Any]:
    """Readers, transforms and an intersection, each at both parties."""
    conf = {**CONF, "component_parameters": {"common": {}, "role": TABLES}, "job_parameters": {"common": settings}}
    components = {
        "reader_0": {"module": "Reader", "output": {"data": ["d"]}},
        "dt_0": {
            "module": "DataTransform",
            "input": {"data": {"data": ["reader_0.d"]}},
            "output": {"data": ["d"], "model": ["m"]},
        },
        "cross_0": {"module": "Intersection", "input": {"data": {"data": ["dt_0.d"]}}, "output": {"data": ["d"]}},
    }
    return {"job_runtime_conf": conf, "job_dsl": {"components": components}}
