"""The requests about parties, their queues, and the components that they offer."""

from fedrota.model import Component, Party, Queue
from fedrota.requests.call import Call, ListCall, get, get_list, make_path
from fedrota.responses import many, one, parse_nothing


def parties() -> ListCall[Party]:
    """List the registered parties, offline ones too."""
    return get_list("/parties", many(Party))


def party(party: str) -> Call[Party]:
    """Get one party by its id."""
    return get(make_path("parties", party), one(Party))


def create_party(party: str, *, org: str | None = None, slots: int | None = None) -> Call[Party]:
    """Register a party; its worker then needs a token of its own (`create_token`)."""
    given = (("id", party), ("org", org), ("slots", slots))
    body = {key: value for key, value in given if value is not None}
    return Call(method="POST", path="/parties", body=body, parse=one(Party))


def set_slots(party: str, slots: int) -> Call[Party]:
    """Set how many tasks the party runs at once; running ones are not touched."""
    return Call(method="PATCH", path=make_path("parties", party), body={"slots": slots}, parse=one(Party))


def set_org(party: str, org: str) -> Call[Party]:
    """Put a party under another organisation."""
    return Call(method="PATCH", path=make_path("parties", party), body={"org": org}, parse=one(Party))


def delete_party(party: str) -> Call[None]:
    """Take a party off the register; ConflictError while work of it is open."""
    return Call(method="DELETE", path=make_path("parties", party), parse=parse_nothing)


def drain(party: str) -> Call[Party]:
    """Give the party no new work; what runs there goes on."""
    return Call(method="POST", path=make_path("parties", party, "drain"), parse=one(Party))


def resume(party: str) -> Call[Party]:
    """Send a drained party work again."""
    return Call(method="POST", path=make_path("parties", party, "resume"), parse=one(Party))


def queues() -> ListCall[Queue]:
    """List the queue of every registered party, offline ones too."""
    return get_list("/queues", many(Queue))


def components() -> ListCall[Component]:
    """List what a step may run, and at which parties."""
    return get_list("/components", many(Component))


def component(name: str) -> Call[Component]:
    """Get one component with the JSON Schema of its parameters."""
    return get(make_path("components", name), one(Component))
