import orjson
from aiohttp.test_utils import make_mocked_request

from api.dialects.fate.responses.submitted import render_submitted


def test_a_client_finds_every_member_that_some_release_had():
    request = make_mocked_request("POST", "/v1/data/upload", headers={"Host": "centre:9380"})
    answer = render_submitted(request, "7", model_id="m", initiator=("guest", "1"), table_name="t")
    found = orjson.loads(answer.body)
    assert (found["retcode"], found["retmsg"], found["jobId"]) == (0, "success", "7")
    data = found["data"]
    assert (data["job_id"], data["code"], data["message"], data["table_name"]) == ("7", 0, "success", "t")
    assert data["model_info"] == {"model_id": "m", "model_version": "7"}
    assert data["board_url"].startswith("http://centre:9380/")
    paths = {"dsl_path", "runtime_conf_path", "job_dsl_path", "job_runtime_conf_path", "logs_directory"}
    assert paths | {"pipeline_dsl_path", "train_runtime_conf_path", "runtime_conf_on_party_path"} <= data.keys()
