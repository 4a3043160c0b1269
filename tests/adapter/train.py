"""Trains the adapter: `python -m tests.adapter.train OUTPUT.gguf`. See requirements.txt here.

A step takes 18 s of processor time without AVX-512, and 5 s with it.
"""

import os

os.environ.setdefault("XLA_FLAGS", "--xla_cpu_experimental_onednn_custom_call=true")

import argparse
import time
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import Array

from tests.adapter import llama
from tests.adapter.encoding import ROW_TOKENS, Row, encode_rows

ROWS, LEARNT_TOKENS = 4, 512
"""Rows of a step, and the most tokens of it that are learnt."""
RATE, WARM_UP_STEPS, SAVE_STEPS = 1.2e-3, 10, 10

Batch = tuple[Array, Array, Array, Array, Array]
"""Ids, segments, places, the tokens that follow them, and whether each counts."""


def _batch(rows: list[Row]) -> Batch:
    ids, segments = (np.zeros((ROWS, ROW_TOKENS), np.int32) for _ in range(2))
    learnt = []
    for number, row in enumerate(rows):
        ids[number, : len(row.ids)], segments[number, : len(row.ids)] = row.ids, row.segments
        learnt += [(number * ROW_TOKENS + place - 1, row.ids[place]) for place in row.learnt]
    padded = np.zeros((LEARNT_TOKENS, 2), np.int32)
    padded[: len(learnt)] = learnt[:LEARNT_TOKENS]
    counted = np.arange(LEARNT_TOKENS) < len(learnt)
    places, following = jnp.asarray(padded[:, 0]), jnp.asarray(padded[:, 1])
    return jnp.asarray(ids), jnp.asarray(segments), places, following, jnp.asarray(counted)


def train(weights: llama.Weights, rows: list[Row], steps: int, adapter: llama.Adapter, output: Path) -> None:
    """Trains the adapter for `steps` and writes it to `output`; every SAVE_STEPS also beside it."""
    rate = optax.warmup_cosine_decay_schedule(0, RATE, min(WARM_UP_STEPS, steps // 8), steps, RATE / 20)
    optimizer = optax.chain(optax.clip_by_global_norm(1.0), optax.adamw(rate, weight_decay=0.01))

    def loss(adapter: llama.Adapter, weights: llama.Weights, batch: Batch) -> Array:
        ids, segments, places, following, counted = batch
        scores = llama.logits(adapter, weights, ids, segments, places)
        losses = optax.softmax_cross_entropy_with_integer_labels(scores, following)
        mean: Array = (losses * counted).sum() / counted.sum()
        return mean

    @jax.jit
    def step(adapter: llama.Adapter, weights: llama.Weights, state: Any, batch: Batch) -> tuple[Any, Any, Array]:
        value, gradient = jax.value_and_grad(loss)(adapter, weights, batch)
        updates, state = optimizer.update(gradient, state, adapter)
        return optax.apply_updates(adapter, updates), state, value

    state, started, recent = optimizer.init(adapter), time.monotonic(), []
    for number in range(1, steps + 1):
        batch = _batch(rows[(number - 1) * ROWS : number * ROWS])
        adapter, state, value = step(adapter, weights, state, batch)
        recent.append(float(value))
        if number % 10 == 0:
            seconds = (time.monotonic() - started) / number
            print(f"step {number}: loss {np.mean(recent[-10:]):.3f}, {seconds:.1f} s a step", flush=True)
        if number % SAVE_STEPS == 0:
            llama.write_adapter(adapter, output.with_stem(f"{output.stem}-{number}"), output.stem)
    llama.write_adapter(adapter, output, output.stem)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--steps", type=int, default=240)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=Path, help="an adapter to go on from (default: one that changes nothing)")
    options = parser.parse_args()
    rows, path = encode_rows(options.seed, options.steps * ROWS)
    weights = llama.read_weights(path)
    start = llama.read_adapter(options.start) if options.start else llama.new_adapter(weights, options.seed)
    train(weights, rows, options.steps, start, options.output)
