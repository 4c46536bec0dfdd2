import pytest

from tests.api.dialects.fate.routes.job_forms import make_toy


@pytest.fixture
def admin(fate):
    return {"headers": {"Authorization": f"Bearer {fate.gateway.tokens['admin']}"}}


async def test_what_is_granted_is_found_until_it_is_deleted(fate, admin):
    wish = {"party_id": 10000, "component": "reader,HeteroLR", "dataset": {"namespace": "n", "name": "t"}}
    await fate.ok("permission/grant", wish, **admin)
    assert await fate.ok("permission/query", {"party_id": "10000"}, **admin) == {
        "component": ["heterolr", "reader"],
        "dataset": [{"name": "t", "namespace": "n"}],
    }
    await fate.ok("permission/delete", {"party_id": 10000, "component": "*"}, **admin)
    found = await fate.ok("permission/query", {"party_id": 10000}, **admin)
    assert found == {"component": [], "dataset": [{"name": "t", "namespace": "n"}]}


async def test_all_datasets_are_a_star(fate, admin):
    await fate.ok("permission/grant", {"party_id": 10000, "dataset": "*"}, **admin)
    assert (await fate.ok("permission/query", {"party_id": 10000}))["dataset"] == ["*"]


async def test_the_old_form_and_the_new_one_see_the_same(fate, admin):
    who = {"src_party_id": "10000", "src_role": "host"}
    wish = {**who, "privilege_role": "all", "privilege_command": "create,stop", "privilege_component": "all"}
    await fate.ok("permission/grant/privilege", wish, **admin)
    assert await fate.ok("permission/query/privilege", who) == {
        "src_party_id": "10000", "role": "host", "privilege_role": ["all"],
        "privilege_command": ["create", "stop"], "privilege_component": ["all"],
    }  # fmt: skip
    assert (await fate.ok("permission/query", {"party_id": 10000}))["component"] == ["*"]
    await fate.ok("permission/delete/privilege", {**who, "privilege_command": "stop"}, **admin)
    assert (await fate.ok("permission/query/privilege", who))["privilege_command"] == ["create"]


async def test_a_call_that_names_nothing_changes_nothing_and_says_so(fate):
    found = await fate.send("permission/grant/privilege", {"src_party_id": "10000", "src_role": "host"})
    assert (found["retcode"], "names nothing" in found["retmsg"]) == (0, True)


async def test_who_controls_no_party_grants_nothing(fate):
    code, message = await fate.refused("permission/grant", {"party_id": 10000, "component": "*"})
    assert (code, "FEDROTA_LEGACY_ROLE" in message) == (108, True)
    assert await fate.ok("permission/query", {"party_id": 10000}) == {"component": [], "dataset": []}


async def test_an_org_admin_grants_for_its_own_parties_alone(fate):
    head = {"headers": {"Authorization": f"Bearer {fate.gateway.tokens['other_org_admin']}"}}
    await fate.ok("permission/grant", {"party_id": 9999, "component": "*"}, **head)
    with fate.gateway.store.read() as tx:
        found = [tuple(row) for row in tx.connection.exec_driver_sql("SELECT party_id, grantee FROM grant_of_party")]
    assert found == [("10000", "9999")]


async def test_whether_it_is_enforced_is_told(serve, fate, admin):
    open_answer = await fate.send("permission/grant", {"party_id": 10000, "component": "*"}, **admin)
    assert "FEDROTA_GUARDED" in open_answer["retmsg"]
    fate.gateway = await serve(guarded=("component",))
    guarded = await fate.send("permission/grant", {"party_id": 10000, "component": "*"}, **admin)
    assert guarded["retmsg"] == "success"


@pytest.fixture
async def guarded(serve, gateway, fate, offers):
    """A gateway that lets parties use components of each other only where these were granted."""
    for party in ("9999", "10000"):
        await gateway.hello(party, components=offers)
    fate.gateway = await serve(guarded=("component",))
    return fate


async def test_a_job_that_uses_what_was_not_granted_is_refused_until_it_is(guarded, admin):
    code, message = await guarded.refused("job/submit", make_toy(), **admin)
    assert code == 108
    assert "component secureaddexample of party 10000" in message
    wish = {"party_id": 9999, "component": "SecureAddExample"}
    other = {"headers": {"Authorization": f"Bearer {guarded.gateway.tokens['other_org_admin']}"}}
    await guarded.ok("permission/grant", wish, **other)
    await guarded.ok("job/submit", make_toy(), **admin)
    await guarded.ok("permission/delete", {"party_id": 9999, "component": "*"}, **other)
    assert (await guarded.refused("job/submit", make_toy(), **admin))[0] == 108


async def test_nobody_begins_a_job_in_another_organisations_name(guarded):
    lead = {"headers": {"Authorization": f"Bearer {guarded.gateway.tokens['other_lead']}"}}
    code, message = await guarded.refused("job/submit", make_toy(), **lead)
    assert (code, "may not begin a job as guest 9999" in message) == (108, True)
