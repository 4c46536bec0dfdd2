import pytest

from api.dialects.fate.errors import FateError
from api.dialects.fate.requests.models import (
    find_text,
    need_texts,
    parse_deploy,
    parse_members,
    parse_migrate,
    parse_target,
    read_member,
)

NAME = {"model_id": "m", "model_version": 2026}
MIGRATE = {
    **NAME, "role": {"guest": [1], "host": [2, 3]}, "migrate_role": {"guest": ["9"], "host": [8, 7]},
    "migrate_initiator": {"role": "guest", "party_id": 9}, "execute_party": {"guest": [1]},
}  # fmt: skip


def test_numbers_and_texts_are_alike():
    assert need_texts(NAME, "model_version", "model_id") == ("2026", "m")
    assert read_member({"role": "guest", "party_id": 1}) == read_member({"role": "guest", "party_id": " 1 "})
    assert parse_members({"guest": [1, "2"], "host": 3}, "role") == {"guest": ["1", "2"], "host": ["3"]}
    assert (find_text({"a": 5}, "a"), find_text({"a": {"x": 1}}, "a"), find_text({}, "a")) == ("5", "", "")


@pytest.mark.parametrize("value", [None, "", " ", [], {}, True, "a\nb", "x" * 1001])
def test_what_is_no_name_is_refused(value):
    with pytest.raises(FateError, match="model_id") as refused:
        need_texts({"model_id": value}, "model_id")
    assert refused.value.retcode == 101


def test_a_target_is_named_by_conf_or_by_job():
    found = parse_target({"job_parameters": NAME, "role": {"guest": [1]}, "job_id": "7"})
    assert (found.model_id, found.model_version, found.roles) == ("m", "2026", {"guest": ["1"]})
    assert parse_target({"job_parameters": {"common": NAME}, "role": {"guest": [1]}}).model_id == "m"
    assert parse_target({"job_id": "7"}) is None
    with pytest.raises(FateError, match="job_parameters"):
        parse_target({})


def test_components_come_as_a_list_or_a_text():
    for given in (["a", "b", "a"], "a, b", "[a b]"):
        assert parse_deploy({**NAME, "cpn_list": given}).components == ("a", "b")
    assert parse_deploy({**NAME, "cpn_list": []}).components is None
    assert parse_deploy({**NAME, "dsl": '{"components": {"a": {}}}'}).dsl == {"components": {"a": {}}}
    for wrong in ({"predict_dsl": {"components": {}}}, {"dsl": "[]x"}, {"dsl": '["\\u0000"]'}, {"predict_dsl": [1]}):
        with pytest.raises(FateError):
            parse_deploy({**NAME, **wrong})


def test_members_migrate_by_their_places():
    wanted = parse_migrate(MIGRATE)
    assert wanted.members == {
        ("guest", "1"): ("guest", "9"), ("host", "2"): ("host", "8"), ("host", "3"): ("host", "7"),
    }  # fmt: skip
    assert (wanted.version, wanted.initiator, wanted.executors) == (None, ("guest", "9"), {"guest": ["1"]})
    assert parse_migrate({**MIGRATE, "unify_model_version": "5"}).version == "5"
    same = {"guest": ["1"], "host": [3, 2]}
    with pytest.raises(FateError, match="nothing to migrate") as refused:
        parse_migrate({**MIGRATE, "migrate_role": same})
    assert refused.value.retcode == 100
