"""The demo's parts; the whole of it runs in tests/e2e/test_demo.py."""

import yaml

from fedrota.up.demo import DATA, list_samples
from fedrota.up.demo_report import JOB
from fedrota.up.options import DEFAULT_PARTIES


def test_every_party_has_the_tables_that_the_job_reads(repository):
    document = yaml.safe_load((repository / JOB).read_text())
    wanted = {step["params"]["table"] for step in document["steps"] if step["component"] == "reader"}
    found = {(party, file.stem) for party, file in list_samples(repository / DATA)}
    assert found == {(party.id, table) for party in DEFAULT_PARTIES for table in wanted}


def test_the_default_parties_are_those_of_the_example_jobs(repository):
    for path in (repository / "examples").glob("*.yaml"):
        parties = yaml.safe_load(path.read_text())["parties"]
        assert {each for ids in parties.values() for each in ids} <= {party.id for party in DEFAULT_PARTIES}, path
