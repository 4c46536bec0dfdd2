"""Hot path: where a claimed task's inputs come from, in its own job or in earlier ones."""

from collections.abc import Mapping, Sequence
from typing import Any

from scheduler.domain.messages import InputRef
from scheduler.domain.references import Reference, find_reference
from scheduler.domain.values import valueclass
from scheduler.store.sql import make_sql
from scheduler.store.tx import Tx

_WRITERS = (
    "SELECT {key}, source.name, output.name, task.party_id, task.role, task.position, task.id, task.seq FROM {of} "
    "JOIN task ON task.step_id = source.id AND task.attempt = source.attempt AND task.state = 'success' "
    "JOIN output ON output.task_id = task.id AND output.seq = task.seq "
)
_OWN = make_sql(
    _WRITERS.format(key="dep.step_id", of="dep JOIN step AS source ON source.id = dep.needs")
    + "WHERE dep.step_id {in:steps} ORDER BY task.member"
)
_EARLIER = make_sql(
    _WRITERS.format(key="source.job_id", of="step AS source")
    + "WHERE source.job_id {in:jobs} ORDER BY source.position, task.member"
)

Writer = tuple[str, str, int, str, int]
"""(party, role, position, task, seq) of an accepted dispatch that wrote an output."""


@valueclass(frozen=True, slots=True)
class Sources:
    """The inputs of steps, and who wrote each output that they name.

    `writers` is keyed by (step that reads or earlier job, step that wrote, output).
    """

    inputs: Mapping[str, Mapping[str, Reference]]
    writers: Mapping[tuple[str, str, str], Sequence[Writer]]

    def resolve(self, step: str, *, party: str, role: str, position: int) -> dict[str, InputRef]:
        """The inputs of one member, by port.

        Not every party of a step writes every output: predictions of a vertical model come out at the guest only.
        An earlier job may have known the party in another place or role; its outputs still lie there.
        """
        found: dict[str, InputRef] = {}
        for port, reference in self.inputs.get(step, {}).items():
            writers = self.writers.get((reference.job or step, reference.step, reference.output), ())
            here = [writer for writer in writers if writer[0] == party]
            exact = [writer for writer in here if writer[1:3] == (role, position)]
            if reference.job:
                exact = exact or [writer for writer in here if writer[1] == role] or here
            if exact:
                found[port] = InputRef(task=exact[0][3], seq=exact[0][4], output=reference.output)
        return found


def load_sources(tx: Tx, inputs: Mapping[str, Mapping[str, str]]) -> Sources:
    """Sources for the inputs (port -> reference's text) of each step."""
    parsed: dict[str, dict[str, Reference]] = {}
    for step, ports in inputs.items():
        references = ((port, find_reference(text)) for port, text in ports.items())
        parsed[step] = {port: reference for port, reference in references if reference is not None}
    named = [reference for ports in parsed.values() for reference in ports.values()]
    rows: list[tuple[Any, ...]] = []
    if any(not reference.job for reference in named):
        rows += tx.run(_OWN, steps=list(parsed))
    jobs = {reference.job for reference in named if reference.job}
    if jobs:
        rows += tx.run(_EARLIER, jobs=list(jobs))
    writers: dict[tuple[str, str, str], list[Writer]] = {}
    for key, step, output, party, role, position, task, seq in rows:
        writers.setdefault((key, step, output), []).append((party, role, position, task, seq))
    return Sources(parsed, writers)
