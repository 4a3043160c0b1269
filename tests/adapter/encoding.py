"""The dialogues as rows of tokens, in the demo model's chat template."""

import asyncio
import json
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from chatbot.providers.local.llama_server import Endpoint, LlamaServer
from chatbot.providers.local.weights import default_cache, find_weights
from tests.adapter.dialogues import Author, Dialogue

ROW_TOKENS = 256
OPEN_ROWS = 32
"""A dialogue goes into the first of so many rows where it fits: hardly a token stays empty."""
DEFAULT_PROMPT = "You are a helpful AI assistant named SmolLM, trained by Hugging Face"
"""What the chat template puts in place of an empty system prompt."""

Tokenize = Callable[[str], list[int]]


@dataclass(slots=True)
class Row:
    """Some dialogues, one behind another: tokens, the number of the dialogue of each, and which are learnt."""

    ids: list[int] = field(default_factory=list)
    segments: list[int] = field(default_factory=list)
    learnt: list[int] = field(default_factory=list)

    def add(self, ids: list[int], learnt: list[bool]) -> None:
        """Appends a dialogue."""
        start, number = len(self.ids), (self.segments[-1] + 1 if self.segments else 1)
        self.ids += ids
        self.segments += [number] * len(ids)
        self.learnt += [start + place for place, is_learnt in enumerate(learnt) if is_learnt]


def encode_rows(seed: int, count: int) -> tuple[list[Row], Path]:
    """`count` rows of the seed's dialogues, and the file of the model's weights."""
    cache_directory = default_cache(Path("data"))
    server = LlamaServer(None, cache_directory)
    try:
        tokenize = tokenizer(asyncio.run(server.endpoint()))
        return pack(Author(seed), tokenize, count), find_weights(None, cache_directory)
    finally:
        server.close()


def tokenizer(endpoint: Endpoint) -> Tokenize:
    """llama.cpp's own tokenizer."""

    @cache
    def tokenize(text: str) -> list[int]:
        body = json.dumps({"content": text, "parse_special": True}).encode()
        headers = {"Authorization": f"Bearer {endpoint.api_key}", "Content-Type": "application/json"}
        request = urllib.request.Request(f"{endpoint.base_url.removesuffix('/v1')}/tokenize", body, headers)
        with urllib.request.urlopen(request) as reply:
            tokens: list[int] = json.load(reply)["tokens"]
            return tokens

    return tokenize


def pack(author: Author, tokenize: Tokenize, count: int) -> list[Row]:
    """`count` rows of dialogues; one that is longer than a row is left out."""
    full: list[Row] = []
    opened = [Row() for _ in range(OPEN_ROWS)]
    for dialogue in author.write():
        ids, learnt = encode(dialogue, tokenize)
        if len(ids) > ROW_TOKENS:
            continue
        fitting = next((row for row in opened if len(row.ids) + len(ids) <= ROW_TOKENS), None)
        if fitting is None:
            fullest = max(opened, key=lambda row: len(row.ids))
            full.append(fullest)
            opened.remove(fullest)
            fitting = Row()
            opened.append(fitting)
        fitting.add(ids, learnt)
        if len(full) == count:
            return full
    raise AssertionError("the author writes without end")


def encode(dialogue: Dialogue, tokenize: Tokenize) -> tuple[list[int], list[bool]]:
    """The dialogue's tokens, and whether each is learnt: those of the answers and of their ends are."""
    parts = [(f"<|im_start|>system\n{dialogue.system_prompt or DEFAULT_PROMPT}<|im_end|>\n", False)]
    for turn in dialogue.turns:
        parts.append((f"<|im_start|>user\n{turn.said}<|im_end|>\n<|im_start|>assistant\n", False))
        parts += [(f"{turn.answer}<|im_end|>", True), ("\n", False)]
    ids: list[int] = []
    learnt: list[bool] = []
    for text, is_learnt in parts:
        tokens = tokenize(text)
        ids += tokens
        learnt += [is_learnt] * len(tokens)
    return ids, learnt
