"""The demo model in JAX, with a trainable LoRA adapter beside its frozen weights."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import gguf
import jax
import jax.numpy as jnp
import numpy as np
from jax import Array

LAYERS, HEADS, KEY_HEADS, HEAD_SIZE = 30, 9, 3, 64
NORM_EPSILON, ROPE_BASE = 1e-5, 100_000.0
PROJECTIONS = ("attn_q", "attn_k", "attn_v", "attn_output", "ffn_gate", "ffn_up", "ffn_down")
NORMS = ("attn_norm", "ffn_norm")
RANK, ALPHA = 8, 16.0
"""Rank 8 makes an adapter of 4.9 MB."""

Weights = Mapping[str, Array]
Adapter = dict[str, tuple[Array, Array]]
"""For each projection its matrices A (layers × rank × in) and B (layers × out × rank)."""


def read_weights(path: Path) -> dict[str, Array]:
    """The weights of the GGUF file: one stack of all layers for each name, in float32."""
    found = {tensor.name: tensor for tensor in gguf.GGUFReader(path).tensors}

    def read(name: str) -> np.ndarray[Any, Any]:
        tensor = found[name]
        shape = [int(size) for size in reversed(tensor.shape)]
        return np.asarray(gguf.dequantize(tensor.data, tensor.tensor_type), np.float32).reshape(shape)

    def stack(name: str) -> Array:
        return jnp.stack([jnp.asarray(read(f"blk.{layer}.{name}.weight")) for layer in range(LAYERS)])

    weights = {name: stack(name) for name in PROJECTIONS + NORMS}
    weights["embedding"] = jnp.asarray(read("token_embd.weight"))
    weights["last_norm"] = jnp.asarray(read("output_norm.weight"))
    return weights


def new_adapter(weights: Weights, seed: int) -> Adapter:
    """An adapter that changes nothing yet: A is random, B is zero."""
    adapter = {}
    for name, key in zip(PROJECTIONS, jax.random.split(jax.random.key(seed), len(PROJECTIONS)), strict=True):
        _, out, into = weights[name].shape
        random = jax.random.normal(key, (LAYERS, RANK, into)) / np.sqrt(into)
        adapter[name] = (random, jnp.zeros((LAYERS, out, RANK)))
    return adapter


def product(inputs: Array, matrix: Array, contracted: int = 1) -> Array:
    """The sum over the last dimension of `inputs` and the `contracted` one of `matrix`."""
    dimensions = (((inputs.ndim - 1,), (contracted,)), ((), ()))
    return jax.lax.dot_general(inputs, matrix, dimensions)


def read_adapter(path: Path) -> Adapter:
    """The adapter that `write_adapter` wrote."""
    found = {tensor.name: np.asarray(tensor.data, np.float32) for tensor in gguf.GGUFReader(path).tensors}

    def stack(name: str, part: str) -> Array:
        return jnp.stack([jnp.asarray(found[f"blk.{layer}.{name}.weight.lora_{part}"]) for layer in range(LAYERS)])

    return {name: (stack(name, "a"), stack(name, "b")) for name in PROJECTIONS}


@jax.custom_vjp
def frozen_product(inputs: Array, matrix: Array) -> Array:
    """`inputs @ matrix.T`, without a gradient for the matrix."""
    return product(inputs, matrix)


def _product_forward(inputs: Array, matrix: Array) -> tuple[Array, Array]:
    return product(inputs, matrix), matrix


def _product_backward(matrix: Array, gradient: Array) -> tuple[Array, None]:
    return product(gradient, matrix, 0), None


frozen_product.defvjp(_product_forward, _product_backward)


@jax.custom_vjp
def adapted_product(inputs: Array, down: Array, up: Array) -> Array:
    """`inputs @ down.T @ up.T`, the adapter's part of a projection."""
    return product(product(inputs, down), up)


def _adapted_forward(inputs: Array, down: Array, up: Array) -> tuple[Array, tuple[Array, ...]]:
    inner = product(inputs, down)
    return product(inner, up), (inputs, inner, down, up)


def _adapted_backward(saved: tuple[Array, ...], gradient: Array) -> tuple[Array, Array, Array]:
    inputs, inner, down, up = saved
    at_inner = product(gradient, up, 0)
    flat = [each.reshape(-1, each.shape[-1]).T for each in (at_inner, gradient)]
    for_down = product(flat[0], inputs.reshape(-1, inputs.shape[-1]), 0)
    for_up = product(flat[1], inner.reshape(-1, inner.shape[-1]), 0)
    return product(at_inner, down, 0), for_down, for_up


