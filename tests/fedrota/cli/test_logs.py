"""`fedrota logs`."""

import json

import pytest


def test_log_of_a_task(fedrota, gateway):
    assert fedrota("logs", "t-guest").out == gateway.log.decode()


def test_log_of_a_step_at_one_party(fedrota, gateway):
    assert fedrota("logs", "j-1", "lr", "--party", "10000").out == gateway.log.decode()
    assert gateway.last.path == "/tasks/t-host/logs"


def test_logs_of_a_step_at_all_parties(fedrota, gateway):
    out = fedrota("logs", "j-1", "lr", "--tail", "1").out
    assert out == "==> guest 9999 <==\nline 3\n\n==> host 10000 <==\nline 3\n\n"


@pytest.mark.parametrize(
    ("lines", "text"), [("0", ""), ("2", "line 2\nline 3\n"), ("9", "línea uno\nline 2\nline 3\n")]
)
def test_tail_counts_lines(fedrota, lines, text):
    assert fedrota("logs", "t-guest", "--tail", lines).out == text


def test_tail_and_follow_goes_on_where_the_tail_ended(fedrota, gateway):
    assert fedrota("logs", "t-guest", "--tail", "1", "--follow").out == "line 3\n"
    assert gateway.asked[-2].query == {"offset": "25", "follow": "true"}


def test_followed_logs_of_several_parties_stand_behind_their_ids(fedrota):
    lines = fedrota("logs", "j-1", "lr", "--follow", "--tail", "2").out.splitlines()
    assert sorted(lines) == [" 9999 | line 2", " 9999 | line 3", "10000 | line 2", "10000 | line 3"]


@pytest.mark.parametrize("follow", [(), ("--follow",)])
def test_as_json_each_line_says_whose_it_is(fedrota, follow):
    lines = [
        json.loads(line) for line in fedrota("logs", "j-1", "lr", "--tail", "2", "--json", *follow).out.splitlines()
    ]
    whose = [("t-guest", "guest", "9999"), ("t-host", "host", "10000")]
    wanted = [
        {"task": task, "role": role, "party": party, "line": line}
        for task, role, party in whose
        for line in ("line 2", "line 3")
    ]
    assert (sorted(lines, key=lambda line: (line["task"], line["line"])) if follow else lines) == wanted


def test_as_json_a_task_without_a_log_prints_nothing(fedrota, gateway):
    gateway.log = b""
    found = fedrota("logs", "t-guest", "--json")
    assert (found.code, found.out, found.err) == (0, "", "")


@pytest.mark.parametrize("follow", [(), ("--follow",), ("--json",), ("--json", "--follow")])
@pytest.mark.parametrize("party", ["guest", "host"])
def test_a_party_that_does_not_give_its_log_keeps_no_other_back(fedrota, gateway, party, follow):
    gateway.refuse("GET", f"/tasks/t-{party}/logs", 503, code="unreachable", message="its party is not connected")
    gateway.on("GET", "/parties/9999", {"id": "9999", "online": False})
    found = fedrota("logs", "j-1", "lr", *follow)
    assert found.code == 3
    assert found.err.count("its party is not connected") == 1
    assert found.out.count("line 3") == 1


@pytest.mark.parametrize(
    ("state", "words", "said"),
    [
        ("success", (), "the log is empty"),
        ("running", (), "no log yet: the task is running"),
        ("success", ("--tail", "0"), ""),
    ],
)
def test_a_log_without_a_line_is_said_beside_it(fedrota, gateway, state, words, said):
    gateway.log = b""
    gateway.answers["GET", "/tasks/t-guest"][1]["state"] = state
    found = fedrota("logs", "t-guest", *words)
    assert (found.code, found.out, found.err.strip()) == (0, "", said)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["j-1"], "j-1 is a job: name a step as well, one of lr"),
        (["j-1", "lr", "--party", "7"], "step 'lr' does not run at '7'; its parties: 9999, 10000"),
        (["j-1", "nope"], "there is no /jobs/j-1/steps/nope"),
        (["nope"], "there is no /jobs/nope"),
    ],
)
def test_wrong_place_says_the_right_ones(fedrota, words, message):
    assert message in fedrota("logs", *words).err


def test_step_that_has_not_begun(fedrota, gateway):
    gateway.answers["GET", "/jobs/j-1/steps/lr"][1]["tasks"] = []
    assert "has no tasks yet" in fedrota("logs", "j-1", "lr").err
