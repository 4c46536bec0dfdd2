from api.dialects.fate.requests.dsl import parse_dsl
from api.dialects.fate.vocabulary.dag import describe_dag


def test_the_graph_names_each_input_with_the_place_of_the_output():
    components = parse_dsl({
        "components": {
            "lr_0": {
                "module": "HeteroLR",
                "input": {"data": {"train_data": ["split_0.a"], "validate_data": ["split_0.b"]}, "model": ["lr_1.m"]},
            },
            "lr_1": {"module": "HeteroLR", "output": {"model": ["m"]}},
            "split_0": {"module": "HeteroDataSplit", "output": {"data": ["a", "b"]}},
        }
    })  # fmt: skip
    found = describe_dag(components, {"lr_1"})
    assert found["component_list"] == ["lr_1", "split_0", "lr_0"]
    assert found["dependencies"] == {
        "lr_0": [
            {"component_name": "split_0", "type": "train_data", "up_output_info": ["data", 0]},
            {"component_name": "split_0", "type": "validate_data", "up_output_info": ["data", 1]},
            {"component_name": "lr_1", "type": "model", "up_output_info": ["model", 0]},
        ]
    }
    assert found["component_module"]["split_0"] == "HeteroDataSplit"
    assert found["component_need_run"] == {"lr_1": False, "split_0": True, "lr_0": True}
