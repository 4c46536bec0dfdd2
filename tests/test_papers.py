"""What a newcomer reads and runs first: links lead somewhere, commands exist, the lock is whole."""

import importlib.util
import re
import shlex
import subprocess
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")
MODULE = re.compile(r"python(?:3)? -m ([\w.]+)")


def pages(root):
    return [*root.glob("*.md"), *root.glob("docs/**/*.md"), *root.glob("deploy/*.md")]


def test_every_link_between_pages_leads_somewhere(repository):
    broken = [
        f"{page.relative_to(repository)}: {target}"
        for page in pages(repository)
        for target in LINK.findall(page.read_text())
        if "://" not in target and not (page.parent / target).exists()
    ]
    assert broken == []


def test_every_module_that_a_page_or_file_starts_exists(repository):
    files = [*pages(repository), *repository.glob("deploy/*"), repository / "Procfile", repository / "Makefile"]
    named = {module for file in files for module in MODULE.findall(file.read_text())}
    assert named >= {"api", "scheduler", "workers", "scheduler.store.migrate", "scheduler.service.bootstrap"}
    assert [module for module in sorted(named) if importlib.util.find_spec(module) is None] == []


def test_the_readme_is_one_screen_and_names_both_commands(repository):
    text = (repository / "README.md").read_text()
    assert len(text.splitlines()) <= 70
    assert "make demo" in text
    assert "make test" in text


def test_the_readmes_job_is_a_job_document(repository):
    (document,) = re.findall(r"```yaml\n(.*?)```", (repository / "README.md").read_text(), re.DOTALL)
    job = yaml.safe_load(document)
    names = [step["name"] for step in job["steps"]]
    for step in job["steps"]:
        assert {source.partition(".")[0] for source in step.get("inputs", {}).values()} <= set(names)


def test_the_readmes_job_finds_its_table_at_each_party(repository):
    text = (repository / "README.md").read_text()
    job = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)[0])
    (parties, pattern) = re.findall(r"for party in ([\d ]+); do fedrota upload \$party (\S+);", text)[0]
    assert parties.split() == [party for ids in job["parties"].values() for party in ids]
    tables = {step["params"]["table"] for step in job["steps"] if step["component"] == "reader"}
    assert {pattern.rpartition("/")[2]} == {f"{table}.csv" for table in tables}
    assert all((repository / pattern.replace("$party", party)).is_file() for party in parties.split())


def test_the_index_leads_to_every_page(repository):
    index = repository / "docs/README.md"
    linked = {(index.parent / target).resolve() for target in LINK.findall(index.read_text()) if "://" not in target}
    wanted = {*repository.glob("docs/*.md"), *repository.glob("docs/guides/*.md")} - {index}
    assert sorted(page.name for page in wanted - linked) == []


def test_the_lock_pins_every_requirement_and_names_no_address(repository):
    text = (repository / "constraints.txt").read_text()
    assert "://" not in text
    assert " @ " not in text
    pins = {canonicalize_name(line.partition("==")[0]): line.partition("==")[2] for line in text.splitlines()}
    project = tomllib.loads((repository / "pyproject.toml").read_text())["project"]
    wanted = [
        *project["dependencies"],
        *(each for extra in project["optional-dependencies"].values() for each in extra),
    ]
    for requirement in map(Requirement, wanted):
        pinned = pins.get(canonicalize_name(requirement.name))
        assert pinned is not None, f"{requirement.name} is not pinned: run pip freeze"
        assert requirement.specifier.contains(pinned), f"{requirement} is not satisfied by {pinned}"


def test_the_procfile_has_the_four_processes(repository):
    lines = (repository / "Procfile").read_text().splitlines()
    commands = dict(line.split(": ", 1) for line in lines if not line.startswith("#"))
    assert list(commands) == ["web", "scheduler", "worker", "flower"]
    assert all(shlex.split(command) for command in commands.values())
    assert "--read_only=true" in commands["flower"]


def test_ci_runs_what_a_developer_runs(repository):
    assert "make test" in (repository / ".ci/run").read_text()
    assert (repository / ".ci/run").stat().st_mode & 0o111


@pytest.mark.parametrize("target", ["setup", "demo", "lint", "test", "bench", "docs"])
def test_the_makefile_knows_the_target(repository, target):
    done = subprocess.run(["make", "-n", target], cwd=repository, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_compose_file_starts_commands_of_ours(repository):
    services = yaml.safe_load((repository / "deploy/compose.yaml").read_text())["services"]
    assert services["gateway"]["command"] == ["python", "-m", "api"]
    assert services["scheduler"]["command"] == ["python", "-m", "scheduler"]
    assert services["worker-9999"]["command"] == ["python", "-m", "workers"]
    assert "FEDROTA_DATABASE_URL" not in services["worker-9999"]["environment"]


def test_postgres_counts_as_healthy_only_once_it_listens_for_the_others(repository):
    services = yaml.safe_load((repository / "deploy/compose.yaml").read_text())["services"]
    probe = services["postgres"]["healthcheck"]["test"]
    assert probe[probe.index("-h") + 1] == "127.0.0.1"  # on the socket, the first start's passing server answers too


@pytest.mark.parametrize("unit", ["fedrota-centre.service", "fedrota-worker.service"])
def test_a_unit_keeps_its_state_from_the_other_users_of_the_host(repository, unit):
    assert "StateDirectoryMode=0700" in (repository / "deploy" / unit).read_text().splitlines()  # systemd's own is 0755


def test_the_licence_is_apache_2(repository):
    text = (repository / "LICENSE").read_text()
    assert "Apache License" in text
    assert "END OF TERMS AND CONDITIONS" in text
