import io
import json
import tarfile

from api.dialects.fate.routes import templates


async def download(fate, body=None):
    url = fate.gateway.server.make_url("/v1/template/download")
    async with fate.gateway.session.post(url, json=body or {}) as answer:
        return answer, await answer.read()


async def test_the_examples_come_as_an_archive_that_opens(fate):
    answer, raw = await download(fate)
    assert (answer.status, answer.content_type) == (200, "application/x-tar")
    assert answer.headers["Content-Disposition"] == "attachment; filename=template.tar.gz"
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:gz") as archive:
        names = archive.getnames()
        conf = json.load(archive.extractfile("fate/homo_lr_conf.json"))
        dsl = json.load(archive.extractfile("fate/homo_lr_dsl.json"))
    assert conf["dsl_version"] == 2
    assert "homo_lr_0" in dsl["components"]
    assert {"data/9999/breast_train.csv", "data/9999/breast_test.csv"} <= set(names)


async def test_min_data_leaves_the_rest_out(fate):
    _, raw = await download(fate, {"min_data": 1})
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:gz") as archive:
        names = [name for name in archive.getnames() if name.startswith("data/")]
    assert names
    assert all(name.endswith("breast_train.csv") for name in names)


async def test_an_installation_without_examples_answers_no_archive(fate, tmp_path, monkeypatch):
    monkeypatch.setattr(templates, "EXAMPLES", tmp_path)
    answer, raw = await download(fate)
    assert answer.status == 404
    assert json.loads(raw)["retcode"] == 404


def test_the_same_files_make_the_same_bytes():
    files = templates.list_examples(is_small=True)
    assert templates.pack(files) == templates.pack(files)
