from tests.api.dialects.fate.routes.conftest import CSV

CONF = {"namespace": "n", "table_name": "t", "head": 1, "partition": 1, "party_id": 9999}
BOUNDARY = {"Content-Type": "multipart/form-data; boundary=b"}


def render(*parts):
    blocks = [
        f"--b\r\nContent-Disposition: form-data; {head}\r\n\r\n".encode() + content + b"\r\n" for head, content in parts
    ]
    return b"".join(blocks) + b"--b--\r\n"


FILE = 'name="file"; filename="a.csv"'
FIELDS = [(f'name="{name}"', str(value).encode()) for name, value in CONF.items()]


async def test_fields_may_come_after_the_file(site):
    answer = await site.post("/data/upload", data=render((FILE, CSV), *FIELDS), headers=BOUNDARY)
    assert answer["retcode"] == 0, answer


async def test_the_name_of_a_file_is_no_path(site):
    hostile = 'name="file"; filename="../../etc/cron.d/a.csv"'
    answer = await site.post("/data/upload", data=render((hostile, CSV), *FIELDS), headers=BOUNDARY)
    assert answer["retcode"] == 0, answer
    table = (await site.gateway.get("/parties/9999/tables/t?namespace=n")).json
    assert table["facts"]["file"] == "a.csv"


async def test_a_text_field_called_file_is_no_file(site):
    for parts in ([('name="file"', CSV), *FIELDS], FIELDS):
        answer = await site.post("/data/upload", data=render(*parts), headers=BOUNDARY)
        assert (answer["retcode"], "has no file" in answer["retmsg"]) == (101, True), answer


async def test_fields_have_limits(site):
    for parts in ([('name="x"', b"y" * (70 << 10))], [(f'name="x{n}"', b"y") for n in range(120)]):
        answer = await site.post("/data/upload", data=render(*parts, (FILE, CSV)), headers=BOUNDARY)
        assert answer["retcode"] == 101, answer


async def test_a_form_in_a_form_is_refused(site):
    inner = b"--b\r\nContent-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n\r\nx\r\n--c--\r\n--b--\r\n"
    answer = await site.post("/data/upload", data=inner, headers=BOUNDARY)
    assert answer["retcode"] == 101, answer


async def test_json_that_says_its_file_comes_along_is_refused(site):
    given = {**CONF, "file": "/x.csv", "use_local_data": 1}
    answer = await site.post("/data/upload", given)
    assert (answer["retcode"], "no file came" in answer["retmsg"]) == (101, True)
    assert (await site.post("/data/upload", {**given, "module": "eggroll"}))["retcode"] == 108
