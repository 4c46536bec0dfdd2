import pytest

from api.dialects.flare.errors import FlareError
from api.dialects.flare.requests.log_config import JobLog, parse_job_log, parse_site_log


@pytest.mark.parametrize("config", ["DEBUG", "warning", "10", "0", "50", "concise", "reload", " verbose "])
def test_a_job_s_log_takes_levels_and_modes(config):
    assert parse_job_log(["j", "all", config]).config == config.strip()


def test_a_job_s_log_has_targets():
    assert parse_job_log(["j", "client", "a", "b", "INFO"]) == JobLog(
        job="j", kind="client", names=("a", "b"), config="INFO"
    )
    assert parse_job_log(["j", "client", "INFO"]).names == ()


@pytest.mark.parametrize(
    "words",
    [[], ["j"], ["j", "all"], ["j", "a", "INFO"], ["j", "server", "a", "INFO"], ["j", "all", "51"], ["j", "all", "-1"],
     ["j", "all", "{}"], ["j", "all", "/etc/passwd"], ["j", "all", ""], ["j", "all", "\u0661"]],
)  # fmt: skip
def test_what_is_no_level_for_a_job_is_refused(words):
    with pytest.raises(FlareError) as refused:
        parse_job_log(words)
    assert refused.value.status == "syntax_error"


@pytest.mark.parametrize(
    ("words", "targets", "level"),
    [
        (["all", "INFO"], ["all"], "INFO"),
        (["server", "warn"], ["server"], "WARNING"),
        (["client", "a", "b", "15"], ["client", "a", "b"], "INFO"),
        (["a", "10"], ["client", "a"], "DEBUG"),
        (["all", "reload"], ["all"], "reload"),
        (["all", "50"], ["all"], "CRITICAL"),
        (["all", "0"], ["all"], "DEBUG"),
    ],
)
def test_a_site_s_log_has_a_level_that_workers_know(words, targets, level):
    assert parse_site_log(words) == (targets, level)


@pytest.mark.parametrize(
    ("words", "status", "says"),
    [
        (["all"], "syntax_error", "usage"),
        (["all", "loud"], "syntax_error", "only supports log levels"),
        (["all", "concise"], "error", "FEDROTA_LOG_FORMAT"),
    ],
)
def test_what_changes_nothing_at_a_worker_is_refused(words, status, says):
    with pytest.raises(FlareError, match=says) as refused:
        parse_site_log(words)
    assert refused.value.status == status
