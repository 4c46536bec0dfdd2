from api.dialects.fate.responses.models import DONE, render_outcomes, summarise


def test_outcomes_stand_by_role_and_party_and_again_with_their_reasons():
    outcomes = {("guest", "1"): (0, "success"), ("host", "2"): (100, "no")}
    assert render_outcomes(outcomes) == {
        "guest": {"1": 0},
        "host": {"2": 100},
        "detail": {
            "guest": {"1": {"retcode": 0, "retmsg": "success"}},
            "host": {"2": {"retcode": 100, "retmsg": "no"}},
        },
    }


def test_one_failure_makes_the_whole_fail():
    assert summarise([DONE, DONE]) == (0, "success")
    assert summarise([DONE, (100, "no")]) == (101, "failed")
