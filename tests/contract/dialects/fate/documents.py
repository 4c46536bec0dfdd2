"""The documents that every client sends; plain Python of any age, as the clients' own interpreters read it too."""

import json
import os

PARTIES = {"9999": "guest", "10000": "host"}


def example(job, name):
    """One of the examples that come with the system."""
    with open(os.path.join(job["examples"], name)) as file:
        return json.load(file)


def table(mine, party):
    return {"name": f"{mine}_{party}", "namespace": "exp"}


def upload(job, mine, party):
    """A party's table, from the file that lies here."""
    made = example(job, f"upload_{PARTIES[party]}.json")
    made.update(file=job["tables"][party], namespace="exp", table_name=table(mine, party)["name"], work_mode=0)
    return made


def train(job, mine):
    """A training in the form of version 2: conf and DSL."""
    conf = example(job, "homo_lr_conf.json")
    conf["component_parameters"]["common"]["homo_lr_0"]["max_iter"] = 3
    for party, role in PARTIES.items():
        conf["component_parameters"]["role"][role]["0"]["reader_0"]["table"] = table(mine, party)
    return conf, example(job, "homo_lr_dsl.json")


def train_long(job, mine):
    """A training that lasts until it is stopped, however busy the machine is."""
    conf, dsl = train(job, mine)
    conf["component_parameters"]["common"]["homo_lr_0"].update(max_iter=1000, tol=1e-12)
    return conf, dsl


def train_v1(job, mine):
    """The same training in the form of version 1."""
    conf = example(job, "homo_lr_v1_conf.json")
    for party, role in PARTIES.items():
        conf["role_parameters"][role]["args"]["data"]["train_data"] = [table(mine, party)]
    return conf, example(job, "homo_lr_v1_dsl.json")


def toy(job, rows=1000):
    """The job that only adds; more rows make it last longer."""
    conf = example(job, "toy_conf.json")
    conf["component_parameters"]["common"]["secure_add_example_0"]["data_num"] = rows
    return conf, example(job, "toy_dsl.json")


def predict_conf(template, mine):
    """The predict conf template with its tables filled in."""
    for party, role in PARTIES.items():
        for readers in template["component_parameters"]["role"][role].values():
            for parameters in readers.values():
                if "table" in parameters:
                    parameters["table"] = table(mine, party)
    return template
