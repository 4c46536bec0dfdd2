"""The demo's parts; the whole of it runs in tests/e2e/test_demo.py."""

import yaml

from fedrota.up.demo import list_samples
from fedrota.up.demo_report import JOB
from fedrota.up.options import DEFAULT_PARTIES


def test_every_party_has_the_tables_that_the_job_reads(repository):
    document = yaml.safe_load((repository / JOB).read_text())
    wanted = {step["params"]["table"] for step in document["steps"] if step["component"] == "reader"}
    samples = list(list_samples(repository))
    assert {(party, file.stem) for party, file in samples} == {
        (party.id, table) for party in DEFAULT_PARTIES for table in wanted
    }
    assert all(file.is_file() for _, file in samples)


def test_the_default_parties_are_those_of_the_example_jobs(repository):
    for path in (repository / "examples").glob("*.yaml"):
        parties = yaml.safe_load(path.read_text())["parties"]
        assert {each for ids in parties.values() for each in ids} <= {party.id for party in DEFAULT_PARTIES}, path
