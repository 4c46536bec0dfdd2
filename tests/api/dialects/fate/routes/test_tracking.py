AT = {"role": "guest", "party_id": 9999}
LR, EVALUATION = "hetero_lr_0", "evaluation_0"


def at(job, component=LR, **changes):
    return {"job_id": job, "component_name": component, **AT, **changes}


async def test_metrics_stand_below_fates_namespaces_and_names(site, trained):
    names = (await site.post("/tracking/component/metrics", at(trained)))["data"]
    assert names == {"train": ["loss", "deviation"], "validate": ["auc"]}
    every = (await site.post("/tracking/component/metric/all", at(trained)))["data"]
    assert every["train"]["loss"] == {
        "data": [[0, 0.7], [1, 0.6]],
        "meta": {"name": "loss", "metric_type": "LOSS", "curve_name": "loss", "unit_name": "iters"},
    }
    assert every["train"]["deviation"]["data"] == [["deviation", 0.125]]
    assert every["validate"]["auc"]["data"] == [[1, 0.9]]


async def test_an_evaluation_has_its_figures_and_curves(site, trained):
    every = (await site.post("/tracking/component/metric/all", at(trained, EVALUATION)))["data"]["train"]
    assert every[LR]["data"] == [["auc", 1.0], ["f1_score", 0.5]]
    assert every[LR]["meta"] == {"name": LR, "metric_type": "EVALUATION_SUMMARY"}
    roc = every[f"{LR}_roc"]
    assert roc["data"] == [[0.0, 0.0], [0.0, 1.0], [1.0, 1.0]]
    assert (roc["meta"]["metric_type"], roc["meta"]["curve_name"]) == ("ROC_EVALUATION", LR)
    assert every[f"{LR}_ks_tpr"]["data"] == [[0.0, 0.0], [0.5, 1.0], [1.0, 1.0]]
    confusion = every[f"{LR}_confusion_mat"]
    assert (confusion["data"], confusion["meta"]["tp"], confusion["meta"]["thresholds"]) == ([], [2], [0.5])


async def test_one_metric(site, trained):
    for spelling in ["metric_name", "meric_name"]:
        wish = {**at(trained), "metric_namespace": "train", spelling: "loss"}
        found = await site.post("/tracking/component/metric_data", wish)
        assert (found["data"], found["meta"]["metric_type"]) == ([[0, 0.7], [1, 0.6]], "LOSS")
        none = await site.post("/tracking/component/metric_data", {**wish, spelling: "none"})
        assert (none["retcode"], none["retmsg"], none["data"], none["meta"]) == (0, "no data", [], {})


async def test_a_component_without_metrics_has_no_data(site, trained):
    for path in ("metrics", "metric/all"):
        found = await site.post(f"/tracking/component/{path}", at(trained, "reader_0"))
        assert (found["retcode"], found["retmsg"], found["data"]) == (0, "no data", {})


BY_COMPONENT = (
    "metrics",
    "metric/all",
    "parameters",
    "summary/download",
    "output/model",
    "output/data",
    "output/data/table",
)
WRONG = (
    ({"job_id": "1"}, "there is no job"),
    ({"component_name": "hetero_lr_1"}, "hetero_lr_0"),
    ({"party_id": "5"}, "has no guest 5"),
    ({"role": "nobody"}, "has no nobody"),
    ({"component_name": ""}, "component_name"),
    ({"component_name": ["x"]}, "component_name must be a text"),
)


async def test_what_is_not_there_is_said(site, trained):
    for path in BY_COMPONENT:
        for changes, said in WRONG:
            found = await site.post(f"/tracking/component/{path}", at(trained, **changes))
            assert (found["retcode"] in {100, 101}, said in found["retmsg"]) == (True, True), (path, found)
            assert "\n" not in found["retmsg"]
    for body, retcode in ((b"[1]", 101), (b"", 100), (b"\xff", 101), (b'{"a":' * 60 + b"1" + b"}" * 60, 101)):
        found = await site.post("/tracking/component/metrics", data=body)
        assert found["retcode"] == retcode, found


async def test_parameters_are_as_resolved(site, trained):
    found = (await site.post("/tracking/component/parameters", at(trained, "reader_0")))["data"]
    assert found["module"].casefold() == "reader"
    assert found["ComponentParam"]["table"] == "breast"


async def test_summaries_are_in_fates_words(site, trained):
    found = (await site.post("/tracking/component/summary/download", at(trained)))["data"]
    assert found.items() >= {"is_converged": False, "iters": 2, "loss_history": [0.7, 0.6], "loss": 0.6}.items()
    found = (await site.post("/tracking/component/summary/download", at(trained, EVALUATION)))["data"]
    assert found == {LR: {"train": {"auc": 1.0, "f1_score": 0.5}}}
    status, none, _ = await site.ask("POST", "/tracking/component/summary/download", json=at(trained, "reader_0"))
    assert (status, none["retcode"]) == (210, 210)


async def test_a_summary_as_a_file_takes_no_path_from_the_client(site, trained):
    wish = {**at(trained), "filename": "../../etc/cron.d/x"}
    status, found, _ = await site.ask("POST", "/tracking/component/summary/download", json=wish)
    assert (status, found) == (200, None)


async def test_components_and_the_view_of_a_job(site, trained):
    found = await site.post("/tracking/component/list", {"job_id": trained})
    assert found["data"] == {"components": ["reader_0", LR, EVALUATION]}
    assert (await site.post("/tracking/component/list", {"job_id": "1"}))["retcode"] == 100
    view = (await site.post("/tracking/job/data_view", {"job_id": trained, **AT}))["data"]
    assert view["partner"] == {"guest": [9999]}
    assert view["dataset"] == {"guest": {"9999": {"reader_0": "experiment.breast"}}}
    assert view["model_summary"]["summary"][LR]["loss"] == 0.6
    assert (await site.post("/tracking/job/data_view", {"job_id": trained}))["data"] == view
    assert (await site.post("/tracking/job/data_view", {"job_id": trained, **AT, "party_id": 1}))["retcode"] == 101


async def test_metrics_are_forgotten_by_job_and_by_day(site, trained):
    for wish in ({"job_id": trained}, {"model": trained[:8], "job_id": "ignored"}):
        assert (await site.post("/tracking/component/metric/delete", wish))["data"] == "delete status: True"
        found = await site.post("/tracking/component/metrics", at(trained))
        assert found["retmsg"] == "no data"
    assert (await site.post("/tracking/component/summary/download", at(trained)))["retcode"] == 0


async def test_the_metrics_of_others_are_not_forgotten(site, trained):
    wish = {"model": trained[:8]}
    assert (await site.post("/tracking/component/metric/delete", wish, token="stranger"))["retcode"] == 0
    assert (await site.post("/tracking/component/metrics", at(trained)))["retmsg"] == "success"
    refused = await site.post("/tracking/component/metric/delete", {"job_id": trained}, token="member")
    assert refused["retcode"] == 108


async def test_deleting_needs_a_job_or_a_day(site):
    for wish in [{}, {"model": "yesterday"}, {"model": "20261341"}, {"model": "%"}]:
        assert (await site.post("/tracking/component/metric/delete", wish))["retcode"] in {100, 101}
