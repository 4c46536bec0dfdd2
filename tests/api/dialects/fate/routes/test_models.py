"""FATE's registry over models that jobs of any dialect made."""

from api.dialects.fate.routes import models as routes
from tests.api.sites import MODEL_ID


async def test_a_model_is_deployed_and_described(signed, sites):
    job = await sites.train()
    name = {"model_id": MODEL_ID, "model_version": job}
    assert (await signed.refused("model/get/predict/dsl", name))[0] == 210
    assert signed.status == 210
    deployed = await signed.send("model/deploy", {**name, "cpn_list": ["reader_0", "lr_0"]})
    data = deployed["data"]
    assert (deployed["retcode"], data["guest"], data["host"]) == (0, {"9999": 0}, {"10000": 0})
    assert data["detail"]["host"]["10000"]["retcode"] == 0
    assert data["model_version"] != job
    child = {"model_id": MODEL_ID, "model_version": data["model_version"]}
    dsl = await signed.ok("model/get/predict/dsl", child)
    assert list(dsl["components"]) == ["reader_0", "lr_0"]
    assert all("CodePath" in each for each in dsl["components"].values())
    conf = await signed.ok("model/get/predict/conf", child)
    assert conf["job_parameters"]["common"] == {"job_type": "predict", **child}
    table = {"name": "name_to_be_filled_0", "namespace": "namespace_to_be_filled_0"}
    assert conf["component_parameters"]["role"]["host"]["0"] == {"reader_0": {"table": table}}
    saved = await signed.send("model/get/predict/conf", {**child, "filename": "../../etc/x y.json"})
    assert saved == conf
    assert signed.headers["Content-Disposition"] == "attachment; filename=x_y.json"


async def test_what_deploying_refuses(signed, sites):
    job = await sites.train()
    name = {"model_id": MODEL_ID, "model_version": job}
    assert await signed.refused("model/deploy", {"model_id": MODEL_ID}) == (
        101,
        "required argument are missing: model_version",
    )
    code, message = await signed.refused("model/deploy", {**name, "model_version": "1"})
    assert (signed.status, code, "not found" in message) == (404, 404, True)
    for wrong, text in (
        ({"cpn_list": ["lr_1"]}, "lr_1"),
        ({"cpn_list": ["lr_0"], "predict_dsl": {"components": {"lr_0": {}}}}, "not both"),
        ({"predict_dsl": {"components": {"lr_9": {}}}}, "lr_9"),
        ({"predict_dsl": {"components": {"lr_0": "x"}}}, "Component lr_0 should be dict"),
        ({"dsl": '{"components": {"lr_0": ' + "[" * 600 + "]" * 600 + "}}"}, "lies deeper than 32 levels"),
        ({"dsl": "{"}, "not JSON"),
        ({"cpn_list": [1]}, "list of component names"),
        ({"components_checkpoint": {"lr_0": {"step_index": 1}}}, "no component of this model left a checkpoint"),
    ):
        code, message = await signed.refused("model/deploy", {**name, **wrong})
        assert (code, text in message) == (101, True), message


async def test_the_registry_is_queried(signed, sites):
    job = await sites.train()
    rows = await signed.ok("model/query", {"model_version": job})
    assert [(row["f_role"], row["f_party_id"]) for row in rows] == [("guest", "9999"), ("host", "10000")]
    row = rows[0]
    assert (row["f_model_id"], row["f_model_version"], row["f_parent"], row["f_imported"]) == (MODEL_ID, job, True, 0)
    assert (row["f_size"], row["f_roles"], row["f_loaded_times"]) == (12, {"guest": [9999], "host": [10000]}, 0)
    child = (await signed.ok("model/deploy", {"model_id": MODEL_ID, "model_version": job}))["model_version"]
    given = {"model_version": child, "role": "host", "party_id": 10000, "query_filters": ["parent", "parent_info"]}
    parent = {"parent_model_id": MODEL_ID, "parent_model_version": job}
    assert await signed.ok("model/query", given) == [{"f_parent": None, "f_parent_info": parent}]
    assert await signed.send("model/query", {"model_version": "1"}) == {
        "retcode": 100,
        "retmsg": "Query model info failed, cannot find model.",
        "data": [],
    }
    detail = await signed.ok("model/query/detail", {"model_id": MODEL_ID, "model_version": child})
    assert (detail["deployed"], len(detail["rows"]), len(detail["parts"])) == (True, 2, 2)


