"""The requests about models."""

from fedrota.requests import models


def test_a_models_id_may_hold_any_character():
    assert models.model("guest-1#model", "v/1").path == "/models/guest-1%23model/v%2F1"
    assert models.delete_model("m", "1").method == "DELETE"
    assert models.stream_archive("m", "1").path == "/models/m/1/archive"


def test_lists_are_narrowed():
    found = models.models(model_id="m", role="guest", party="1", tag="t", job="j", limit=3)
    assert dict(found.query) == {
        "model_id": "m", "role": "guest", "party": "1", "tag": "t", "job": "j", "limit": "3",
    }  # fmt: skip
    assert models.models().query == ()


def test_deploying_is_sent_once_and_tagging_as_often_as_needed():
    deploying = models.deploy_model("m", "1", ("a", "b"))
    assert (deploying.method, deploying.path, deploying.body, deploying.repeatable) == (
        "POST", "/models/m/1/deploy", {"components": ["a", "b"]}, False,
    )  # fmt: skip
    tagging = models.tag_model("m", "1", "so good")
    assert (tagging.method, tagging.path, tagging.repeatable) == ("PUT", "/models/m/1/tags/so%20good", True)
    assert models.untag_model("m", "1", "t").path == "/models/m/1/tags/t"
    assert models.delete_tag("a/b").path == "/tags/a%2Fb"
    assert models.tags().path == "/tags"


def test_an_archive_says_what_it_is():
    call = models.put_archive(replace=True, size=5)
    assert (call.method, call.path, call.query) == ("POST", "/models", (("replace", "true"),))
    assert call.headers == {"Content-Type": "application/zip", "Content-Length": "5"}
    assert "Content-Length" not in models.put_archive(replace=False, size=None).headers
