import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from api.keys import GATE, SETTINGS
from api.legacy import admit_legacy, find_legacy_principal
from config.settings import Settings
from scheduler.domain.access import Principal, Role
from scheduler.domain.errors import ForbiddenError, UnauthenticatedError

ANN = Principal(name="ann", kind="user", role=Role.MEMBER, project="p")
WORKER = Principal(name="w", kind="worker", party="a")


class Gate:
    async def identify(self, header, address):
        return {"Bearer ann": ANN, "Bearer worker": WORKER}[header]


def make_request(*, host="127.0.0.1:9380", settings=None, peer="", **headers):
    app = web.Application()
    app[SETTINGS] = settings or Settings()
    app[GATE] = Gate()
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    request = make_mocked_request("POST", "/api/v1/task", headers={"Host": host, **given}, app=app)
    return request.clone(remote=peer)


@pytest.mark.parametrize("host", ["127.0.0.1:1235", "localhost", "[::1]:9380", "LOCALHOST:1"])
async def test_on_loopback_a_client_without_a_token_is_the_legacy_user(host):
    found = await admit_legacy(make_request(host=host))
    assert (found.name, found.role) == ("legacy", Role.LEAD)


async def test_a_token_s_own_rights_count_wherever_it_comes_from():
    request = make_request(host="elsewhere", Authorization="Bearer ann", Origin="https://app.example")
    assert await admit_legacy(request) is ANN


async def test_a_worker_s_token_is_no_user_s():
    with pytest.raises(ForbiddenError, match="serves only its worker"):
        await admit_legacy(make_request(Authorization="Bearer worker"))


@pytest.mark.parametrize("given", [{"Origin": "http://127.0.0.1:9380"}, {"host": "rebound.example"}, {"host": "[::1"}])
async def test_web_pages_and_other_names_are_kept_out(given):
    with pytest.raises(ForbiddenError, match="web pages"):
        await admit_legacy(make_request(**given))


async def test_elsewhere_only_a_flag_lets_them_in():
    closed = {"host": "0.0.0.0", "trust_network": True}
    with pytest.raises(UnauthenticatedError, match="FEDROTA_LEGACY_OPEN"):
        await admit_legacy(make_request(settings=Settings(**closed)))
    opened = make_request(host="gateway.example", settings=Settings(**closed, legacy_open=True))
    assert (await admit_legacy(opened)).name == "legacy"


@pytest.mark.parametrize(
    "given",
    [
        {"X_Forwarded_For": "203.0.113.9"},
        {"Forwarded": "for=203.0.113.9"},
        {"Via": "1.1 proxy"},
        {"settings": Settings(trusted_proxies=["127.0.0.0/8"])},
    ],
)
async def test_whom_a_proxy_on_this_machine_lets_through_is_not_on_loopback(given):
    given = {"peer": "127.0.0.1", **given}
    with pytest.raises(UnauthenticatedError, match="through a proxy"):
        await admit_legacy(make_request(**given))
    settings = given.pop("settings", Settings()).model_copy(update={"legacy_open": True})
    assert (await admit_legacy(make_request(**given, settings=settings))).name == "legacy"


def test_the_legacy_user_exists_on_loopback_or_by_an_explicit_word():
    home = find_legacy_principal(Settings())
    assert home is not None
    assert (home.name, home.role) == ("legacy", Role.LEAD)
    assert find_legacy_principal(Settings(legacy_role="member")).role is Role.MEMBER
    assert find_legacy_principal(Settings(host="0.0.0.0", trust_network=True)) is None
    assert (
        find_legacy_principal(Settings(host="0.0.0.0", trust_network=True, legacy_open=True, legacy_user="old")).name
        == "old"
    )
