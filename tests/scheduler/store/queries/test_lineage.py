"""Which steps read a table or an output, on both databases."""

from dataclasses import replace

import pytest

from scheduler.domain.messages import ComponentOffer, OutputRef
from scheduler.store.queries.lineage import Use, list_output_uses, list_table_uses
from tests.scheduler.centre import step

ANY = {"type": "object", "properties": {}, "additionalProperties": True}
READER = ComponentOffer(name="noop", params=ANY, inputs={"data": "table"}, outputs={"data": "table"})


@pytest.fixture
def reading(centre):
    for party in "ab":
        centre.greet(party, components=[READER])
    return centre


def test_the_latest_job_that_reads_a_table_comes_first(reading):
    first = reading.submit(step("r", params={"table": "t_1", "namespace": "n"}))
    reading.wait(60)
    second = reading.submit(step("r", overrides={"host": {"table": "t_1", "namespace": "n"}}))
    reading.submit(step("r", params={"table": "tx1", "namespace": "n"}))
    reading.submit(step("r", params={"other": "t_1"}))
    found = reading.read(lambda tx: list_table_uses(tx, "b", "n", "t_1"))
    assert found == [Use(second, "r", "host", "b"), Use(first, "r", "host", "b")]
    assert reading.read(lambda tx: list_table_uses(tx, "a", "n", "t_1")) == [Use(first, "r", "guest", "a")]
    assert reading.read(lambda tx: list_table_uses(tx, "b", "default", "t_1")) == []


def test_outputs_are_read_in_their_own_job_and_in_later_ones(reading):
    steps = (step("s"), step("t", inputs={"data": "s.data"}))
    job = reading.submit(*steps)
    other = reading.submit(*steps)
    reading.run(lambda _task: {"outputs": (OutputRef(name="data", kind="table", size=1, sha256="x"),)})
    reading.wait(60)
    later = reading.submit(step("u", inputs={"data": f"{job}:s.data"}))
    assert reading.read(lambda tx: list_output_uses(tx, job, "s", "data")) == [(later, "u"), (job, "t")]
    assert reading.read(lambda tx: list_output_uses(tx, other, "s", "data")) == [(other, "t")]
    assert reading.read(lambda tx: list_output_uses(tx, job, "t", "data")) == []


@pytest.mark.parametrize("output", ["data", "größe", 'a"b'])
def test_names_of_outputs_are_compared_as_they_are_written(reading, output):
    reading.greet("a", components=[replace(READER, outputs={output: "table", output.upper(): "table"})])
    steps = [step("s"), step("t", inputs={"data": f"s.{output}"}), step("u", inputs={"data": f"s.{output.upper()}"})]
    job = reading.submit(*steps)
    assert reading.read(lambda tx: list_output_uses(tx, job, "s", output)) == [(job, "t")]
    assert reading.read(lambda tx: list_output_uses(tx, job, "S", output)) == []
