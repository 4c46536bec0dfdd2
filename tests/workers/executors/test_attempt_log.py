from workers.executors.attempt_log import AttemptLog


def test_a_log_appears_with_its_first_byte(tmp_path):
    log = AttemptLog(tmp_path / "a" / "1.log", limit=100)
    log.write(b"")
    assert not (tmp_path / "a").exists()
    assert log.tail(10) == ""
    log.write(b"one\n")
    log.write(memoryview(b"two\n"))
    assert (log.size, log.tail(4)) == (8, "two\n")
    log.close()


def test_a_log_at_its_limit_says_so_once(tmp_path):
    log = AttemptLog(tmp_path / "1.log", limit=10)
    for _ in range(5):
        log.write(b"123456")
    log.close()
    text = (tmp_path / "1.log").read_text()
    assert text == "1234561234\n[fedrota] the log is cut here: it reached 10 bytes, what follows was not kept\n"
    assert log.size == len(text)


def test_a_disk_that_takes_nothing_loses_the_log_and_not_the_attempt(tmp_path):
    (tmp_path / "file").write_text("")
    log = AttemptLog(tmp_path / "file" / "1.log", limit=10)
    log.write(b"x")
    log.write(b"y")
    assert log.size == 0
    assert "could not be written" in log.problem


def test_what_comes_after_the_end_does_not_replace_the_log(tmp_path):
    log = AttemptLog(tmp_path / "1.log", limit=100)
    log.write(b"precious\n")
    log.close()
    log.write(b"noise\n")
    assert ((tmp_path / "1.log").read_text(), log.size) == ("precious\n", 9)
