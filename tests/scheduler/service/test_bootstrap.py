"""The first token and the parties of a new installation."""

import os
import subprocess
import sys

import pytest
from sqlmodel import delete, update

from scheduler.domain.access import Role
from scheduler.service.bootstrap import bootstrap, parse_party, write_secret
from scheduler.service.tokens import authenticate
from scheduler.store.queries.parties import list_parties
from scheduler.store.tables.access import TokenRow


def files(folder):
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_it_makes_what_is_missing_and_leaves_what_is_there(centre, tmp_path):
    state = tmp_path / "state"
    bootstrap(centre.store, state, {"a": None, "new": 3, "other": None}, now=centre.now)
    first = files(state)
    assert set(first) == {"token", "parties/a.token", "parties/new.token", "parties/other.token"}
    assert {party.id: party.slots for party in centre.read(list_parties)} == {"a": 8, "b": 8, "new": 3, "other": 4}
    bootstrap(centre.store, state, {"a": None, "new": 3, "other": None}, now=centre.now)
    assert files(state) == first
    bootstrap(centre.store, state, {"new": 5}, now=centre.now)
    assert {party.id: party.slots for party in centre.read(list_parties)}["new"] == 5


def test_the_tokens_work_and_are_their_owners_alone(centre, tmp_path):
    bootstrap(centre.store, tmp_path, {"new": None}, now=centre.now)
    admin = centre.read(lambda tx: authenticate(tx, (tmp_path / "token").read_text().strip(), now=centre.now))
    worker = centre.read(
        lambda tx: authenticate(tx, (tmp_path / "parties/new.token").read_text().strip(), now=centre.now)
    )
    assert (admin.kind, admin.role) == ("user", Role.PROJECT_ADMIN)
    assert (worker.kind, worker.party, worker.role) == ("worker", "new", None)
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "parties").stat().st_mode & 0o777 == 0o700


def test_what_it_makes_is_in_the_audit_trail(centre, tmp_path):
    for _ in range(2):
        bootstrap(centre.store, tmp_path, {"new": None}, now=centre.now)
    tokens = {row[1]: row[0] for row in centre.rows("SELECT id, name FROM token")}
    rows = centre.rows("SELECT who, action, object FROM audit WHERE who = 'bootstrap' ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("bootstrap", "issue_token", tokens["admin"]),
        ("bootstrap", "create_party", "new"),
        ("bootstrap", "issue_token", tokens["worker of new"]),
    ]


def test_a_lost_token_file_is_made_anew(centre, tmp_path):
    bootstrap(centre.store, tmp_path, {}, now=centre.now)
    old = (tmp_path / "token").read_text()
    (tmp_path / "token").unlink()
    bootstrap(centre.store, tmp_path, {}, now=centre.now)
    assert (tmp_path / "token").read_text() != old


@pytest.mark.parametrize("spoil", ["another database", "revoked", "nonsense", "another party's"])
def test_tokens_that_are_good_for_nothing_are_replaced(centre, tmp_path, spoil):
    bootstrap(centre.store, tmp_path, {"new": None, "other": None}, now=centre.now)
    if spoil == "another database":
        centre.write(lambda tx: tx.session.exec(delete(TokenRow)))
    elif spoil == "revoked":
        centre.write(lambda tx: tx.session.exec(update(TokenRow).values(revoked=centre.now)))
    elif spoil == "nonsense":
        for path in (tmp_path / "token", tmp_path / "parties/new.token"):
            path.write_bytes(b"\xff\x00")
    else:
        (tmp_path / "parties/new.token").write_text((tmp_path / "parties/other.token").read_text())
    bootstrap(centre.store, tmp_path, {"new": None, "other": None}, now=centre.now)
    for path, party in (("token", None), ("parties/new.token", "new"), ("parties/other.token", "other")):
        text = (tmp_path / path).read_text().strip()
        assert centre.read(lambda tx, text=text: authenticate(tx, text, now=centre.now)).party == party


def test_a_secret_is_complete_or_not_there(tmp_path):
    (tmp_path / "token.new").write_text("left by a crash")
    (tmp_path / "token.new").chmod(0o644)
    write_secret(tmp_path / "token", "frt_x_y")
    assert files(tmp_path) == {"token": "frt_x_y\n"}
    assert (tmp_path / "token").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(("text", "party"), [("a", ("a", None)), ("a:3", ("a", 3)), ("a.b:", ("a.b", None))])
def test_a_party_is_an_id_and_perhaps_its_slots(text, party):
    assert parse_party(text) == party


def test_the_command_tells_what_is_wrong_in_a_sentence(sqlite_store, tmp_path, repository):
    database = sqlite_store.engine.url.render_as_string()
    argv = [sys.executable, "-m", "scheduler.service.bootstrap", "--state", str(tmp_path / "state")]
    environment = {**os.environ, "FEDROTA_DATABASE_URL": database}

    def run(*more):
        return subprocess.run(
            [*argv, *more], cwd=repository, env=environment, capture_output=True, text=True, timeout=60, check=False
        )

    done = run("--party", "9999:2", "--party", "10000")
    assert (done.returncode, done.stderr) == (0, "")
    assert "parties/9999.token" in files(tmp_path / "state")
    wrong = run("--party", "a/b")
    assert wrong.returncode == 1
    assert "is no party id" in wrong.stderr
    assert "Traceback" not in wrong.stderr
    assert "'9999:two' is neither ID nor ID:SLOTS" in run("--party", "9999:two").stderr
    assert "slots: 0 is no number of slots" in run("--party", "9999:0").stderr


def test_the_command_brings_a_new_database_to_its_schema_first_if_told(tmp_path):
    environment = {**os.environ, "FEDROTA_STATE_DIR": str(tmp_path / "state")}
    command = [sys.executable, "-m", "scheduler.service.bootstrap", "--party", "9999"]

    def run(*more):
        return subprocess.run([*command, *more], env=environment, capture_output=True, text=True, check=False)

    assert "run `python -m scheduler.store.migrate`" in run().stderr
    for _ in range(2):
        done = run("--migrate")
        assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "state/parties/9999.token").read_text().startswith("frt_")


def test_a_database_that_is_away_is_told_in_a_sentence(tmp_path, free_port):
    url = f"postgresql://fedrota:secret@127.0.0.1:{free_port()}/fedrota"
    environment = {**os.environ, "FEDROTA_DATABASE_URL": url, "FEDROTA_STATE_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "scheduler.service.bootstrap", *["--party", "9999"]]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith("the database cannot be used: OperationalError: connection failed")
    assert len(done.stderr.splitlines()) == 1
