import socket
from pathlib import Path

import pytest

from tests.workers.fakes import make_assignment
from workers.executors.base import AssignmentError
from workers.executors.iflearner_command import (
    AGGREGATOR,
    check_path,
    find_data,
    find_folder,
    make_aggregator,
    make_trainer,
    pick_address,
)

RUN = {"image": "iflearner:0.1.0", "command": ["python", "t.py"], "flags": ["--name={party}"], "epochs": 3}


def trainer(*, address="", python=None, roots=(), has_containers=False, **run):
    assignment = make_assignment(run={**RUN, **run})
    return make_trainer(assignment, address=address, python=python, roots=roots, has_containers=has_containers)


def test_an_address_is_free_and_full():
    host, port = pick_address("127.0.0.1").split(":")
    with socket.create_server((host, int(port))):
        assert host == "127.0.0.1"


@pytest.mark.parametrize("host", ["192.0.2.1", "no such host", "nowhere.invalid", "a..b"])
def test_an_address_of_another_host_is_told_by_its_setting(host):
    with pytest.raises(AssignmentError, match=rf"FEDROTA_ENGINE_HOST: nothing can listen at '{host}' on this party"):
        pick_address(host)


def test_the_aggregator_is_called_as_iflearner_reads_it():
    run = make_aggregator(make_assignment(run=RUN), python=Path("/e/python"), parties=2, address="h:1", status="l:2")
    assert run["command"] == [
        "/e/python", str(AGGREGATOR), "-n", "2", "--epochs", "3",
        "--addr", "h:1", "--http_addr", "l:2",
    ]  # fmt: skip


def test_with_an_aggregator_python_means_the_engine_s():
    kind, run = trainer(address="h:1", python=Path("/e/python"))
    assert (kind, run["command"]) == ("command", ["/e/python", "t.py", "--name={party}", "--server=h:1"])


def test_without_one_python_is_the_host_s():
    assert trainer(python=Path("/e/python"), image="local")[1]["command"] == ["python", "t.py", "--name={party}"]


@pytest.mark.parametrize(
    ("image", "has_containers", "kind"),
    [
        ("ocr:1", True, "container"),
        ("ocr:1", False, "command"),
        ("local:x", True, "command"),
        ("iflearner", True, "command"),
    ],
)
def test_an_image_is_run_where_it_can_be(image, has_containers, kind):
    assert trainer(image=image, has_containers=has_containers)[0] == kind


def test_a_container_works_in_the_template_s_folder_of_its_image():
    run = trainer(image="ocr:1", workdir="/data/ocr", has_containers=True)[1]
    assert run == {"command": ["python", "t.py", "--name={party}"], "image": "ocr:1", "workdir": "/data/ocr"}


def test_the_template_s_folder_is_entered_where_it_exists(tmp_path):
    run = trainer(workdir=str(tmp_path), roots=(tmp_path,), image="local")[1]
    assert run["command"][:4] == ["/bin/sh", "-c", 'cd "$0" && exec "$@"', str(tmp_path)]
    assert find_folder("/there/is/none", (tmp_path,)) is None
    assert find_folder("", ()) is None


def test_a_folder_outside_the_roots_is_refused(tmp_path):
    with pytest.raises(AssignmentError, match="workdir: '/etc' is outside"):
        find_folder("/etc", (tmp_path,))


def test_links_do_not_lead_out_of_the_roots(tmp_path):
    (tmp_path / "out").symlink_to("/etc")
    for named in (str(tmp_path / "out"), f"{tmp_path}/../..", "relative", "/a\0b"):
        with pytest.raises(AssignmentError):
            check_path(named, (tmp_path,), "federated_data")
    assert check_path(str(tmp_path), (tmp_path,), "x") == tmp_path.resolve()


def test_data_must_be_there(tmp_path):
    with pytest.raises(AssignmentError, match="there is no"):
        find_data(make_assignment(params={"data": str(tmp_path / "no")}), (tmp_path,))
    assert find_data(make_assignment(params={"data": ""}), ()) is None
