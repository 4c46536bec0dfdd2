"""The page about monitoring names what there is, and nothing else."""

import re

import yaml

from api.monitor.page import fill, list_families
from tests.api.monitor.test_routes import samples


def read_rules(page):
    (rules,) = [block for block in re.findall(r"```yaml\n(.*?)```", page, re.DOTALL) if block.startswith("groups:")]
    return [rule for group in yaml.safe_load(rules)["groups"] for rule in group["rules"]]


def test_the_page_in_docs_is_current(repository):
    page = (repository / "docs/monitoring.md").read_text()
    assert page == fill(page), "run `make docs`"


async def test_every_metric_of_a_gateway_is_in_the_table(gateway, repository):
    page = (repository / "docs/monitoring.md").read_text()
    await gateway.submit()
    shown = {name for name, *_ in samples((await gateway.get("/metrics")).raw)}
    listed = {sample.name for family in list_families() for sample in family.samples}
    assert shown <= listed
    assert all(f"`{family.name}`" in page or f"`{family.name}_total`" in page for family in list_families())


def test_the_alerts_name_metrics_and_labels_that_exist(repository):
    labels = {sample.name: {*sample.labels} for family in list_families() for sample in family.samples}
    rules = read_rules((repository / "docs/monitoring.md").read_text())
    assert len(rules) == 5
    for rule in rules:
        named = set(re.findall(r"fedrota_\w+", rule["expr"]))
        assert named <= labels.keys()
        used = {*re.findall(r"by \((\w+)\)", rule["expr"]), *re.findall(r'(\w+)=~?"', rule["expr"])}
        assert used <= {label for name in named for label in labels[name]} | {"job"}
        assert {"alert", "expr", "for", "annotations"} == rule.keys()
