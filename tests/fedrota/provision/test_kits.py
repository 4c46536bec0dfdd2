import pytest

from fedrota.provision.kits import Gateway, make_fed_admin, make_fed_client, make_fed_server, read_gateway, write_kit
from fedrota.session.kit import read_kit
from tests.fedrota.provision.test_run import PROJECT

LEAD = PROJECT.get_participant("lead@hq")
GATEWAY = Gateway(url="http://gw:9380", token="frt_1")


def test_an_admins_file_is_for_old_clients_new_ones_and_ours():
    admin = make_fed_admin(LEAD, PROJECT, GATEWAY)["admin"]
    assert admin["overseer_agent"]["args"] == {"sp_end_point": "127.0.0.1:8002:8003"}
    assert admin["with_ssl"] is True
    assert (admin["host"], admin["port"], admin["connection_security"]) == ("127.0.0.1", 8002, "mtls")
    assert admin["gateway"] == {"url": "http://gw:9380", "token": "frt_1"}
    assert {admin[name] for name in ("client_key", "client_cert", "ca_cert")} == {
        "client.key",
        "client.crt",
        "rootCA.pem",
    }


def test_our_session_reads_the_kit(tmp_path):
    write_kit(tmp_path, LEAD, PROJECT, None, root="ROOT", gateway=GATEWAY)
    kit = read_kit("", str(tmp_path))
    assert (kit.username, kit.connection.url, kit.connection.token) == ("lead@hq", "http://gw:9380", "frt_1")
    assert kit.upload_dir.is_dir()
    assert read_gateway(tmp_path) == GATEWAY


def test_a_sites_kit_starts_its_worker(tmp_path):
    site = PROJECT.get_participant("site-1")
    write_kit(tmp_path, site, PROJECT, None, root="ROOT", gateway=GATEWAY)
    script = (tmp_path / "startup/start.sh").read_text()
    assert 'FEDROTA_PARTY="site-1"' in script
    assert "http://gw:9380" in script
    assert "frt_1" not in script
    assert read_gateway(tmp_path).token == "frt_1"
    assert make_fed_client(site, PROJECT, GATEWAY)["gateway"]["party"] == "site-1"


def test_the_servers_kit_says_where_the_gateway_listens():
    assert make_fed_server(PROJECT, GATEWAY)["servers"][0]["admin_port"] == 8003


@pytest.mark.parametrize("text", ["", "{}", '{"admin": {"gateway": 1}}'])
def test_a_folder_without_a_kit_names_no_gateway(tmp_path, text):
    (tmp_path / "startup").mkdir()
    (tmp_path / "startup/fed_admin.json").write_text(text)
    assert read_gateway(tmp_path) is None
