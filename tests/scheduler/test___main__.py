"""`python -m scheduler` that cannot start says why in a sentence."""

import os
import subprocess
import sys


def run(repository, **environment):
    """Its exit status and what it said."""
    done = subprocess.run(
        [sys.executable, "-m", "scheduler"], cwd=repository, env={**os.environ, **environment},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return done.returncode, done.stderr


def test_a_database_without_the_schema_is_refused(repository, tmp_path):
    status, said = run(repository, FEDROTA_STATE_DIR=str(tmp_path), FEDROTA_BROKER_URL="redis://127.0.0.1:1")
    assert status == 1
    assert said.startswith("the database is at schema none, this release needs")


def test_a_broker_is_needed(repository, tmp_path):
    migrated = {**os.environ, "FEDROTA_STATE_DIR": str(tmp_path)}
    subprocess.run(
        [sys.executable, "-m", "scheduler.store.migrate"], cwd=repository, env=migrated, check=True, timeout=60
    )
    status, said = run(repository, FEDROTA_STATE_DIR=str(tmp_path), FEDROTA_BROKER_URL="")
    assert (status, said.count("\n")) == (1, 1)
    assert said.startswith("FEDROTA_BROKER_URL is empty")


def test_wrong_settings_are_all_told(repository):
    status, said = run(repository, FEDROTA_SWEEP_S="0", FEDROTA_LEASE_S="x")
    assert status == 1
    assert {line.partition(":")[0] for line in said.splitlines()} == {"FEDROTA_SWEEP_S", "FEDROTA_LEASE_S"}
