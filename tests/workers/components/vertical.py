"""Vertical sample tables for tests, and the same training done plainly on the pooled columns."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from fedrota.simulate import Simulation
from workers.components.glm_training import plan_batches

TWO = {"guest": ["9999"], "host": ["10000"]}
THREE = {"guest": ["9999"], "host": ["10000", "10001"]}
OWNERS = ("guest.0", "host.0", "host.1")
FAST = {"key_bits": 1024}
"""Keys that are made and used in no time; far too short for anything but tests."""

Inputs = dict[str, dict[str, dict[str, list[Any]]]]


def make_inputs(widths: Sequence[int], *, kind: str = "logistic", rows: int = 40, seed: int = 0) -> Inputs:
    """Input `train` of the guest (with label y) and of each host: columns of very different size."""
    chance = np.random.default_rng(seed)
    plain = chance.normal(size=(rows, sum(widths)))
    score = plain @ np.linspace(-1, 1, sum(widths)) * 0.7 + 0.3
    labels = {
        "logistic": (score + chance.normal(size=rows) > 0).astype(int),
        "linear": score * 3 + 2 + chance.normal(size=rows) * 0.1,
        "poisson": chance.poisson(np.exp(np.minimum(score, 3))),
    }[kind]
    names = [f"患者-{row}" for row in range(rows)]
    inputs: Inputs = {}
    start = 0
    for owner, width in zip(OWNERS, widths, strict=False):
        table: dict[str, list[Any]] = {"id": names}
        if not inputs:
            table["y"] = labels.tolist()
        for place in range(start, start + width):
            table[f"x{place}"] = (plain[:, place] * 10.0 ** (place % 3) + place).tolist()
        inputs[owner] = {"train": table}
        start += width
    return inputs


def pool(inputs: Inputs, port: str = "train", *, like: str = "train") -> tuple[np.ndarray, np.ndarray]:
    """All parties' features, standardised as in input `like`, with a column of ones; and the labels."""

    def read(name: str) -> np.ndarray:
        columns = [ports[name][each] for ports in inputs.values() for each in ports[name] if each[0] == "x"]
        return np.array(columns, dtype=float).T

    basis, features = read(like), read(port)
    deviation = np.where(basis.std(axis=0) > 1e-12 * np.abs(basis.mean(axis=0)), basis.std(axis=0), 1.0)
    scaled = (features - basis.mean(axis=0)) / deviation
    return np.column_stack([scaled, np.ones(len(scaled))]), np.array(inputs["guest.0"][port]["y"], dtype=float)


SLOPES = {
    "logistic": lambda score, labels: 0.25 * score + 0.5 - labels,
    "linear": lambda score, labels: score - labels,
    "poisson": lambda score, labels: np.exp(score) - labels,
}
LOSSES = {
    "logistic": lambda score, labels: np.log(2) + (0.5 - labels) * score + score**2 / 8,
    "linear": lambda score, labels: (score - labels) ** 2 / 2,
    "poisson": lambda score, labels: np.exp(score) - labels * score,
}


def train_plainly(
    features: np.ndarray, labels: np.ndarray, params: Mapping[str, Any], *, kind: str = "logistic"
) -> tuple[np.ndarray, list[float]]:
    """Gradient descent on pooled columns, intercept last: the weights, and each epoch's loss before its steps."""
    rate, alpha, rows = params["learning_rate"], params.get("alpha", 0.01), len(labels)
    weights, losses = np.zeros(features.shape[1]), []
    for epoch in range(params["epochs"]):
        loss = alpha / 2 * (weights[:-1] ** 2).sum()
        for batch in plan_batches(rows, params.get("batch_size", 0), params.get("seed", 0)):
            score = features[batch] @ weights
            loss += LOSSES[kind](score, labels[batch]).sum() / rows
            gradient = features[batch].T @ SLOPES[kind](score, labels[batch]) / len(batch)
            gradient[:-1] += alpha * weights[:-1]
            weights = weights - rate / np.sqrt(1 + params.get("decay", 0) * epoch) * gradient
        losses.append(float(loss))
    return weights, losses


def read_model(run: Simulation, member: str) -> dict[str, Any]:
    return json.loads(run[member].output("model").read_text())


def read_weights(run: Simulation) -> np.ndarray:
    """All parties' coefficients in the owners' order, then the intercept."""
    models = [read_model(run, owner) for owner in OWNERS if owner in list(run)]
    return np.array([each for model in models for each in model["coefficients"]] + [models[0]["intercept"]])


def list_losses(run: Simulation, member: str = "guest.0") -> list[float]:
    return [value for _, value in run[member].metrics["loss"]]


def list_plain_values(inputs: Inputs, weights: np.ndarray, *, kind: str = "logistic") -> dict[str, list[np.ndarray]]:
    """What must not travel in the clear: each owner's raw and scaled columns, scores, gradients, labels."""
    features, labels = pool(inputs)
    place, secrets = 0, {}
    for owner, ports in inputs.items():
        raw = [np.array(column, dtype=float) for name, column in ports["train"].items() if name[0] == "x"]
        mine = features[:, place : place + len(raw)]
        at_start = mine.T @ SLOPES[kind](np.zeros(len(labels)), labels)
        at_end = mine.T @ SLOPES[kind](features @ weights, labels)
        secrets[owner] = [*raw, *mine.T, weights[place : place + len(raw)], at_start, at_end]
        place += len(raw)
    secrets["guest.0"] += [labels, 0.5 - labels]
    return secrets


def assert_hidden(
    run: Simulation, inputs: Inputs, *, kind: str = "logistic", final: Sequence[str] = ("score",)
) -> None:
    """No message holds a plain value of its sender, in any of the forms that numbers take here.

    `final` are messages that are results by design: the hosts' parts of the scores go to the guest.
    """
    secrets = list_plain_values(inputs, read_weights(run), kind=kind)
    names = inputs["guest.0"]["train"]["id"]
    for message in run.messages:
        if not isinstance(message.value, bytes | np.ndarray):
            text = json.dumps(message.value, ensure_ascii=False)
            assert not any(name in text for name in names), message.name
        if message.name in final or message.sender.address not in secrets:
            continue
        raw = message.value if isinstance(message.value, bytes) else np.asarray(message.value).tobytes()
        numbers = (
            {abs(int(each)) for each in np.ravel(message.value)} if isinstance(message.value, np.ndarray) else set()
        )
        for values in secrets[message.sender.address]:
            assert values.tobytes() not in raw, message.name
            # Whole numbers, such as single labels, occur by chance.
            kept = values[(np.abs(values) > 1e-3) & (values != np.rint(values))]
            assert not any(np.float64(value).tobytes() in raw for value in kept), message.name
            for bits in (20, 30, 40, 60, 80, 100):
                assert not numbers & {abs(round(value * 2**bits)) for value in kept.tolist()}, message.name
