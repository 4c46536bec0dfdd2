import pytest

from fedrota.session.lines import join, split


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("list_jobs  -d   x ", ["list_jobs", "-d", "x"]),
        ('grep site-1 "a b" log.txt', ["grep", "site-1", "a b", "log.txt"]),
        ("grep site-1 'a b' log.txt", ["grep", "site-1", "a b", "log.txt"]),
        ('grep "a b', ["grep", '"a', "b"]),
        ("", [""]),
    ],
)
def test_lines_are_split_as_flare_splits_them(line, words):
    assert split(line) == words


@pytest.mark.parametrize(
    "words", [["a", "b"], ["a b", "c"], ['say "hi"', "x"], ["back\\slash here", "y"], ["tab\there"]]
)
def test_what_is_joined_is_split_again(words):
    assert split(join(*words)) == words
