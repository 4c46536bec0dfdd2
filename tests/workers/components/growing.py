"""A guest and a host that grow trees outside of any training: a link's two ends, in one process."""

from collections.abc import Callable

import numpy as np

from fedrota.component import Context, component
from fedrota.simulate import Simulation, simulate
from workers.components.boosting_params import HETERO_PARAMS
from workers.components.gradient_slots import Slots
from workers.components.paillier import PrivateKey, make_key
from workers.components.tree_grid import Grid
from workers.components.tree_guest import TreeGuest
from workers.components.tree_host import TreeHost
from workers.components.tree_host_link import HostLink

KEY = make_key(1024)
FEATURES = np.random.default_rng(8).normal(size=(30, 4))
"""The guest's column and the host's three."""
OUTSIDE = np.random.default_rng(9).normal(size=(6, 4))


def grow_together(play: Callable[[TreeGuest, HostLink], None], **params: object) -> tuple[Simulation, TreeHost]:
    """Run `play` at a guest with a link to a host that serves; the host as it is in the end."""
    hosts: list[TreeHost] = []

    @component("growing", params=HETERO_PARAMS, roles=("guest", "host"), exchange=True)
    def body(context: Context) -> None:
        """Grow."""
        mine = slice(0, 1) if context.me.role == "guest" else slice(1, 4)
        names = ["x0", "x1", "x2", "x3"][mine]
        grid = Grid.measure(names, FEATURES[:, mine], bins=8)
        codes, outside = grid.place(FEATURES[:, mine]), grid.place(OUTSIDE[:, mine])
        if context.me.role == "host":
            (guest,) = context.peers("guest")
            hosts.append(
                TreeHost(context=context, guest=guest, key=KEY.public, grid=grid, codes=codes, validate_codes=outside)
            )
            hosts[0].serve()
            return
        (host,) = context.peers("host")
        link = make_link(context, host, KEY)
        guest = TreeGuest(
            context=context,
            key=KEY,
            owners=[context.me, host],
            links={host: link},
            grid=grid,
            codes=codes,
            validate_codes=outside,
        )
        play(guest, link)
        link.order("end", rounds=1, stopped_by="trees")

    run = simulate(body, {"guest": ["9999"], "host": ["10000"]}, params={"key_bits": 1024, **params})
    return run, hosts[0]


def make_link(context: Context, host: object, key: PrivateKey) -> HostLink:
    return HostLink(
        context=context, host=host, key=key, slots=Slots(rows=30, key_bits=1024), validate_rows=len(OUTSIDE)
    )
