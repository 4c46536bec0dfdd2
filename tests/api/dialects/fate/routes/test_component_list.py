async def test_modules_are_listed_with_their_parameters_and_whether_anybody_offers_them(fate, gateway, offers):
    before = await fate.ok("component/get")
    assert before["HeteroLR"]["available"] is False
    await gateway.hello("9999", components=offers)
    found = await fate.ok("component/heterolr/get", {})
    assert (found["module"], found["available"], found["component"]) == ("HeteroLR", True, "hetero_lr")
    assert found["parameters"]["init_param"]["fit_intercept"] is True
    assert found["parameters"]["need_run"] is True
    assert (await fate.ok("component/DataIO/get"))["module"] == "DataTransform"
    retcode, said = await fate.refused("component/HeteroLRX/get")
    assert (retcode, fate.status, "Did you mean 'HeteroLR'?" in said) == (400, 400, True)


async def test_parameters_are_checked_without_a_job(fate):
    body = {"component_name": "lr_0", "component_module_name": "HomoLR", "role": "guest", "dsl_version": "2"}
    found = await fate.ok("component/validate", {**body, "component_parameters": {"ComponentParam": {"max_iter": 3}}})
    assert (found["component"], found["params"]["rounds"]) == ("homo_lr", 3)
    assert (await fate.ok("component/validate", body))["params"]["rounds"] == 100


async def test_what_is_wrong_with_parameters_is_http_400(fate):
    for change, said in [
        ({"component_parameters": {"maxiter": 3}}, "lr_0: parameter maxiter: there is no such parameter"),
        ({"component_parameters": {"ComponentParam": [1]}}, "component_parameters should be an object"),
        ({"component_module_name": "Nope"}, "there is no module 'Nope'"),
        ({"role": ""}, "required parameters are missing: role; "),
    ]:
        body = {"component_name": "lr_0", "component_module_name": "HomoLR", "role": "guest", "dsl_version": "2"}
        retcode, found = await fate.refused("component/validate", {**body, **change})
        assert (retcode, fate.status) == (400, 400)
        assert said in found


async def test_there_is_one_provider(fate):
    found = await fate.ok("provider/get")
    ((version, detail),) = found["fedrota"].items()
    assert version
    assert "HomoLR" in detail["components"]
    assert await fate.ok("provider/fedrota/get", {}) == found
    assert await fate.refused("provider/other/get", {}) == (
        400,
        "there is no provider 'other': all modules come with the workers' components, from 'fedrota'",
    )


async def test_what_is_not_done_is_said(fate):
    for path in ["component/hetero/merge", "component/woe_array/extract", "provider/register"]:
        retcode, said = await fate.refused(path, {"model_id": "m"})
        assert (retcode, "is not supported here" in said) == (103, True)
