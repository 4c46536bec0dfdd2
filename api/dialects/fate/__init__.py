"""FATE-Flow's interface: its clients of every age against one gateway.

How a job comes in: `requests.submission` reads the runtime conf and the DSL, those of version 1 in the form of version 2.
`routes.planning` adds what they build on (a model, an earlier job) and has a `JobRequest`. `vocabulary.draft` makes the
core's draft of it: `vocabulary.roles` says who runs which component, `propagated_params` and `params` with what
parameters, `wiring` whose output each input is, and the modules of `vocabulary.modules` which component does the work. What
the client sent stays with the core's job as a `FateJob`; every read renders it anew (`rows`, `task_rows`, `metrics`).

Routes find things with `job_access`, `component_access`, `model_access` and `table_access`; `routes.serve` lists all routes.

FATE 2.x is `v2`, with the same five parts below it. `v2.vocabulary.conversion` makes a conf and a DSL of a DAG, and
from there on a job is one like any other; most of its routes answer with what those of the first version say.
"""
