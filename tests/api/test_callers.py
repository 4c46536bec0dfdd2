import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from api.callers import find_address, is_passed_on
from api.keys import SETTINGS
from api.throttle import ADDRESS_FAILURES
from config.settings import Settings

PROXY = "10.0.0.1"
CLIENT = "203.0.113.9"


def make_request(peer, *forwarded, trusted=("10.0.0.0/8", "::1", "fd00::/8"), **headers):
    app = web.Application()
    app[SETTINGS] = Settings(trusted_proxies=trusted)
    given = [("X-Forwarded-For", line) for line in forwarded] + list(headers.items())
    return make_mocked_request("GET", "/", headers=given, app=app).clone(remote=peer)


@pytest.mark.parametrize(
    ("peer", "forwarded", "address"),
    [
        (PROXY, [CLIENT], CLIENT),
        (PROXY, [f"6.6.6.6, {CLIENT}"], CLIENT),  # what the client itself wrote counts for nothing
        (PROXY, ["6.6.6.6", f"{CLIENT}, 10.9.9.9"], CLIENT),
        (PROXY, [f"{CLIENT}:51000"], CLIENT),
        (PROXY, ["[2001:db8::1]:51000"], "2001:db8::1"),
        (PROXY, ["2001:DB8:0::1"], "2001:db8::1"),
        ("::1", [CLIENT], CLIENT),
        ("::ffff:10.0.0.1", [CLIENT], CLIENT),
        (PROXY, [], PROXY),
        (PROXY, ["10.0.0.2, 10.0.0.3"], "10.0.0.2"),
        (PROXY, [f"{CLIENT}, unknown"], PROXY),
        (PROXY, [f"{CLIENT}, nonsense, 10.0.0.7"], "10.0.0.7"),
        (PROXY, [""], PROXY),
        (CLIENT, ["6.6.6.6"], CLIENT),
        ("", ["6.6.6.6"], ""),
    ],
)
def test_only_trusted_proxies_are_believed(peer, forwarded, address):
    assert find_address(make_request(peer, *forwarded)) == address


def test_without_a_word_nobody_is_believed():
    assert find_address(make_request("127.0.0.1", CLIENT, trusted=())) == "127.0.0.1"


@pytest.mark.parametrize("name", ["Forwarded", "X-Real-IP", "X-Forwarded-For", "Via"])
def test_a_proxy_shows_by_its_headers_or_its_address(name):
    assert is_passed_on(make_request("127.0.0.1", trusted=(), **{name: "x"}))
    assert is_passed_on(make_request(PROXY))
    assert not is_passed_on(make_request("127.0.0.1"))
    assert not is_passed_on(make_request("127.0.0.1", trusted=()))


async def test_clients_behind_a_trusted_proxy_fail_each_for_themselves(serve):
    gateway = await serve(trusted_proxies=["127.0.0.0/8"])

    async def ask(address, token):
        return (await gateway.get("/whoami", token=token, headers={"X-Forwarded-For": address})).status

    for number in range(ADDRESS_FAILURES):
        assert await ask("203.0.113.1", f"frt_id{number}_x") == 401
    assert await ask("203.0.113.1", "member") == 429
    assert await ask("203.0.113.2", "member") == 200


async def test_clients_behind_an_unknown_proxy_are_not_shut_out_by_a_few_wrong_tokens(gateway):
    for number in range(10):
        assert (await gateway.get("/whoami", token=f"frt_id{number}_x")).status == 401
    assert (await gateway.get("/whoami", token="member")).status == 200
