"""What a data party of a vertical model brings: columns and, at the guest, labels."""

from dataclasses import dataclass

from fedrota.component import Context
from workers.components.columns import Vector
from workers.components.glm_family import Family, read_targets
from workers.components.moments import Columns
from workers.components.step_roles import Roles
from workers.components.vertical_data import PartyColumns, read_columns


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """A data party's columns and, at the guest, labels and what gradients need of them."""

    columns: PartyColumns
    labels: Vector | None
    target: Vector | None
    scaled: bool
    """Whether columns are standardised."""

    def make_columns(self) -> Columns:
        """The training columns as whole numbers."""
        return Columns.make(self.columns.train.features, self.target)


def read_party(context: Context, roles: Roles, family: Family) -> Party:
    """What this party brings; a host's own label column is left out with a line in its log."""
    scaled = context.params["scale"]
    columns = read_columns(context, scale=scaled)
    if context.me == roles.guest:
        labels = read_targets(context, columns.train, family)
        return Party(columns=columns, labels=labels, target=family.target(labels), scaled=scaled)
    if columns.train.labels is not None:
        context.log(f"label column {columns.train.label_name!r} of this host is not used: the guest brings the labels")
    return Party(columns=columns, labels=None, target=None, scaled=scaled)