adapted_product.defvjp(_adapted_forward, _adapted_backward)


def logits(adapter: Adapter, weights: Weights, ids: Array, segments: Array, places: Array) -> Array:
    """The scores of every next token at `places`, which are indexes into the flattened `ids`.

    `ids` and `segments` are rows × tokens. A token sees the earlier ones of its own segment.
    """
    hidden = weights["embedding"][ids]
    visible = jnp.tril(segments[:, :, None] == segments[:, None, :])[:, None]
    layers = {name: weights[name] for name in PROJECTIONS + NORMS}

    def layer(hidden: Array, stacked: Any) -> tuple[Array, None]:
        of_weights, of_adapter = stacked
        return _layer(hidden, of_weights, of_adapter, visible), None

    hidden, _ = jax.lax.scan(layer, hidden, (layers, adapter))
    chosen = hidden.reshape(-1, hidden.shape[-1])[places]
    return frozen_product(_normalize(chosen, weights["last_norm"]), weights["embedding"])


def _layer(hidden: Array, weights: Weights, adapter: Adapter, visible: Array) -> Array:
    def project(inputs: Array, name: str) -> Array:
        return frozen_product(inputs, weights[name]) + adapted_product(inputs, *adapter[name]) * (ALPHA / RANK)

    inputs = _normalize(hidden, weights["attn_norm"])
    query, key, value = (_heads(project(inputs, name)) for name in ("attn_q", "attn_k", "attn_v"))
    mixed = _attend(_rotate(query), _rotate(key), value, visible)
    hidden = hidden + project(mixed, "attn_output")
    inputs = _normalize(hidden, weights["ffn_norm"])
    return hidden + project(jax.nn.silu(project(inputs, "ffn_gate")) * project(inputs, "ffn_up"), "ffn_down")


def _attend(query: Array, key: Array, value: Array, visible: Array) -> Array:
    """Grouped attention: every three heads of the query share one of the keys."""
    key, value = (jnp.repeat(each, HEADS // KEY_HEADS, 1) for each in (key, value))
    scores = jnp.einsum("bhqd,bhkd->bhqk", query, key)
    shares = jax.nn.softmax(jnp.where(visible, scores / np.sqrt(HEAD_SIZE), -1e9), -1)
    mixed = jnp.einsum("bhqk,bhkd->bhqd", shares, value)
    return mixed.swapaxes(1, 2).reshape(mixed.shape[0], mixed.shape[2], -1)


def _heads(projected: Array) -> Array:
    rows, tokens, size = projected.shape
    return projected.reshape(rows, tokens, size // HEAD_SIZE, HEAD_SIZE).swapaxes(1, 2)


def _rotate(heads: Array) -> Array:
    """Rotary positions, with the pairs side by side as in a GGUF file."""
    speeds = ROPE_BASE ** (-np.arange(0, HEAD_SIZE, 2) / HEAD_SIZE)
    angles = np.arange(heads.shape[2])[:, None] * speeds
    cosine, sine = jnp.asarray(np.cos(angles), jnp.float32), jnp.asarray(np.sin(angles), jnp.float32)
    even, odd = heads[..., 0::2], heads[..., 1::2]
    return jnp.stack([even * cosine - odd * sine, even * sine + odd * cosine], -1).reshape(heads.shape)


def _normalize(hidden: Array, weight: Array) -> Array:
    return hidden * jax.lax.rsqrt((hidden * hidden).mean(-1, keepdims=True) + NORM_EPSILON) * weight


def write_adapter(adapter: Adapter, path: Path, name: str) -> None:
    """Writes the adapter as llama.cpp reads it: GGUF, in float16."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_string("general.type", "adapter")
    writer.add_string("general.name", name)
    writer.add_string("general.license", "apache-2.0")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", ALPHA)
    for projection, matrices in adapter.items():
        for part, stacked in zip("ab", matrices, strict=True):
            for layer, matrix in enumerate(np.asarray(stacked, np.float16)):
                writer.add_tensor(f"blk.{layer}.{projection}.weight.lora_{part}", matrix)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
