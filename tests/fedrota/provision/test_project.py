import pytest
import yaml

from fedrota.provision.errors import ProvisionError
from fedrota.provision.project import read_project

SERVER = {"name": "server", "type": "server", "org": "hq", "admin_port": 8103, "fed_learn_port": 8102,
          "host_names": ["gw.example", "10.0.0.1"], "default_host": "gateway.example"}  # fmt: skip
SITE = {"name": "site-1", "type": "client", "org": "hq"}
LEAD = {"name": "lead@hq", "type": "admin", "org": "hq", "role": "lead"}


@pytest.fixture
def write(tmp_path):
    def make(*participants, **more):
        path = tmp_path / "project.yml"
        given = {
            "api_version": 3,
            "name": "demo",
            "builders": [{"path": "x"}],
            "participants": list(participants),
            **more,
        }
        path.write_text(yaml.safe_dump(given))
        return path

    return make


def test_a_project_as_nvflare_writes_it(write):
    project = read_project(write(SERVER, SITE, LEAD))
    assert (project.name, project.host, project.fl_port, project.admin_port) == ("demo", "gateway.example", 8102, 8103)
    assert project.hosts == ("gateway.example", "gw.example", "10.0.0.1", "server")
    assert project.server.name == "server"
    assert project.get_participant("lead@hq").role == "lead"
    with pytest.raises(ProvisionError, match="no participant 'x'; it has server, site-1, lead@hq"):
        project.get_participant("x")


def test_the_command_line_wins_over_the_file(write):
    project = read_project(write(SERVER, SITE), host="other.example", port=9003)
    assert (project.host, project.admin_port) == ("other.example", 9003)


def test_ports_and_host_have_defaults(write):
    project = read_project(write({"name": "localhost", "type": "server", "org": "hq"}))
    assert (project.host, project.fl_port, project.admin_port) == ("localhost", 8002, 8003)


@pytest.mark.parametrize(
    ("participants", "message"),
    [
        ([SITE], "0 participants of type server"),
        ([SERVER, {**SERVER, "name": "two"}], "2 participants of type server"),
        ([SERVER, SITE, SITE], "named more than once: site-1"),
        ([SERVER, {**SITE, "type": "relay"}], "type 'relay': use one of server, client, admin"),
        ([SERVER, "x"], r"participants\[1\] must be an object"),
        ([SERVER, {**LEAD, "role": "king"}], "role 'king': use one of project_admin"),
        ([SERVER, {**SITE, "name": "../x"}], "the name of a client is '../x'"),
        ([SERVER, {**SITE, "org": ""}], "the org of site-1"),
        ([{**SERVER, "admin_port": 0}], "0 is no port"),
        ([{**SERVER, "admin_port": "8003"}], "'8003' is no port"),
        ([{**SERVER, "host_names": ["a b"]}], "a host of the server"),
    ],
)
def test_what_is_wrong_is_named(write, participants, message):
    with pytest.raises(ProvisionError, match=message):
        read_project(write(*participants))


@pytest.mark.parametrize(
    ("text", "message"), [("a: [", "no YAML"), ("- 1", "needs `name`"), ("name: x", "needs `name`")]
)
def test_files_that_are_no_project(tmp_path, text, message):
    (tmp_path / "p.yml").write_text(text)
    with pytest.raises(ProvisionError, match=message):
        read_project(tmp_path / "p.yml")
    with pytest.raises(ProvisionError, match="cannot read"):
        read_project(tmp_path / "none.yml")
