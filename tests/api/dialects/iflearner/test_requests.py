import pytest

from api.dialects.iflearner.errors import INVALID, TASK_NAME_EMPTY, RefusedError
from api.dialects.iflearner.requests import (
    find_epochs,
    parse_object,
    parse_page,
    parse_start,
    parse_task,
    parse_template,
)

TEMPLATE = {
    "name": "abc", "image_url": "ocr:1", "workdir": "/d", "command": ["python"], "remark": "r", "hyper_parameter": ["lr=1"],
}  # fmt: skip
TASK = {"name": "t", "template_id": "x", "federate_data": [{"federated_id": "a", "federated_data": "/d"}]}


def refused(parse, *given):
    with pytest.raises(RefusedError) as caught:
        parse(*given)
    return caught.value.ret_code, caught.value.message


def test_a_template_comes_whole():
    form = parse_template(TEMPLATE)
    assert form.name == "abc"
    assert form.render_body() == {
        "image_url": "ocr:1", "workdir": "/d", "command": ["python"], "remark": "r", "hyper_parameter": ["lr=1"],
    }  # fmt: skip


def test_what_a_template_leaves_out_is_empty():
    body = parse_template({"name": "abc", "image_url": "i"}).render_body()
    assert body == {"image_url": "i", "workdir": "", "command": [], "remark": "", "hyper_parameter": []}


def test_null_hyper_parameters_stay_null_and_a_null_remark_becomes_empty():
    body = parse_template({**TEMPLATE, "hyper_parameter": None, "remark": None, "command": None}).render_body()
    assert (body["hyper_parameter"], body["remark"], body["command"]) == (None, "", [])


@pytest.mark.parametrize("name", ["", "ab", "x" * 51, None, 7, ["abc"]])
def test_a_templates_name_has_3_to_50_characters(name):
    words = "Please set the name parameter length between 3 and 50"
    assert refused(parse_template, {**TEMPLATE, "name": name}) == (INVALID, words)


@pytest.mark.parametrize("image", ["", "x" * 256, None])
def test_an_image_has_1_to_255_characters(image):
    words = "Please set the image_url parameter length between 1 and 255"
    assert refused(parse_template, {**TEMPLATE, "image_url": image}) == (INVALID, words)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("workdir", "x" * 256),
        ("command", "python run.py"),
        ("command", [1]),
        ("command", {"a": 1}),
        ("remark", 7),
        ("hyper_parameter", "lr=1"),
        ("hyper_parameter", [{"lr": 1}]),
        ("hyper_parameter", ["epoch=many"]),
        ("hyper_parameter", ["epochs=0"]),
    ],
)
def test_a_wrong_field_of_a_template_is_named(field, value):
    code, words = refused(parse_template, {**TEMPLATE, field: value})
    assert (code, field in words) == (INVALID, True)


def test_a_command_may_be_long():
    assert len(parse_template({**TEMPLATE, "command": ["x" * 5000]}).command[0]) == 5000


def test_a_task_comes_whole():
    assert parse_task(TASK).render_body() == {
        "template_id": "x",
        "remark": "",
        "federate_data": [{"federated_id": "a", "federated_data": "/d"}],
    }


@pytest.mark.parametrize("name", ["", None])
def test_an_empty_task_name_has_its_own_number(name):
    assert refused(parse_task, {**TASK, "name": name}) == (TASK_NAME_EMPTY, "empty task name")


def test_one_character_is_a_task_name_and_100_are():
    assert parse_task({**TASK, "name": "x" * 100}).name == "x" * 100
    assert parse_task({**TASK, "name": "x"}).name == "x"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": "x" * 101}, "name"),
        ({"name": 5}, "name"),
        ({"template_id": "x" * 33}, "template_id"),
        ({"template_id": None}, "template_id"),
        ({"remark": []}, "remark"),
        ({"federate_data": None}, "federate_data"),
        ({"federate_data": "a"}, "federate_data"),
        ({"federate_data": ["a"]}, "federate_data"),
        ({"federate_data": [{"federated_id": "a"}]}, "federated_data"),
        ({"federate_data": [{"federated_data": ""}]}, "federated_id"),
        ({"federate_data": [{"federated_id": "a", "federated_data": ["x"]}]}, "federated_data"),
        ({"federate_data": [{"federated_id": "a", "federated_data": ""}] * 2}, "federate_data"),
    ],
)
def test_a_wrong_field_of_a_task_is_named(change, field):
    code, words = refused(parse_task, {**TASK, **change})
    assert (code, field in words) == (INVALID, True)


@pytest.mark.parametrize("field", ["name", "template_id", "federate_data"])
def test_what_a_task_must_have_is_named_where_it_is_missing(field):
    code, words = refused(parse_task, {key: value for key, value in TASK.items() if key != field})
    assert (code, field in words) == (INVALID, True)


def test_a_null_data_path_is_an_empty_one():
    assert parse_task({**TASK, "federate_data": [{"federated_id": "a", "federated_data": None}]}).federates == (
        ("a", ""),
    )


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'"x"', b"name=abc", b"\xff", b'{"a":1,"a":2}'])
def test_a_body_that_is_no_object_is_refused(raw):
    code, words = refused(parse_object, raw)
    assert (code, "JSON object" in words) == (INVALID, True)


def test_an_empty_start_is_the_template_s_own():
    form = parse_start(b"")
    assert (form.epochs, form.hyper_parameter) == (None, ())


def test_a_start_may_set_epochs_and_hyper_parameters():
    form = parse_start(b'{"epochs": 3, "hyper_parameter": ["lr=2"], "enable_smpc": false}')
    assert (form.epochs, form.hyper_parameter) == (3, ("lr=2",))
    assert parse_start(b'{"hyper_parameter": ["epoch=4"]}').epochs == 4


@pytest.mark.parametrize(
    "raw",
    [
        b'{"epochs": 0}',
        b'{"epochs": "3"}',
        b'{"epochs": true}',
        b'{"enable_smpc": true}',
        b'{"hyper_parameter": "a"}',
        b"[]",
    ],
)
def test_a_wrong_start_is_refused(raw):
    assert refused(parse_start, raw)[0] == INVALID


def test_pages_count_from_one():
    page = parse_page({"page": "3", "limit": "7", "keyword": "k"})
    assert (page.offset, page.limit, page.keyword) == (14, 7, "k")
    assert (parse_page({}).offset, parse_page({}).limit) == (0, 10)
    assert parse_page({"limit": "0"}).limit == 0


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"page": "0"}, "page"),
        ({"page": "-1"}, "page"),
        ({"page": "abc"}, "page"),
        ({"page": ""}, "page"),
        ({"page": "9" * 40}, "page"),
        ({"limit": "-1"}, "limit"),
        ({"limit": "1.5"}, "limit"),
        ({"limit": "1001"}, "limit"),
        ({"keyword": "a\0"}, "NUL"),
    ],
)
def test_a_wrong_page_is_named(query, field):
    code, words = refused(parse_page, query)
    assert (code, field in words) == (INVALID, True)


def test_the_last_epochs_count():
    assert find_epochs(("epoch=1", "lr=2", "--epochs=5")) == 5
    assert find_epochs(("lr=2",)) is None
