import subprocess
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from scheduler.domain.messages import HELLO_PATH
from tests.workers.fakes import (
    DAEMON,
    TOKEN,
    FakeGateway,
    is_alive,
    list_spooled,
    make_assignment,
    make_settings,
    until,
)
from tests.workers.workshop import COMPONENTS
from workers.journal import BusyError
from workers.lost_attempts import recover_reports
from workers.site import Site, SiteError

ALONE = """
import sys, threading
from pathlib import Path
from scheduler.domain.messages import Knock
from tests.workers.fakes import make_settings
from tests.workers.workshop import COMPONENTS
from workers.site import Site

site = Site(make_settings(Path(sys.argv[1]), sys.argv[2], components=(sys.argv[3],)))
site.start()
sys.stdout.write("up\\n")  # one write: a line of the log may come between the two of print
sys.stdout.flush()
for line in sys.stdin:
    site.runner.knock([Knock(line.strip(), 1)])
site.stop(1.0)
"""


class Alone:
    """A worker in a process of its own, knocked through its standard input."""

    def __init__(self, folder: Path, gateway: FakeGateway, root: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", ALONE, str(folder), gateway.url, COMPONENTS],
            cwd=root, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        self.said = ""

    def wait_up(self) -> None:
        while "up\n" not in self.said:
            line = self.process.stdout.readline()
            assert line, f"the worker has ended:\n{self.said}"
            self.said += line

    def knock(self, task: str) -> None:
        self.process.stdin.write(f"{task}\n")
        self.process.stdin.flush()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@pytest.fixture
def start_alone(gateway, tmp_path, repository):
    started = []

    def start(*, is_to_last: bool = True) -> Alone:
        started.append(Alone(tmp_path, gateway, repository))
        if is_to_last:
            started[-1].wait_up()
        return started[-1]

    yield start
    for worker in started:
        worker.kill()


def dispatch(gateway, name, **facts):
    return gateway.dispatch(make_assignment(name, **facts))


def test_the_hello_says_who_and_what(gateway, make_worker):
    worker = make_worker(slots=7, components=("no.such.module", COMPONENTS))
    hello = gateway.hellos[-1]
    assert (hello["slots"], hello["protocol"], hello["executors"][:2]) == (7, 1, ["component", "command"])
    assert len(hello["identity"]) == 44
    quick = next(offer for offer in hello["components"] if offer["name"] == "talking")
    assert quick["exchange"]
    assert "reusable" not in quick
    assert "No module named 'no'" in hello["facts"]["components_left_out"]["no.such.module"]
    assert {"host", "pid", "python", "cpus", "memory_bytes", "profile"} <= set(hello["facts"])
    assert TOKEN not in str(hello)
    worker.stop(0.0)
    make_worker()
    assert gateway.hellos[-1]["agent"] == hello["agent"]  # its name lasts as long as its folder
    assert gateway.hellos[-1]["identity"] == hello["identity"]


def test_a_name_that_a_full_disk_cut_off_is_made_anew(gateway, make_worker):
    worker = make_worker()
    worker.stop(0.0)
    (worker.workdir.root / "agent").write_text("")
    make_worker()
    assert gateway.hellos[-1]["agent"]


def test_no_hello_is_said_before_the_channel_was_tried(gateway, make_worker, monkeypatch):
    """Who counts as online can be reached."""
    seen = []

    def try_long(_line, _timeout_s):
        time.sleep(0.5)
        seen.append(len(gateway.hellos))

    monkeypatch.setattr("workers.channel_thread.ChannelThread.wait_tried", try_long)
    make_worker()
    until(lambda: gateway.hellos)
    assert seen == [0]


def test_two_workers_of_one_party_cannot_share_a_folder(gateway, worker, tmp_path):
    with pytest.raises(BusyError, match="another worker"):
        Site(make_settings(tmp_path, gateway.url))


def test_a_worker_with_another_partys_token_ends_with_a_word(gateway, start_alone):
    """It would take the knocks that are meant for the party's own worker."""
    gateway.status = {HELLO_PATH: 403}
    worker = start_alone(is_to_last=False)  # it may end before it has said that it is up
    said = worker.process.stdout.read()
    assert worker.process.wait(60) == 70
    assert "worker_unwelcome" in said
    assert "told to answer 403" in said


@pytest.mark.parametrize("name", ["party", "token"])
def test_what_is_missing_is_named(tmp_path, name):
    with pytest.raises(SiteError, match=f"FEDROTA_{name.upper()}"):
        Site(make_settings(tmp_path).model_copy(update={name: type(getattr(make_settings(tmp_path), name))("")}))


def test_a_killed_worker_takes_all_along_and_its_next_life_reports_the_loss(gateway, start_alone, tmp_path):
    file = tmp_path / "daemon"
    worker = start_alone()
    dispatch(gateway, "c", run={"component": "sleeping"})
    dispatch(gateway, "d", run={"command": [sys.executable, "-c", DAEMON, str(file), "60"]})
    for name in ("c", "d"):
        worker.knock(name)
    until(lambda: file.exists() and file.read_text() and len(gateway.tasks["c"].beats) > 0)
    daemon = int(file.read_text())
    worker.kill()
    again = start_alone()
    assert not is_alive(daemon)
    for name in ("c", "d"):
        report = gateway.report_of(name)
        assert (report["outcome"], report["kind"]) == ("failed", "lost")
        assert report["message"] == "the party's worker was restarted while the task ran"
        assert gateway.tasks[name].starts == 1
    dispatch(gateway, "e", run={"component": "quick"})
    again.knock("e")
    assert gateway.report_of("e")["outcome"] == "success"


def test_what_a_lost_attempt_has_written_goes_and_what_counts_stays(gateway, start_alone, tmp_path):
    """A doubled knock about a task that ended well must not cost its outputs when the worker dies over it."""
    outputs = tmp_path / "party-9999" / "outputs"
    worker = start_alone()
    until(lambda: gateway.hellos)
    dispatch(gateway, "lost", run={"component": "sleeping"}, params={"s": 60})
    worker.knock("lost")
    until(lambda: '["pid","lost",1,' in (tmp_path / "party-9999" / "journal.jsonl").read_text())
    worker.kill()
    for task in ("lost", "good"):
        (outputs / task / "1").mkdir(parents=True)
        (outputs / task / "1" / "model").write_text(task)
    dispatch(gateway, "good", run={"component": "quick"})
    gateway.tasks["good"].report = {"task": "good", "seq": 1, "outcome": "success"}
    with (tmp_path / "party-9999" / "journal.jsonl").open("a") as journal:
        journal.write('["begin","good",1]\n["begin","unborn",1]\n')
    (tmp_path / "party-9999" / "outputs" / "unborn" / "1").mkdir(parents=True)
    start_alone()
    assert gateway.report_of("lost")["kind"] == "lost"
    until(lambda: not list_spooled(tmp_path / "party-9999" / "spool"))
    assert [str(path.relative_to(outputs)) for path in outputs.glob("*/*/model")] == ["good/1/model"]
    assert [path.name for path in outputs.iterdir()] == ["good"]


def test_what_a_lost_container_has_left_goes_too(tmp_path):
    """It has no process of ours whose number could be noted."""
    site = Site(make_settings(tmp_path))
    site._journal.begin([("t", 1)])
    site.workdir.output("t", 1, "model").parent.mkdir(parents=True)
    site.workdir.output("t", 1, "model").write_text("half")
    site.runner._on_started(SimpleNamespace(key=("t", 1), assignment=make_assignment("t")), 0, 0)
    found = recover_reports(site.workdir, spool=site._spool, journal=site._journal)
    assert [record.report.kind for record in found] == ["lost"]
    assert not site.workdir.has_outputs("t", 1)
    site._journal.close()
    site._loop.stop()


def test_a_report_survives_a_kill_between_its_end_and_the_answer(gateway, start_alone, tmp_path):
    worker = start_alone()
    gateway.judge = lambda call: 503 if call["reports"] else 200
    dispatch(gateway, "t", run={"component": "sleeping"}, params={"s": 0.4})
    worker.knock("t")
    until(lambda: gateway.tasks["t"].starts)
    gateway.down()
    spool = tmp_path / "party-9999" / "spool"
    until(lambda: list_spooled(spool))
    worker.kill()
    gateway.judge = lambda call: 200
    gateway.up()
    start_alone()
    report = gateway.report_of("t")
    assert (report["outcome"], report["kind"]) == ("success", "")
    until(lambda: not list_spooled(spool))


def test_a_claim_whose_answer_the_worker_did_not_live_to_see_is_reported_lost(gateway, start_alone):
    worker = start_alone()
    until(lambda: gateway.hellos)
    gateway.lose = 10**6
    dispatch(gateway, "t", run={"component": "quick"})
    worker.knock("t")
    until(lambda: gateway.tasks["t"].starts)
    worker.kill()
    gateway.lose = 0
    start_alone()
    report = gateway.report_of("t")
    assert report["kind"] == "lost"


def test_metrics_that_a_kill_cut_off_come_with_the_report_of_the_next_life(gateway, start_alone, tmp_path):
    worker = start_alone()
    until(lambda: gateway.hellos)
    dispatch(gateway, "m", run={"component": "telling"})
    gateway.judge = lambda call: 503 if call["beats"] or call["reports"] else 200
    worker.knock("m")
    spool = tmp_path / "party-9999" / "spool"
    until(lambda: gateway.tasks["m"].starts and list_spooled(spool))
    worker.kill()
    gateway.judge = lambda call: 200
    start_alone()
    assert gateway.report_of("m")["outcome"] == "success"
    assert gateway.tasks["m"].points == [["loss", 1, 0.5], ["auc", -1, 0.75]]


def test_an_ended_worker_leaves_no_process(gateway, make_worker):
    worker = make_worker()
    worker.runner.knock([dispatch(gateway, "t", run={"component": "sleeping"})])
    until(worker.runner.list_running)
    zygote = worker.nursery.zygote_pid
    worker.stop(0.2)
    assert not is_alive(zygote)
    assert worker.nursery.kill_marked() == 0


def test_an_error_that_nobody_foresaw_ends_the_worker_loudly(gateway, start_alone):
    worker = start_alone()
    until(lambda: gateway.hellos)
    spoilt = make_assignment("t")
    object.__setattr__(spoilt, "params", "no object")
    gateway.dispatch(spoilt)
    worker.knock("t")
    until(lambda: gateway.tasks["t"].starts)
    assert worker.process.wait(60) == 70
    start_alone()
    assert gateway.report_of("t")["kind"] == "lost"


def test_a_worker_that_is_told_to_end_ends(gateway, start_alone):
    worker = start_alone()
    worker.process.stdin.close()
    assert worker.process.wait(60) == 0
