"""What is known of a model."""

from dataclasses import dataclass, fields, replace
from typing import Self


@dataclass(frozen=True, slots=True)
class ModelProfile:
    """The facts about a model; None where they are not known.

    `context_tokens` is the most that it reads and `answer_tokens` the longest answer, in tokens; prices are US dollars
    a token. `reads_images` and `reads_documents`: whether it takes such files as they are; text it always reads.
    An image costs about `tokens_per_patch` tokens for each square of `patch_pixels` pixels on a side (28 and 1.0 are
    Qwen's and Anthropic's figures, which also serve as the default).
    """

    id: str
    context_tokens: int | None = None
    answer_tokens: int | None = None
    input_price: float | None = None
    output_price: float | None = None
    reads_images: bool | None = None
    reads_documents: bool | None = None
    takes_temperature: bool | None = None
    takes_effort: bool | None = None
    patch_pixels: int = 28
    tokens_per_patch: float = 1.0

    def updated_by(self, other: Self) -> Self:
        """This profile with every fact that `other` knows, but for the image patches."""
        names = (each.name for each in fields(self) if not each.name.endswith(("_patch", "_pixels")))
        return replace(self, **{name: value for name in names if (value := getattr(other, name)) is not None})
