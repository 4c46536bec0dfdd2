import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.conf import parse_conf, parse_party


def make_conf(**given):
    return {
        "dsl_version": 2,
        "initiator": {"role": "guest", "party_id": 9999},
        "role": {"guest": [9999], "host": [10000, "10001"]},
        **given,
    }


def test_later_layers_win_and_a_party_gets_those_that_name_it():
    conf = parse_conf(
        make_conf(
            component_parameters={
                "common": {"lr_0": {"alpha": 1, "init": {"method": "zeros", "seed": 0}}},
                "role": {"host": {"0|1": {"lr_0": {"alpha": 2}}, "1": {"lr_0": {"init": {"seed": 7}}}}},
            }
        )
    )
    assert conf.get_params("lr_0", "guest", 0) == {"alpha": 1, "init": {"method": "zeros", "seed": 0}}
    assert conf.get_params("lr_0", "host", 0) == {"alpha": 2, "init": {"method": "zeros", "seed": 0}}
    assert conf.get_params("lr_0", "host", 1) == {"alpha": 2, "init": {"method": "zeros", "seed": 7}}
    assert conf.get_params("lr_1", "host", 1) == {}
    assert conf.roles == {"guest": ("9999",), "host": ("10000", "10001")}
    assert conf.initiator == ("guest", "9999")


def test_job_parameters_of_single_parties_that_do_not_take_effect_are_said():
    conf = parse_conf(
        make_conf(
            job_parameters={
                "common": {"timeout": 5},
                "role": {
                    "host": {"1": {"timeout": 5, "user": "me"}, "0|1": {"timeout": 9}},
                    "guest": {"all": {"task_cores": 2}},
                },
            }
        )
    )
    assert conf.settings == {"timeout": 5}
    said = "does not take effect: it is the same for all parties, write it in common"
    assert conf.warnings == (
        f"[WARN]job_parameters.role.host.0|1.timeout {said}",
        f"[WARN]job_parameters.role.guest.all.task_cores {said}",
    )


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"role": None}, "required parameters are missing: role; "),
        ({"role": {}, "initiator": None}, "required parameters are missing: initiator,role; "),
        ({"initiator": {"role": "guest", "party_id": 1}}, r"initiator party id 1 not in roles \{"),
        ({"initiator": {"role": "host", "party_id": 9999}}, "initiator party id 9999 not in roles"),
        ({"role": {"guest": [9999, 1.5]}}, "a party id is a number or a text"),
        ({"role": {"guest": [True]}}, "a party id is a number or a text"),
        ({"component_parameters": []}, "component_parameters should be an object"),
        (
            {"component_parameters": {"role": {"host": {"0": 3}}}},
            r"component_parameters\.role\.host\.0 should be an object",
        ),
        ({"component_parameters": {"common": {"lr_0": 3}}}, "parameters of component lr_0 should be an object"),
    ],
)
def test_what_is_wrong_is_refused_with_103_and_one_line(changed, said):
    with pytest.raises(FateError, match=said) as refused:
        parse_conf(make_conf(**changed))
    assert refused.value.retcode == 103
    assert "\n" not in refused.value.message


def test_parameters_beside_common_and_role_are_said():
    conf = parse_conf(make_conf(job_parameters={"task_cores": 2}, component_parameters={"Common": {}, "common": {}}))
    assert conf.warnings == (
        "[WARN]job_parameters.task_cores does not take effect: write it below job_parameters.common or job_parameters.role",
        "[WARN]component_parameters.Common does not take effect: write it below component_parameters.common or "
        "component_parameters.role",
    )


def test_what_does_not_take_effect_is_said():
    conf = parse_conf(
        make_conf(
            job_parameters={"common": {"work_mode": 1, "backend": 0}},
            component_parameters={"role": {"host": {"5": {"lr_0": {}}}}},
        )
    )
    assert conf.warnings[:2] == (
        "[WARN]work_mode is removed,it does not take effect!",
        "[WARN]backend is removed,it does not take effect!",
    )
    assert "host.5 speaks of a party that the job does not have" in conf.warnings[2]
    assert conf.list_configured() == {"lr_0"}


def test_noise_of_clients_does_not_get_into_the_conf():
    document = parse_conf(make_conf(conf_path="/tmp/a.json", dsl="b.json", function="submit_job")).document
    assert set(document) == {"dsl_version", "initiator", "role", "job_parameters", "component_parameters"}


def test_party_ids_become_texts():
    assert [parse_party(each, "x") for each in (9999, "9999", " 9999 ", "bank-a")] == ["9999", "9999", "9999", "bank-a"]
