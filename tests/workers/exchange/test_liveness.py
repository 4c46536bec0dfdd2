from workers.exchange.liveness import Liveness


def test_silence_counts_from_the_first_unanswered_question():
    life = Liveness(15.0)
    life.asked(100.0)
    life.asked(110.0)
    assert life.find_absence(115.0) == ""
    assert life.find_absence(115.1) == "has not answered for 15 s"
    life.is_offline = True
    assert life.find_absence(115.1) == "has not been connected for 15 s"
    life.heard()
    assert life.find_absence(200.0) == ""


def test_silence_without_a_question_means_nothing():
    life = Liveness(15.0)
    assert life.find_absence(1000.0) == ""
    life.asked(1000.0)
    life.rest()
    assert life.find_absence(2000.0) == ""


def test_a_worker_that_never_starts_its_task_is_given_up_later():
    life = Liveness(15.0)
    assert life.heard_unknown(100.0) == 0.0
    assert life.heard_unknown(150.0) == 50.0
    assert life.find_absence(160.0) == ""
    assert life.find_absence(160.1) == "has not started its side of the step for 60 s"


def test_a_worker_that_does_not_know_the_task_is_there():
    life = Liveness(15.0, is_offline=True)
    life.asked(100.0)
    life.heard_unknown(110.0)
    assert not life.is_offline
    assert life.find_absence(120.0) == ""


def test_questions_become_rarer_until_there_is_a_hurry():
    life = Liveness(15.0)
    now, pauses = 0.0, []
    for _ in range(6):
        life.asked(now)
        start = now
        while not life.is_time_to_ask(now):
            now += 0.01
        pauses.append(round(now - start, 1))
    assert pauses == [0.2, 0.4, 0.8, 1.6, 2.0, 2.0]
    life.hurry()
    assert life.is_time_to_ask(now - 1.0)
    life.asked(now)
    assert life.is_time_to_ask(now + 0.21)
