import pytest
from structlog.testing import capture_logs

from scheduler.domain.messages import Welcome
from workers.backoff import Pauses
from workers.gateway import GatewayAwayError, HelloNeededError, TokenRefusedError, UnwelcomeError
from workers.greeting import ADVICE, Greeting


def welcome(run_id="one"):
    return Welcome(party="a", slots=2, heartbeat_s=5.0, lease_s=30.0, run_id=run_id)


class Gateway:
    """Gives its answers one after the other."""

    def __init__(self, *answers):
        self.answers = list(answers)

    def hello(self, hello):
        assert hello == "hello"
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Scene:
    def __init__(self, *answers):
        self.waits: list[float] = []
        self.welcomes: list[tuple[str, bool]] = []
        self.given_up = 0
        self.greeting = Greeting(
            Gateway(*answers),
            lambda: "hello",
            pauses=Pauses(self.waits.append),
            on_welcome=lambda found, is_other: self.welcomes.append((found.run_id, is_other)),
            give_up=self.give_up,
        )

    def give_up(self):
        self.given_up += 1


def test_a_welcome_is_passed_on_and_ends_the_need_for_one():
    scene = Scene(welcome())
    assert scene.greeting.is_due
    scene.greeting.say_hello()
    assert (scene.greeting.is_due, scene.welcomes, scene.waits) == (False, [("one", False)], [])


def test_a_problem_makes_another_hello_due_and_is_over_with_the_next_welcome():
    scene = Scene(welcome(), welcome())
    scene.greeting.say_hello()
    scene.greeting.take_refused_call("409: say hello")
    assert scene.greeting.is_due
    scene.greeting.say_hello()
    assert (scene.greeting.is_due, scene.greeting.problem) == (False, "")


def test_a_gateway_that_greets_us_but_refuses_our_calls_is_doubted_until_it_takes_one():
    scene = Scene(*[welcome()] * 4)
    for _ in range(4):
        scene.greeting.say_hello()
        scene.greeting.take_refused_call("409: say hello")
    assert scene.greeting.is_doubtful
    assert len(scene.waits) == 3, "the first hello comes at once, the others after a pause each"
    scene.greeting.take_accepted_call()
    assert not scene.greeting.is_doubtful
    scene.greeting.take_refused_call("409: say hello")
    assert len(scene.waits) == 3


def test_another_installation_is_told_from_the_same_one():
    scene = Scene(welcome(), welcome(), welcome("two"))
    for _ in range(3):
        scene.greeting.say_hello()
    assert scene.welcomes == [("one", False), ("one", False), ("two", True)]


def test_a_gateway_that_is_away_is_tried_again_no_sooner_than_it_says():
    scene = Scene(GatewayAwayError("503: busy", after_s=7.0), welcome())
    scene.greeting.say_hello()
    assert scene.greeting.problem == "503: busy"
    assert scene.waits == [7.0]
    scene.greeting.say_hello()
    assert not scene.greeting.problem
    assert scene.waits == [7.0], "a welcome is no reason to wait, however many hellos failed before"


def test_the_first_cause_is_told_while_the_gateway_asks_for_patience():
    scene = Scene(HelloNeededError("401: no such token"), GatewayAwayError("429: wait"), welcome())
    scene.greeting.say_hello()
    scene.greeting.say_hello()
    assert scene.greeting.problem == "429: wait (first: 401: no such token)"


def test_of_a_token_that_is_refused_the_log_says_what_to_do():
    token, wait = TokenRefusedError("401: the token was revoked"), GatewayAwayError("429: wait")
    scene = Scene(token, *[wait] * 4, HelloNeededError("409: another agent"), *[wait] * 44)
    with capture_logs() as lines:
        for _ in range(50):
            scene.greeting.say_hello()
    assert [line.get("hint") for line in lines] == [ADVICE, ADVICE, None]


@pytest.mark.parametrize(("answers", "given_up"), [([], 1), ([welcome()], 0)])
def test_only_a_worker_that_was_never_welcome_gives_up(answers, given_up):
    scene = Scene(*answers, UnwelcomeError("403: another party's token"))
    for _ in range(len(answers) + 1):
        scene.greeting.say_hello()
    assert scene.given_up == given_up
    assert scene.greeting.problem.startswith("403")
