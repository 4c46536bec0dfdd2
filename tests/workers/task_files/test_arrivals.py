import errno
import hashlib
import os

import pytest

from scheduler.domain.errors import InvalidDocumentError, TooLargeError
from workers.task_files.arrivals import DamagedFileError, make_arrival_ops
from workers.workdir import Workdir

CONTENT = b"coefficients"
PLACE = {"key": "k1", "member": "guest.0", "step": "lr_0", "name": "model"}


@pytest.fixture
def workdir(tmp_path):
    made = Workdir(tmp_path, "9999")
    made.prepare()
    return made


@pytest.fixture
def ops(workdir):
    return make_arrival_ops(workdir)


def put(ops, content=CONTENT, **changes):
    args = {**PLACE, "sha256": hashlib.sha256(content).hexdigest(), **changes}
    return ops["arrival.put"](args, iter((content[:5], content[5:])))


def test_a_file_lies_where_its_step_looks_for_it(ops, workdir):
    assert put(ops).result == {"size": len(CONTENT)}
    folder = workdir.arrival("k1", "guest.0", "lr_0")
    assert [(file.name, file.read_bytes()) for file in folder.iterdir()] == [("model", CONTENT)]


def test_a_damaged_file_is_refused_and_not_kept(ops, workdir):
    with pytest.raises(DamagedFileError, match="model is damaged: its SHA-256"):
        put(ops, sha256="0" * 64)
    assert list(workdir.arrival("k1", "guest.0", "lr_0").iterdir()) == []


@pytest.mark.parametrize(
    ("number", "told"), [(errno.ENOSPC, TooLargeError), (errno.EDQUOT, TooLargeError), (errno.EIO, OSError)]
)
def test_a_file_that_the_disk_does_not_take_is_not_kept_in_part(ops, workdir, number, told):
    def pieces():
        yield b"x"
        raise OSError(number, os.strerror(number))

    with pytest.raises(told):
        ops["arrival.put"]({**PLACE, "sha256": ""}, pieces())
    assert list(workdir.arrival("k1", "guest.0", "lr_0").iterdir()) == []


@pytest.mark.parametrize("name", list(PLACE))
@pytest.mark.parametrize("wrong", ["..", "../x", "a/b", "", "/etc", "x" * 200, 7, None])
def test_no_argument_leads_out_of_the_folder(ops, workdir, name, wrong):
    with pytest.raises(InvalidDocumentError, match=name):
        put(ops, **{name: wrong})
    assert not (workdir.root / "arrivals").exists()


def test_an_arrival_is_dropped_whole_and_others_stay(ops, workdir):
    put(ops)
    put(ops, key="k2")
    for _ in range(2):
        ops["arrival.drop"]({"key": "k1"}, iter(()))
    assert [folder.name for folder in (workdir.root / "arrivals").iterdir()] == ["k2"]


def test_a_worker_that_starts_drops_what_nobody_took(ops, workdir):
    put(ops)
    workdir.prepare()
    assert not workdir.arrival("k1").exists()
