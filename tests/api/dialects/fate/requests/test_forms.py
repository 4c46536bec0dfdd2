"""Forms that are sound, and every way in which they are not, sent to nothing but their reader."""

import io

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from api.dialects.fate.requests.forms import read_form
from api.keys import SETTINGS
from config.settings import Settings
from scheduler.domain.errors import FedrotaError

HEAD = "Content-Disposition: form-data; "
TYPE = {"Content-Type": "multipart/form-data; boundary=b"}


@pytest.fixture
async def send(tmp_path):
    async def handle(request):
        kept = io.BytesIO()
        try:
            form = await read_form(request, kept)
        except FedrotaError as wrong:
            return web.json_response({"refused": wrong.message}, status=400)
        return web.json_response({"fields": form.fields, "file": form.file, "kept": kept.getvalue().decode()})

    app = web.Application()
    app[SETTINGS] = Settings(state_dir=tmp_path, upload_limit_bytes=1000)
    app.router.add_post("/", handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:

        async def post(data, headers=TYPE):
            async with session.post(server.make_url("/"), data=data, headers=headers) as answer:
                return answer.status, await answer.json()

        yield post


def render(*parts):
    return b"".join(f"--b\r\n{head}\r\n\r\n".encode() + content + b"\r\n" for head, content in parts) + b"--b--\r\n"


WHOLE = render(
    (f'{HEAD}name="namespace"', b"n"),
    (f'{HEAD}name="file"', b"/data/a.csv"),
    (f'{HEAD}name="file"; filename="../a.csv"', b"id,x\n1,2\n"),
    (f'{HEAD}name="head"', b"1"),
)


async def test_texts_and_the_file_are_told_apart(send):
    fields = {"namespace": "n", "file": "/data/a.csv", "head": "1"}
    assert await send(WHOLE) == (200, {"fields": fields, "file": "a.csv", "kept": "id,x\n1,2\n"})


async def test_of_several_files_the_last_is_kept_whole(send):
    file = f'{HEAD}name="file"; filename="a.csv"'
    _, seen = await send(render((file, b"the first, longer one"), (file, b"the last")))
    assert seen["kept"] == "the last"


async def test_what_a_part_says_of_its_length_is_not_believed(send):
    for length in ("many", "-4", "4000"):
        status, seen = await send(render((f"{HEAD}name=x\r\nContent-Length: {length}", b"y")))
        assert (status, seen["fields"]) == (200, {"x": "y"})


@pytest.mark.filterwarnings("ignore:form-data")
async def test_a_form_that_ends_too_early_is_refused_wherever_that_is(send):
    end = WHOLE.index(b"--b--")
    for cut in range(0, end + len(b"--b-"), 5):
        status, seen = await send(WHOLE[:cut])
        assert (status, "\n" in seen.get("refused", "")) == (400, False), WHOLE[:cut]


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", ""),
        (b"no form at all", ""),
        (render(("no header", b"x")), "no sound form"),
        (render((f"{HEAD}name=x\r\nBad Header\x00: y", b"x")), "no sound form"),
        (render((f"{HEAD}name=x\r\nX: {'y' * 20_000}", b"x")), "no sound form"),
        (render((f"{HEAD}name=_charset_", b"utf-" + b"9" * 40)), "no sound form"),
        (render(("Content-Type: multipart/mixed; boundary=c", b"--c\r\n\r\nx\r\n--c--")), "a form inside"),
        (render(("Content-Type: multipart/mixed", b"x")), ""),
        (render(*[(f"{HEAD}name=x{n}", b"y") for n in range(101)]), "more than 100 fields"),
        (render(*[("X: nameless", b"y") for n in range(101)]), "more than 100 fields"),
        (render((f"{HEAD}name=x", b"y" * (70 << 10))), "more than 65536 bytes"),
        (render((f'{HEAD}name="file"; filename=a', b"y" * 1001)), "limit of 1000 bytes"),
    ],
)
async def test_what_is_no_sound_form_is_refused_in_one_line(send, data, why):
    status, seen = await send(data)
    assert status == 400, seen
    assert why in seen["refused"]
    assert "\n" not in seen["refused"]


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=" + "b" * 80])
async def test_a_form_without_a_boundary_is_refused(send, kind):
    assert (await send(WHOLE, {"Content-Type": kind}))[0] == 400
