import redis

from scheduler.domain.messages import Knock
from tests.workers.fakes import make_assignment, until
from workers.tasks import Post


def test_a_worker_outlives_its_broker(gateway, start_worker, knock, own_valkey, capfd):
    worker = start_worker("workers")
    with redis.Redis.from_url(own_valkey) as client:
        until(lambda: any(found["cmd"] == "brpop" for found in client.client_list()))  # else there is nothing to lose
        client.client_kill_filter(_type="normal", skipme=True)
        gateway.dispatch(make_assignment("t"))
        knock(["t", 1])
        gateway.report_of("t")
        client.flushall()
    gateway.dispatch(make_assignment("u"))
    knock(["u", 1])
    gateway.report_of("u")
    assert worker.poll() is None
    said = "".join(capfd.readouterr())
    assert "Connection to broker lost" in said
    assert "Deprecation" not in said


def test_a_sealed_worker_needs_three_commands_and_its_own_queue(gateway, start_worker, knock, own_valkey):
    with redis.Redis.from_url(own_valkey) as client:
        client.execute_command(
            "ACL",
            "SETUSER",
            "p9999",
            "on",
            ">pw",
            "resetchannels",
            "-@all",
            "~party.9999*",
            "+hello",
            "+ping",
            "+brpop",
        )
        start_worker("workers", PROFILE="sealed", BROKER_URL=own_valkey.replace("redis://", "redis://p9999:pw@"))
        gateway.dispatch(make_assignment("t"))
        knock(["t", 1])
        assert gateway.report_of("t")["outcome"] == "success"
        denied = {entry[b"object"] for entry in client.execute_command("ACL", "LOG")}
        assert denied <= {b"client|setinfo"}  # redis-py's introduction, which it can do without


def test_the_task_takes_knocks_and_drops_what_is_none(tmp_path):
    class Runner:
        def __init__(self) -> None:
            self.knocks: list[Knock] = []
            self.runner = self

        def knock(self, knocks: list[Knock]) -> None:
            self.knocks += knocks

    post = Post()
    post.take([["early", 1]])  # no site yet: lost, the centre knocks again
    post.site = Runner()
    for argument in ([["t", 1], ["u", 2, 1]], "nonsense", [[1]], None):
        post.take(argument)
    assert post.site.knocks == [Knock("t", 1), Knock("u", 2, held=True)]
