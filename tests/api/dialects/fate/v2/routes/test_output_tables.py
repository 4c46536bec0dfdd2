import io
import tarfile

from tests.api.dialects.fate.v2.routes.test_outputs import at


async def test_tables_have_names_that_readers_take(flow, trained):
    (table,) = (await flow.get("output/data/table", **at(trained)))["data"]["data"]
    assert set(table) == {"namespace", "name"}
    found = await flow.get("table/query", **table)
    assert (found["code"], found["data"]["count"]) == (0, 3)
    assert (await flow.get("output/data/table", **at(trained, "evaluation_0")))["data"] == {}


async def test_rows_are_shown_under_the_columns_own_names(flow, trained):
    (shown,) = (await flow.get("output/data/display", **at(trained)))["data"]["data"]
    assert shown["header"] == ["id", "label", "predict_score", "predict_result", "split"]
    assert (shown["total"], shown["data"][0]) == (3, ["10", 1, 0.9, 1, "train"])


async def test_files_lie_in_a_folder_for_each_output(flow, trained):
    await flow.get("output/data/download", **at(trained))
    assert flow.media == "application/gzip"
    with tarfile.open(fileobj=io.BytesIO(flow.raw), mode="r:gz") as tar:
        assert tar.getnames() == ["data/data.csv", "data/data.meta"]
        assert tar.extractfile("data/data.csv").read().splitlines()[0] == b"id,label,predict_score,predict_result,split"
    found = await flow.get("output/data/download", **at(trained, output_key="none"))
    assert (found["code"], flow.media) == (7001, "application/json")
