import json
import threading
import zipfile

from workers.executors.flare_request import make_request

CLIENT = {
    "format_version": 2,
    "servers": [
        {"name": "fedrota", "service": {"target": "127.0.0.1:9", "scheme": "http"}, "identity": "server"}
    ],
    "client": {
        "ssl_private_key": "client.key", "ssl_cert": "client.crt", "ssl_root_cert": "rootCA.pem", "fqsn": "site-1",
        "is_leaf": True, "connection_security": "mtls",
    },
}  # fmt: skip


def give_order(folder, **members):
    make_request("site-1", folder / "site" / "startup" / "client.key")
    order = {"kit": "kit.zip", "site": "site-1", "output": str(folder / "outputs" / "workspace")}
    (folder / "order.json").write_text(json.dumps(order))
    with zipfile.ZipFile(folder / "kit.zip", "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_a_kit_that_is_none_fails_the_site_in_words(run_there, tmp_path):
    give_order(tmp_path, **{"../evil": "x"})
    assert run_there("workers.flare.join", tmp_path).returncode == 1
    assert "which no kit does" in json.loads((tmp_path / "verdict.json").read_text())["message"]


def test_a_client_that_ends_by_itself_fails_the_site(run_there, tmp_path):
    give_order(tmp_path, **{"startup/fed_client.json": "{"})
    assert run_there("workers.flare.join", tmp_path).returncode == 1
    assert "client process ended with exit status" in json.loads((tmp_path / "verdict.json").read_text())["message"]


def test_once_the_job_is_over_the_site_ends_well_and_leaves_its_workspace_without_keys(run_there, tmp_path):
    give_order(tmp_path, **{"startup/fed_client.json": json.dumps(CLIENT), "readme.txt": "hello"})
    threading.Timer(0.2, (tmp_path / "end").touch).start()
    done = run_there("workers.flare.join", tmp_path)
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(tmp_path / "outputs" / "workspace") as archive:
        names = archive.namelist()
    assert "readme.txt" in names
    assert not [name for name in names if name.startswith(("startup/", "local/"))]
