import pytest

from api.dialects.flare.errors import FlareError, MetaStatus
from api.dialects.flare.requests.shell import parse_shell


@pytest.mark.parametrize(
    ("command", "words", "options", "path"),
    [
        ("pwd", ["server"], {}, ()),
        ("ls", ["site-1"], {}, ()),
        ("ls", ["site-1", "-l", "-t", "J1/./app/"], {"l": 0, "t": 0}, ("J1", "app")),
        ("ls", ["site-1", "-lt"], {"l": 0, "t": 0}, ()),
        ("cat", ["site-1", "-n", "log.txt"], {"n": 0}, ("log.txt",)),
        ("head", ["site-1", "-n", "5", "log.txt"], {"n": 5}, ("log.txt",)),
        ("tail", ["site-1", "-n 5", "log.txt.1"], {"n": 5}, ("log.txt.1",)),
        ("tail", ["site-1", "-c5", "log.txt"], {"c": 5}, ("log.txt",)),
    ],
)
def test_commands_as_the_clients_write_them(command, words, options, path):
    wanted = parse_shell(command, words)
    assert (wanted.command, wanted.target, dict(wanted.options), wanted.path) == (command, words[0], options, path)


def test_grep_has_a_pattern():
    wanted = parse_shell("grep", ["site-1", "-i", "loss: [0-9]", "log.txt"])
    assert (wanted.pattern, dict(wanted.options), wanted.path) == ("loss: [0-9]", {"i": 0}, ("log.txt",))


@pytest.mark.parametrize(
    ("command", "words", "message"),
    [
        ("ls", [], "syntax error: missing target"),
        ("pwd", ["server", "-l"], "this command does not accept extra args"),
        ("cat", ["site-1", "-c", "log.txt"], "unrecognized arguments: -c"),
        ("cat", ["site-1", "-2", "log.txt"], "only one file is allowed"),
        ("cat", ["site-1", "a.txt", "b.txt"], "only one file is allowed"),
        ("cat", ["site-1"], "the following arguments are required: file"),
        ("head", ["site-1", "-n", "x", "log.txt"], "argument -n: invalid int value: 'x'"),
        ("head", ["site-1", "-n", "-5", "log.txt"], "must not be negative"),
        ("cat", ["site-1", "a b.txt"], "unsupported file a b.txt"),
        ("cat", ["site-1", "/etc/passwd.txt"], "absolute path is not allowed"),
        ("ls", ["site-1", "a/../.."], ".. in path name is not allowed"),
        ("cat", ["site-1", "startup/client.key"], "this command cannot be applied to file startup/client.key"),
        ("cat", ["site-1", "txt"], "this command cannot be applied to file txt"),
        ("ls", ["site-1", *["x"] * 40], "at most 32 words"),
    ],
)
def test_refusals_are_in_the_words_that_clients_know(command, words, message):
    with pytest.raises(FlareError) as refused:
        parse_shell(command, words)
    assert refused.value.status is MetaStatus.ERROR
    assert message in refused.value.message
