import pytest

from fedrota.session.targets import Targets
from tests.fedrota.session.doors import make, text


@pytest.mark.parametrize(
    ("method", "arguments", "sent"),
    [
        ("ls_target", ("site-1",), ("ls", "site-1")),
        ("ls_target", ("site-1", "-l -t", "J1/app"), ("ls", "site-1", "-l", "-t", "J1/app")),
        ("cat_target", ("server", None, "log.txt"), ("cat", "server", "log.txt")),
        ("head_target", ("server", "-n 5", "log.txt"), ("head", "server", "-n", "5", "log.txt")),
        ("tail_target", ("server", None, "a.log"), ("tail", "server", "a.log")),
        ("head_target_log", ("site-1",), ("head", "site-1", "log.txt")),
        ("tail_target_log", ("site-1", "-c 5"), ("tail", "site-1", "-c", "5", "log.txt")),
        ("grep_target", ("site-1", "-i", "a b", "log.txt"), ("grep", "site-1", "-i", "a b", "log.txt")),
        ("get_working_directory", ("site-1",), ("pwd", "site-1")),
    ],
)
def test_each_method_is_one_command(method, arguments, sent):
    answers = {name: text("what it says\n") for name in ("ls", "cat", "head", "tail", "grep", "pwd")}
    session = make(Targets, **answers)
    assert getattr(session, method)(*arguments) == "what it says\n"
    assert session.api.sent == [sent]


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("ls_target", ("a b",)),
        ("ls_target", ("a", "-l", "/etc")),
        ("cat_target", ("a",)),
        ("cat_target", ("a", None, "x.key")),
        ("tail_target_log", ("a", "-n;rm")),
        ("grep_target", ("a", None, None, "log.txt")),
        ("get_working_directory", ("",)),
    ],
)
def test_what_may_not_be_asked_is_never_sent(method, arguments):
    session = make(Targets)
    with pytest.raises(SyntaxError):
        getattr(session, method)(*arguments)
    assert session.api.sent == []
