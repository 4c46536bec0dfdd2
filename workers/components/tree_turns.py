"""Whose features may split a tree's nodes: all parties', or some parties' in turn."""

from collections.abc import Sequence

from fedrota.component import Context, InvalidInputError, Member

Turns = Sequence[Sequence[Member]]
"""For each level of a tree, from the root down, the parties whose features may split it, guest first."""


def list_turns(context: Context, owners: Sequence[Member], *, round: int) -> Turns:
    """The turns of a tree of a round (from 1); `owners` are the guest and the hosts."""
    params, guest = context.params, owners[:1]
    if params["strategy"] == "layered":
        return [owners[1:]] * int(params["host_depth"]) + [guest] * int(params["guest_depth"])
    if params["complete_secure"] and round == 1:
        owners = guest
    elif params["strategy"] == "mix":
        turn = (round - 1) // int(params["trees_per_party"]) % len(owners)
        owners = owners[turn : turn + 1]
    return [owners] * int(params["max_depth"])


def check_turns(context: Context, features: int) -> None:
    """InvalidInputError where a guest without features would have to split nodes by itself."""
    params = context.params
    if features or (params["strategy"] == "std" and not params["complete_secure"]):
        return
    asked = "complete_secure: true" if params["complete_secure"] else f"strategy: {params['strategy']}"
    raise InvalidInputError(
        f"the training table of party {context.me.party} (guest) has no features, but `{asked}` lets the guest's features "
        "split nodes alone: give it features, or change that parameter"
    )