async def test_a_large_registry_is_shown_page_by_page_and_what_is_left_out_is_said(signed, sites, monkeypatch):
    monkeypatch.setattr(routes, "PAGE", 2)
    job = await sites.train()
    versions = [job]
    for _ in range(4):
        child = await signed.ok("model/deploy", {"model_id": MODEL_ID, "model_version": job})
        versions.append(child["model_version"])
    whole = await signed.send("model/query", {"role": "guest"})
    assert [row["f_model_version"] for row in whole["data"]] == versions[::-1]
    assert whole["retmsg"] == "Query model info successfully."
    for most, is_cut in ((10, False), (9, True), (4, True)):
        monkeypatch.setattr(routes, "MOST_ROWS", most)
        found = await signed.send("model/query", {"model_id": MODEL_ID})
        assert (len(found["data"]), f"Only {most} rows" in found["retmsg"]) == (most, is_cut)


async def test_a_model_migrates_to_other_parties(signed, sites):
    job = await sites.train()
    body = {
        "migrate_initiator": {"role": "guest", "party_id": 99}, "role": {"guest": [9999], "host": [10000]},
        "migrate_role": {"guest": [99], "host": [100]}, "execute_party": {"guest": [9999], "host": ["10000"]},
        "job_parameters": {"federated_mode": "SINGLE"}, "model_id": MODEL_ID, "model_version": job,
        "unify_model_version": job,
    }  # fmt: skip
    moved = await signed.send("model/migrate", body)
    assert (moved["retcode"], moved["data"]["guest"], moved["data"]["host"]) == (0, {"9999": 0}, {"10000": 0})
    assert "New model id is: guest-99#host-100#model" in moved["data"]["detail"]["guest"]["9999"]["retmsg"]
    (row, _) = await signed.ok("model/query", {"model_id": "guest-99#host-100#model", "model_version": job})
    assert (row["f_party_id"], row["f_initiator_party_id"], row["f_size"]) == ("99", "99", 12)
    assert row["f_train_runtime_conf"]["role"] == {"guest": [99], "host": [100]}
    assert (await signed.refused("model/migrate", {**body, "migrate_role": body["role"]}))[0] == 100
    for wrong in (
        {"migrate_role": {"guest": [99]}},
        {"migrate_role": {"guest": [99], "host": [100, 101]}},
        {"migrate_initiator": {"role": "guest", "party_id": 7}},
        {"migrate_initiator": None},
        {"execute_party": None},
        {"role": "guest"},
        {"model_version": None},
        {"model_version": "1"},
    ):
        assert (await signed.refused("model/migrate", {**body, **wrong}))[0] == 101, wrong


async def test_calls_that_are_not_ours_say_what_to_use_instead(signed):
    for path, instead in (
        ("homo/convert", "model/export"), ("homo/deploy", "model/export"), ("load/do", "model/load"),
        ("migrate/do", "model/migrate"), ("deploy/do", "model/deploy"), ("service/register", "model/bind"),
        ("archive/packaging", "model/export"),
    ):  # fmt: skip
        code, message = await signed.refused(f"model/{path}", {})
        assert (code, instead in message) == (103, True), message


async def test_a_model_is_its_owners_and_its_projects(fate, gateway, signed, sites):
    job = await sites.train(token="lead")
    body = {"model_id": MODEL_ID, "model_version": job}
    member = {"headers": {"Authorization": f"Bearer {gateway.tokens['member']}"}}
    assert (await signed.refused("model/deploy", body, **member))[0] == 108
    wanted = {**body, "role": "guest", "party_id": 9999}
    assert (await signed.refused("model/export", wanted, method="GET", **member))[0] == 108
    assert fate.status == 403
    stranger = {"headers": {"Authorization": f"Bearer {gateway.tokens['stranger']}"}}
    assert (await signed.refused("model/deploy", body, **stranger))[0] == 404
