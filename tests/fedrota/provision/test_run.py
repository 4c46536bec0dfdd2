import json
import stat

import pytest

from fedrota.provision.errors import ProvisionError
from fedrota.provision.project import Participant, Project
from fedrota.provision.run import ProvisionRequest, provision

PROJECT = Project(
    name="demo",
    participants=(
        Participant(name="server", type="server", org="hq"),
        Participant(name="site-1", type="client", org="hq"),
        Participant(name="lead@hq", type="admin", org="hq", role="lead"),
    ),
    host="127.0.0.1",
    hosts=("127.0.0.1",),
    fl_port=8002,
    admin_port=8003,
)


class Register:
    """Gives out numbered tokens, or none."""

    def __init__(self):
        self.given, self.revoked, self.is_away = [], [], False

    def find_token(self, who):
        if self.is_away or who.type == "server":
            return ""
        self.given.append(who.name)
        return f"frt_{len(self.given)}"

    def revoke(self, who):
        self.revoked.append(who.name)


@pytest.fixture
def register():
    return Register()


@pytest.fixture
def run(tmp_path, register):
    def call(**given):
        state, out = tmp_path / "state", tmp_path / "kits"
        request = ProvisionRequest(project=PROJECT, state=state, out=out, url="http://gw:9380", **given)
        return {one.name: one for one in provision(request, register)}

    return call


def test_everybody_gets_a_kit_and_the_gateway_its_certificate(run, tmp_path):
    made = run()
    assert {one.done for one in made.values()} == {"made"}
    assert {name: one.has_token for name, one in made.items()} == {"server": False, "site-1": True, "lead@hq": True}
    kits = tmp_path / "kits"
    assert (kits / "server/startup/server.crt").read_text() == (tmp_path / "state/flare/server.crt").read_text()
    assert (kits / "site-1/startup/worker.token").read_text() == "frt_1"
    private = [
        *kits.rglob("*.key"),
        *kits.rglob("*.token"),
        *kits.rglob("fed_admin.json"),
        tmp_path / "state/flare/server.key",
    ]
    assert {stat.S_IMODE(path.stat().st_mode) for path in private} == {0o600}
    assert len(private) == 6
    assert not list(kits.rglob("rootCA.key"))


def test_again_makes_only_what_is_missing(run, register, tmp_path):
    register.is_away = True
    first = run()
    assert not first["lead@hq"].has_token
    key = (tmp_path / "kits/lead@hq/startup/client.key").read_text()
    register.is_away = False
    second = run()
    assert {one.done for one in second.values()} == {"kept"}
    assert second["lead@hq"].has_token
    assert (tmp_path / "kits/lead@hq/startup/client.key").read_text() == key
    run()
    assert register.given == ["site-1", "lead@hq"], "a kit that has its token gets no other"


def test_renewal_gives_a_new_key_keeps_the_token_and_ends_the_old_certificate(run, register, tmp_path):
    old = run()["lead@hq"]
    key = (tmp_path / "kits/lead@hq/startup/client.key").read_text()
    assert run(renew=["lead@hq"])["lead@hq"].done == "renewed"
    assert (tmp_path / "kits/lead@hq/startup/client.key").read_text() != key
    admin = json.loads((tmp_path / "kits/lead@hq/startup/fed_admin.json").read_text())["admin"]
    assert admin["gateway"]["token"] == "frt_2"
    ledger = json.loads((tmp_path / "state/flare/issued.json").read_text())
    mine = [entry for entry in ledger if entry["name"] == "lead@hq"]
    assert [bool(entry["revoked"]) for entry in mine] == [True, False]
    assert old.expires <= mine[1]["expires"]


def test_revocation_ends_certificate_and_token(run, register, tmp_path):
    run()
    assert run(revoke=["lead@hq"])["lead@hq"].done == "revoked"
    assert register.revoked == ["lead@hq"]
    ledger = json.loads((tmp_path / "state/flare/issued.json").read_text())
    assert [bool(entry["revoked"]) for entry in ledger if entry["name"] == "lead@hq"] == [True]


@pytest.mark.parametrize(
    ("asked", "message"),
    [({"renew": ["x"]}, "no participant 'x'"), ({"revoke": ["lead@hq"], "renew": ["lead@hq"]}, "renewed and revoked")],
)
def test_a_wrong_request_changes_nothing(run, tmp_path, asked, message):
    with pytest.raises(ProvisionError, match=message):
        run(**asked)
    assert not (tmp_path / "state").exists()
