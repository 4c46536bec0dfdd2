"""What errors say."""

from fedrota.errors import InvalidError, Problem


def test_problem_says_place_message_and_hint():
    assert str(Problem("steps.0", "is wrong", "write it so")) == "steps.0: is wrong (write it so)"
    assert str(Problem("", "is wrong")) == "is wrong"


def test_problems_are_said_once():
    problems = [Problem("a", "must be an integer"), Problem("b", "is unknown")]
    error = InvalidError("a: must be an integer", status=422, problems=problems)
    assert str(error) == "a: must be an integer\n  b: is unknown"
