"""The guest's part in growing trees: it encrypts gradients, chooses splits, and keeps the trees."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from fedrota.component import Context, Member
from workers.components.columns import Vector
from workers.components.forks import Report
from workers.components.gradient_slots import Rounding
from workers.components.paillier import PrivateKey
from workers.components.tree_criterion import Criterion
from workers.components.tree_draft import Pair, TreeDraft
from workers.components.tree_grid import Flags, Grid, Whole, sample_features
from workers.components.tree_host_link import Answer, HostLink
from workers.components.tree_model import Split
from workers.components.tree_search import Found, Search
from workers.components.tree_turns import Turns, list_turns

SEND_ROWS: Final = 4096


@dataclass(frozen=True, slots=True, kw_only=True)
class Gradients:
    """What one tree is grown on: each sample's gradient and hessian; samples that are not active are not counted."""

    gradient: Vector
    hessian: Vector
    active: Flags


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeGuest:
    """Grows one tree after the other; `owners` are all parties with features, this one first."""

    context: Context
    key: PrivateKey
    owners: Sequence[Member]
    links: Mapping[Member, HostLink]
    grid: Grid
    codes: Whole
    validate_codes: Whole

    def grow(self, gradients: Gradients, *, number: int, round: int, report: Report) -> TreeDraft:
        """The next tree; `number` counts trees from 0, `round` rounds from 1."""
        turns = list_turns(self.context, self.owners, round=round)
        search = self._make_search(gradients, number)
        self._send_gradients(search, turns, number, report)
        total = search.rounding.restore(search.rounded[search.active].sum(axis=0))
        draft = TreeDraft.make(
            len(self.codes),
            len(self.validate_codes),
            total=(float(total[0]), float(total[1])),
            count=float(search.active.sum()),
        )
        level = [Pair(parent=-1, nodes=(0,))]
        size = max(1, int(self.context.params["max_split_nodes"]) // 2)
        for owners in turns:
            batches = [level[start : start + size] for start in range(0, len(level), size)]
            level = [
                pair for batch in batches for pair in self._divide(search, draft, search.find(draft, batch, owners))
            ]
        draft.finish(search.criterion, _sum_nodes(draft, gradients))
        return draft

    def _make_search(self, gradients: Gradients, number: int) -> Search:
        params, active = self.context.params, gradients.active
        rounding = Rounding.fit(gradients.gradient[active], gradients.hessian[active])
        chosen = sample_features(len(self.grid.names), params["feature_rate"], [params["seed"], number, 0])
        return Search(
            context=self.context,
            links=self.links,
            criterion=Criterion.read(params),
            grid=self.grid,
            codes=self.codes,
            usable=self.grid.choose_features(chosen),
            rounded=rounding.round(gradients.gradient, gradients.hessian),
            rounding=rounding,
            active=active,
        )

    def _send_gradients(self, search: Search, turns: Turns, number: int, report: Report) -> None:
        links = [link for host, link in self.links.items() if any(host in owners for owners in turns)]
        if not links:
            return
        numbers = links[0].slots.join(search.rounded[search.active])
        blocks = [
            self.key.public.render(self.key.encrypt(numbers[start : start + SEND_ROWS], report=report))
            for start in range(0, len(numbers), SEND_ROWS)
        ]
        for link in links:
            link.begin_tree(blocks, search.active, number=number)

    def _divide(self, search: Search, draft: TreeDraft, found: Found) -> list[Pair]:
        """Split the nodes; the pairs of children."""
        theirs = self._ask_hosts(draft, found)
        pairs = []
        for node, (owner, best) in found.items():
            left, right = len(draft.nodes), len(draft.nodes) + 1
            answer = theirs[node] if node in theirs else self._divide_own(search, draft, node, int(best.candidates[0]))
            split = Split(
                left=left, right=right, owner=owner.address, gain=best.gain, rule=answer.rule, record=answer.record
            )
            pairs.append(draft.split(node, split, answer.left, answer.left_validate))
            draft.add_children(node, best.left[answer.choice], float((search.active & (draft.positions == left)).sum()))
        return pairs

    def _divide_own(self, search: Search, draft: TreeDraft, node: int, candidate: int) -> Answer:
        here = draft.positions == node
        side = self.grid.choose_side(candidate, self.codes[here & search.active])
        return Answer(
            rule=self.grid.describe(candidate, missing_left=side),
            left=self.grid.goes_left(candidate, self.codes[here], missing_left=side),
            left_validate=self.grid.goes_left(candidate, self.validate_codes, missing_left=side),
        )

    def _ask_hosts(self, draft: TreeDraft, found: Found) -> dict[int, Answer]:
        asked: dict[Member, dict[int, list[int]]] = {}
        for node, (owner, best) in found.items():
            if owner in self.links:
                asked.setdefault(owner, {})[node] = best.candidates.tolist()
        for host, wanted in asked.items():
            self.links[host].split(wanted)
        rows = {node: int((draft.positions == node).sum()) for node in found}
        return {
            node: answer
            for host, wanted in asked.items()
            for node, answer in self.links[host].read_splits(wanted, rows).items()
        }


def _sum_nodes(draft: TreeDraft, gradients: Gradients) -> list[tuple[float, float]]:
    active, size = gradients.active, len(draft.nodes)
    kinds = [each[active] for each in (gradients.gradient, gradients.hessian)]
    sums = [np.bincount(draft.positions[active], weights=each, minlength=size).tolist() for each in kinds]
    return list(zip(*sums, strict=True))
