from types import SimpleNamespace

import pytest

from api.keys import SETTINGS
from api.uploads import Place, limit_bytes
from scheduler.domain.errors import InvalidDocumentError, TooLargeError
from tests.api.hostile import answering, reply

CSV = {"Content-Type": "text/csv"}


@pytest.mark.parametrize(
    ("namespace", "name"), [("..", "t"), ("n", "a/b"), ("n", ""), ("n", ".hidden"), ("n" * 129, "t")]
)
def test_names_that_no_party_stores_under(namespace, name):
    with pytest.raises(InvalidDocumentError):
        Place("9999", namespace, name).check()


def test_a_place_reads_well():
    place = Place("9999", "n", "t")
    place.check()
    assert (str(place), place.args) == ("'n/t' at party '9999'", {"namespace": "n", "name": "t"})


async def test_a_native_upload_says_how_its_csv_is_written(gateway, connected_party):
    path = "/parties/9999/tables/t?delimiter=%3B&header=false"
    answer = await gateway.call("PUT", path, data=b"1;2\n3;4\n", headers=CSV)
    assert (answer.status, answer.json["rows"]) == (201, 2), answer.raw
    assert [column["name"] for column in answer.json["columns"]] == ["id", "x0"]
    refused = await gateway.call("PUT", "/parties/9999/tables/u?delimiter=%22", data=b"1;2\n", headers=CSV)
    assert (refused.status, "cannot separate" in refused.json["error"]["message"]) == (422, True)


async def collect(sizes, limit):
    async def blocks():
        for size in sizes:
            yield b"x" * size

    request = SimpleNamespace(app={SETTINGS: SimpleNamespace(upload_limit_bytes=limit)})
    return [len(block) async for block in limit_bytes(request, blocks())]


async def test_a_table_may_have_as_many_bytes_as_the_limit_and_no_more():
    assert await collect([4, 6], 10) == [4, 6]
    with pytest.raises(TooLargeError, match="limit of 9 bytes"):
        await collect([4, 6], 9)


async def test_a_table_beyond_the_limit_is_refused_and_none_is_registered(serve, tmp_path):
    gateway = await serve(upload_limit_bytes=10)
    answer = await gateway.call("PUT", "/parties/9999/tables/t", data=b"id\n" + b"1\n" * 100, headers=CSV)
    assert answer.status in {413, 503}
    assert (await gateway.get("/tables")).json["items"] == []


@pytest.mark.parametrize(
    "change",
    [
        {"rows": 1 << 70},
        {"rows": -1},
        {"rows": True},
        {"rows": "7"},
        {"size": 10**30},
        {"columns": [{"name": "\ud800", "type": "x"}]},
        {"columns": [{"name": "a\0b", "type": "x"}]},
        {"columns": None},
        {"columns": [{}]},
        {"facts": [1]},
        {"facts": {"a": "\0"}},
        {"sha256": "\0"},
    ],
)
async def test_what_no_store_can_keep_is_the_partys_fault(gateway, caplog, change):
    stored = {"rows": 1, "columns": [{"name": "id", "type": "int64"}], "size": 1, "sha256": "ab", **change}
    async with answering(gateway, reply(stored)):
        answer = await gateway.call("PUT", "/parties/9999/tables/t", data=b"id\n1\n", headers=CSV)
    assert (answer.status, answer.json["error"]["code"]) == (503, "unreachable")
    assert "Traceback" not in caplog.text
    assert (await gateway.get("/tables")).json["items"] == []
