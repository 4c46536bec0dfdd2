import pytest

from fedrota.component import ComponentInfo, InvalidInputError, Member, component, find_components, get_member

MEMBERS = [Member("guest", "9999", 0), Member("host", "10000", 0), Member("host", "10001", 1)]


def make_info(**words) -> ComponentInfo:
    @component("mine", **words)
    def body(context):
        """Do a thing.

        And more.
        """

    return body.__fedrota_component__


def test_the_decorator_describes_the_function_and_returns_it_unchanged():
    @component("mine", params={"a": {"type": "integer"}}, inputs={"data": "table"}, roles=["guest"], exchange=True)
    def body(context):
        """Do a thing."""
        return 7

    info = body.__fedrota_component__
    assert body(None) == 7
    assert (info.name, info.summary, info.roles, info.exchange, info.reusable) == (
        "mine",
        "Do a thing.",
        ("guest",),
        True,
        False,
    )
    assert info.params == {
        "type": "object",
        "properties": {"a": {"type": "integer"}},
        "required": ["a"],
        "additionalProperties": False,
    }


def test_the_summary_is_the_first_line_of_the_docstring():
    assert make_info().summary == "Do a thing."


def test_parameters_are_checked_with_the_components_name():
    info = make_info(params={"a": {"type": "integer", "default": 1}})
    assert info.read_params({}) == {"a": 1}
    with pytest.raises(InvalidInputError, match="component 'mine': b is not a parameter"):
        info.read_params({"b": 1})


@pytest.mark.parametrize("name", ["", "two words", "-x", "a" * 65, "ä"])
def test_a_name_that_a_job_document_cannot_hold_is_refused(name):
    with pytest.raises(ValueError, match="is no name"):
        component(name)


def test_a_port_of_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="kind 'csv': use table, model, file"):
        component("mine", inputs={"data": "csv"})


def test_a_wrong_schema_is_refused_at_once():
    with pytest.raises(ValueError, match="type 'int'"):
        component("mine", params={"a": {"type": "int"}})


def test_components_of_a_module_are_found_by_their_mark():
    class Module:
        @component("one")
        def one(self):
            """One."""

        other = 3

    assert [info.name for info in find_components(Module)] == ["one"]


@pytest.mark.parametrize(
    ("address", "party"),
    [("guest", "9999"), ("guest.0", "9999"), ("host.1", "10001"), (MEMBERS[1], "10000")],
)
def test_a_member_is_found_by_its_address(address, party):
    assert get_member(MEMBERS, address).party == party


@pytest.mark.parametrize(
    ("address", "text"),
    [
        ("host", "'host' names more than one member"),
        ("host.2", "'host.2' names no member"),
        (Member("arbiter", "1", 0), "names no member"),
    ],
)
def test_an_address_that_is_not_one_member_lists_those_there_are(address, text):
    with pytest.raises(InvalidInputError) as caught:
        get_member(MEMBERS, address)
    assert text in str(caught.value)
    assert "host.1 (party 10001)" in str(caught.value)
