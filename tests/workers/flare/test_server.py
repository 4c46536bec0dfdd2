from tests.workers.flare.conftest import Stage

MEMBER = """
import socket, sys, time
from pathlib import Path
from workers.flare import server
from workers.flare.child import ChildDiedError
ORDER = {"host": "flare.hospital-a.example", "requests": {"a": "request"}, "start_s": 60.0}
made = []
def make_kits(root, *, host, port, requests):
    kit = root / "server"
    kit.mkdir(parents=True)
    (kit / "port").write_text(str(port))
    (kit / "server.py").write_text((Path.cwd().parent / "site" / "server.py").read_text())
    made.append((root.name, host, port, requests))
    return root
server.make_kits = make_kits
def main(forks):
    taken = [socket.create_server(("", 0)) for _ in range(9)]
    ports = [each.getsockname()[1] for each in taken]
    BODY
"""
LISTEN = """
import socket, time
port = int(open("port").read())
while True:
    try:
        listening = socket.create_server(("", port))
    except OSError:
        time.sleep(0.1)  # as FLARE, which tries for ever
    else:
        time.sleep(60)
"""


def run(stage: Stage, body: str, server: str = LISTEN) -> str:
    stage.write(member=MEMBER.replace("BODY", body.strip().replace("\n", "\n    ")), server=server)
    code, said = stage.run()
    assert code == 0, said
    return said


def test_a_server_that_listens_is_given_with_its_kits(stage):
    said = run(stage, "found = server.start_server(Path.cwd(), ORDER, forks)\nprint(found.kits.name, made)")
    assert "flare [('flare', 'flare.hospital-a.example'," in said
    assert "{'a': 'request'})]" in said


LOSE = """
free = server.pick_port()
picks = iter([ports[0], ports[1], free])
server.pick_port = lambda: next(picks)
found = server.start_server(Path.cwd(), ORDER, forks)
print("tries", [port for _, _, port, _ in made] == [*ports[:2], free], len({root for root, *_ in made}))
print("left", [process.pid for process in found.child.list_tree()] == [found.child.pid], found.port == free)
"""


def test_a_server_that_loses_its_port_is_tried_at_another_with_new_kits(stage):
    said = run(stage, LOSE)
    assert "tries True 3" in said
    assert "left True True" in said


FAIL = """
server.pick_port = iter(ports).__next__
try:
    server.start_server(Path.cwd(), ORDER, forks)
except (server.RunError, ChildDiedError) as wrong:
    print("said:", wrong, getattr(wrong, "kind", ""), len(made))
"""


def test_a_host_on_which_every_port_is_taken_is_given_up(stage):
    said = run(stage, FAIL)
    assert "said: other programs took 5 ports in a row before FLARE's server had them unreachable 5" in said


def test_a_server_that_never_listens_is_given_up(stage):
    body = 'ORDER["start_s"] = 0.3\nfor each in taken:\n    each.close()\n' + FAIL
    assert "said: FLARE's server did not listen within 0.3 s timeout 1" in run(
        stage, body, "import time; time.sleep(60)"
    )


def test_a_server_that_ends_is_not_waited_for(stage):
    body = "for each in taken:\n    each.close()\n" + FAIL
    assert "said: FLARE's server process ended with exit status 2" in run(stage, body, "code = 2")
