"""The words behind a command."""

import pytest

from api.dialects.flare.errors import FlareError, MetaStatus
from api.dialects.flare.requests.flags import make_list_flags, take_one


def test_the_options_of_a_list():
    found = make_list_flags().read(["-d", "-m", "3", "-n", "he", "2026"])
    assert (found.detailed, found.limit, found.name_prefix, found.job_id_prefix, found.reverse) == (
        True, 3, "he", "2026", False,
    )  # fmt: skip


@pytest.mark.parametrize("words", [["-x"], ["-m", "x"], ["a", "b"], ["-d"] * 65, ["--detailed"]])
def test_wrong_words_are_refused(words):
    with pytest.raises(FlareError) as caught:
        make_list_flags().read(words)
    assert caught.value.status is MetaStatus.SYNTAX_ERROR


def test_one_word_is_one_word():
    assert take_one(["7"], "abort_job", "job_id") == "7"
    for words in ([], [""], ["a", "b"]):
        with pytest.raises(FlareError, match="usage: abort_job job_id"):
            take_one(words, "abort_job", "job_id")
