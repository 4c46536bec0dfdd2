"""The documents that every client sends; plain Python of any age, as the clients' own interpreters read it too."""


def upload(job, mine, party):
    """A party's table."""
    return {
        "file": job["tables"][party], "head": 1, "partition": 4, "work_mode": 0, "id_delimiter": ",",
        "namespace": "exp", "table_name": "%s_%s" % (mine, party), "party_id": party,
    }  # fmt: skip


PARTIES = {"guest": [9999], "host": [10000], "arbiter": [10000]}
INITIATOR = {"role": "guest", "party_id": 9999}
LR = {"penalty": "L2", "optimizer": "sgd", "batch_size": -1, "learning_rate": 0.15, "max_iter": 3, "early_stop": "diff"}


def table(mine, party):
    return {"name": "%s_%s" % (mine, party), "namespace": "exp"}


def train(mine):
    """A training in the form of version 2."""
    conf = {
        "dsl_version": 2,
        "initiator": dict(INITIATOR),
        "role": dict(PARTIES),
        "job_parameters": {"common": {"job_type": "train"}},
        "component_parameters": {
            "common": {
                "data_transform_0": {"with_label": True, "output_format": "dense"},
                "homo_lr_0": dict(LR),
                "evaluation_0": {"eval_type": "binary"},
            },
            "role": {
                "guest": {"0": {"reader_0": {"table": table(mine, 9999)}}},
                "host": {"0": {"reader_0": {"table": table(mine, 10000)}, "evaluation_0": {"need_run": False}}},
            },
        },
    }
    dsl = {
        "components": {
            "reader_0": {"module": "Reader", "output": {"data": ["data"]}},
            "data_transform_0": {
                "module": "DataTransform",
                "input": {"data": {"data": ["reader_0.data"]}},
                "output": {"data": ["data"], "model": ["model"]},
            },
            "homo_lr_0": {
                "module": "HomoLR",
                "input": {"data": {"train_data": ["data_transform_0.data"]}},
                "output": {"data": ["data"], "model": ["model"]},
            },
            "evaluation_0": {
                "module": "Evaluation",
                "input": {"data": {"data": ["homo_lr_0.data"]}},
                "output": {"data": ["data"]},
            },
        }
    }
    return conf, dsl


def train_v1(mine):
    """The same training in the form of version 1."""
    conf = {
        "initiator": dict(INITIATOR),
        "role": dict(PARTIES),
        "job_parameters": {"work_mode": 0, "job_type": "train"},
        "role_parameters": {
            "guest": {
                "args": {"data": {"train_data": [table(mine, 9999)]}},
                "data_transform_0": {"with_label": [True], "output_format": ["dense"]},
            },
            "host": {
                "args": {"data": {"train_data": [table(mine, 10000)]}},
                "data_transform_0": {"with_label": [True], "output_format": ["dense"]},
                "evaluation_0": {"need_run": [False]},
            },
        },
        "algorithm_parameters": {"homo_lr_0": dict(LR), "evaluation_0": {"eval_type": "binary"}},
    }
    dsl = train(mine)[1]
    components = dict(dsl["components"])
    del components["reader_0"]
    components["data_transform_0"] = {
        "module": "DataIO",
        "input": {"data": {"data": ["args.train_data"]}},
        "output": {"data": ["train"], "model": ["model"]},
    }
    components["homo_lr_0"] = dict(components["homo_lr_0"], input={"data": {"train_data": ["data_transform_0.train"]}})
    return conf, {"components": components}


def toy(seconds=0):
    """The job that only adds; `seconds` is not FATE's: it is how much data makes it last."""
    common = {"partition": 4, "data_num": 1000 if not seconds else 1000000}
    conf = {
        "dsl_version": 2,
        "initiator": dict(INITIATOR),
        "role": {"guest": [9999], "host": [10000]},
        "job_parameters": {"common": {}},
        "component_parameters": {
            "common": {"secure_add_example_0": common},
            "role": {
                "guest": {"0": {"secure_add_example_0": {"seed": 123}}},
                "host": {"0": {"secure_add_example_0": {"seed": 321}}},
            },
        },
    }
    return conf, {"components": {"secure_add_example_0": {"module": "SecureAddExample"}}}


def predict_conf(template, mine):
    """The predict conf template with its tables filled in."""
    for role, party in (("guest", 9999), ("host", 10000)):
        for readers in template["component_parameters"]["role"][role].values():
            for parameters in readers.values():
                if "table" in parameters:
                    parameters["table"] = table(mine, party)
    return template
