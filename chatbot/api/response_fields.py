"""The fields that responses share, each with the example that /docs shows."""

from typing import Annotated, Any

from pydantic import BaseModel, Field, model_validator

from chatbot.types import PROVIDER_NAMES, ProviderName, Usage


def _describe_names(schema: dict[str, Any]) -> None:
    schema.clear()
    schema.update({"type": "string", "enum": [*PROVIDER_NAMES]})


Provider = Annotated[ProviderName, Field(json_schema_extra=_describe_names)]
"""A provider's name; the description lists registered ones too."""


# The values of examples: /docs shows whole responses made of them.
Id = Annotated[str, Field(examples=["9f0c5e1d2b7a4f6c8e3d1a0b5c4f7e62"])]
Token = Annotated[str, Field(examples=["c07b1e5a9d3f4862b1c0e8f7a6d5c4b3.Nn1Wq0…"])]
Title = Annotated[str, Field(examples=["Tell me a joke."])]
Time = Annotated[str, Field(examples=["2026-11-25T12:00:00.000+00:00"])]
ProviderLabel = Annotated[str, Field(examples=["openai"])]
ModelId = Annotated[str, Field(examples=["gpt-6-luna"])]
Content = Annotated[str, Field(examples=["What is brown and sticky? A stick."])]
Tokens = Annotated[int, Field(examples=[21])]
Milliseconds = Annotated[int, Field(examples=[420])]
Code = Annotated[str, Field(examples=["provider_rate_limited"])]
Sentence = Annotated[
    str, Field(examples=["OpenAI is receiving too many requests for this account. Wait a moment, then try again."])
]
EXAMPLE_HASH = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
Seconds = Annotated[float, Field(examples=[30])]


class UsageOut(BaseModel):
    """Tokens read and written, as the provider counted them; null if it did not."""

    input_tokens: Tokens | None
    output_tokens: Tokens | None

    @model_validator(mode="before")
    @classmethod
    def _drop_estimates(cls, value: Any) -> Any:
        return Usage() if isinstance(value, Usage) and value.estimated else value


class TimingOut(BaseModel):
    """Milliseconds since the start of the answer; `first_token_ms` is null if no token came."""

    first_token_ms: Milliseconds | None
    total_ms: Milliseconds
