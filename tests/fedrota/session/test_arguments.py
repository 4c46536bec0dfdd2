import pytest

from fedrota.session.arguments import (
    check_endpoint,
    check_file,
    check_kind,
    check_path,
    check_pattern,
    check_target,
    check_targets,
    split_options,
)


@pytest.mark.parametrize(
    ("check", "given", "message"),
    [
        (check_target, None, "target is required but not specified."),
        (check_target, 5, "target is not str."),
        (check_target, "a b", "target must be a string of only valid characters and no spaces."),
        (check_target, "a\n", "target must be"),
        (check_targets, "site-1", "targets is not a list."),
        (check_targets, [1], "all targets in the list of targets must be strings."),
        (check_targets, ["a/b"], "invalid target a/b"),
        (split_options, 5, "options is not str."),
        (split_options, "-n;", "options must be a string of only valid characters."),
        (check_path, 5, "path is not str."),
        (check_path, "a b", "unsupported characters in path a b"),
        (check_path, "/etc", "absolute path is not allowed"),
        (check_path, "a/../b", r"\.\. in path name is not allowed"),
        (check_file, None, "file is required but not specified."),
        (check_file, "client.key", "this command cannot be applied to file client.key. Only files with"),
        (check_file, "a.key.1", "this command cannot be applied"),
        (check_pattern, "", "pattern is required but not specified."),
        (check_endpoint, "here", "sp_string must be of the format example.com:8002:8003"),
        (check_endpoint, None, "sp_string must be"),
    ],
)
def test_what_may_not_be_sent_is_a_syntax_error(check, given, message):
    with pytest.raises(SyntaxError, match=message):
        check(given)


def test_what_may_be_sent_goes_as_it_is():
    assert check_target("site-1.a_b") == "site-1.a_b"
    assert check_targets(["a", "b"]) == ["a", "b"]
    assert split_options("-n 5  -c") == ["-n", "5", "-c"]
    assert split_options(None) == []
    assert check_path("a/b..c/.") == "a/b..c/."
    assert check_file("app/log.txt.1") == "app/log.txt.1"
    assert check_pattern("x") == "x"
    assert check_endpoint("a.example:8002:8003") == "a.example:8002:8003"


def test_a_target_type_is_one_of_three():
    assert check_kind("all", ["all"], "restart") == "all"
    with pytest.raises(ValueError, match=r"restart target_type must be one of \['all'\]"):
        check_kind("x", ["all"], "restart")
    with pytest.raises(ValueError, match="pattern is not str"):
        check_pattern(5)
