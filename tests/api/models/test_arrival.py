"""What of an archive is taken in where not all of its parties are here."""

import io
import zipfile

import orjson

from tests.api.sites import MODEL_ID

ZIP = {"Content-Type": "application/zip"}
PATH = f"/models/{MODEL_ID.replace('#', '%23')}"


def rename(content, old, new):
    """The archive with a party renamed."""
    source, made = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
    with zipfile.ZipFile(made, "w") as target:
        for name in source.namelist():
            text = source.read(name)
            if name.endswith(".json"):
                text = orjson.dumps(orjson.loads(text.replace(f'"{old}"'.encode(), f'"{new}"'.encode())))
            target.writestr(name, text)
    return made.getvalue()


async def test_members_that_are_not_here_keep_their_place_without_their_part(gateway, sites):
    job = await sites.train()
    content = (await gateway.get(f"{PATH}/{job}/archive")).raw
    await gateway.call("DELETE", f"{PATH}/{job}")
    taken = await gateway.call("POST", "/models", data=rename(content, "10000", "77"), headers=ZIP)
    assert taken.status == 201, taken.raw
    assert [(each["role"], each["party"]) for each in taken.json["members"]] == [("guest", "9999"), ("host", "77")]
    assert [part["party"] for part in taken.json["parts"]] == ["9999"]
    made = (await gateway.get(f"/jobs/{taken.json['job']}")).json
    assert (made["parties"], made["steps"][0]["run"]["component"]) == ({"guest": ["9999"]}, "restore_model")


async def test_an_archive_of_strangers_is_refused(gateway, sites):
    job = await sites.train()
    content = (await gateway.get(f"{PATH}/{job}/archive")).raw
    await gateway.call("DELETE", f"{PATH}/{job}")
    strange = rename(rename(content, "10000", "77"), "9999", "78")
    refused = await gateway.call("POST", "/models", data=strange, headers=ZIP)
    assert (refused.status, "no party" in refused.json["error"]["message"]) == (422, True)


async def test_a_name_that_cannot_be_stored_is_refused_before_anything_is_delivered(gateway, sites):
    job = await sites.train()
    content = (await gateway.get(f"{PATH}/{job}/archive")).raw
    refused = await gateway.call("POST", "/models", data=rename(content, MODEL_ID, "本" * 1000), headers=ZIP)
    assert (refused.status, "has 3000 bytes as UTF-8" in refused.json["error"]["message"]) == (422, True)
    assert len((await gateway.get("/jobs")).json["items"]) == 1


async def test_a_party_that_is_away_stops_the_import_and_leaves_nothing(gateway, sites):
    job = await sites.train()
    content = (await gateway.get(f"{PATH}/{job}/archive")).raw
    await gateway.call("DELETE", f"{PATH}/{job}")
    await sites.disconnect("10000")
    refused = await gateway.call("POST", "/models", data=content, headers=ZIP)
    assert (refused.status, refused.json["error"]["code"]) == (503, "unreachable")
    assert (await gateway.get("/models")).json["items"] == []
    assert not list((sites.workdirs["9999"].root / "arrivals").iterdir())
    assert len((await gateway.get("/jobs")).json["items"]) == 1
