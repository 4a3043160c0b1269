"""The faults of real services by name, and the scenario that a model's name selects."""

import math
import re
from dataclasses import replace

from tests.fake_upstream.scenarios import Scenario

_WRONG_KEY = Scenario(
    status=401,
    code="invalid_api_key",
    message="Incorrect API key provided: {key}. "
    "You can find your API key at https://platform.openai.com/account/api-keys.",
    anthropic_error=(401, "invalid x-api-key"),
)
_NO_PERMISSION = Scenario(
    status=403,
    code="model_not_found",
    message="Project `proj_test` does not have access to model `{model}`",
    anthropic_error=(403, "Your API key does not have permission to use the specified resource."),
)
_UNKNOWN_MODEL = Scenario(
    status=404,
    code="model_not_found",
    message="The model `{model}` does not exist or you do not have access to it.",
    anthropic_error=(404, "model: {model}"),
)
_QUOTA = Scenario(
    status=429,
    type="insufficient_quota",
    code="insufficient_quota",
    message="You exceeded your current quota, please check your plan and billing details. "
    "For more information on this error, read the docs: "
    "https://platform.openai.com/docs/guides/error-codes/api-errors.",
    anthropic_error=(
        400,
        "Your credit balance is too low to access the Anthropic API. "
        "Please go to Plans & Billing to upgrade or purchase credits.",
    ),
)
_HF_CREDIT = Scenario(
    status=402,
    body={"error": "You have exceeded your monthly included credits for Inference Providers."},
)
_RATE_LIMIT = Scenario(
    status=429,
    type="requests",
    code="rate_limit_exceeded",
    message="Rate limit reached for {model} in organization org-test on requests per min (RPM): "
    "Limit 3, Used 3, Requested 1. Please try again in 1s. "
    "Visit https://platform.openai.com/account/rate-limits to learn more.",
    anthropic_error=(
        429,
        "This request would exceed your organization's rate limit of 50 requests per minute.",
    ),
    retry_after=1,
)
_CONTEXT_OVERFLOW = Scenario(
    status=400,
    code="context_length_exceeded",
    param="messages",
    message="This model's maximum context length is 128000 tokens. However, your messages resulted in "
    "130211 tokens. Please reduce the length of the messages.",
    anthropic_error=(400, "prompt is too long: 203456 tokens > 200000 maximum"),
)
_LLAMA_CONTEXT = Scenario(
    status=400,
    body={
        "error": {
            "code": 400,
            "message": "the request exceeds the available context size, try increasing it",
            "type": "exceed_context_size_error",
            "n_prompt_tokens": 4096,
            "n_ctx": 2048,
        }
    },
)
_OVERLOADED = Scenario(
    status=503,
    type="service_unavailable_error",
    code="server_is_overloaded",
    message="Our servers are currently overloaded. Please try again later.",
    anthropic_error=(529, "Overloaded"),
)
_SERVER_ERROR = Scenario(
    status=500,
    message="The server had an error while processing your request. Sorry about that!",
    anthropic_error=(500, "Internal server error"),
)

FAULTS: dict[str, Scenario] = {
    # The service refuses the request.
    "wrong_key": _WRONG_KEY,
    "echo_key": Scenario(echo_key=True),
    "no_permission": _NO_PERMISSION,
    "unknown_model": _UNKNOWN_MODEL,
    "quota": _QUOTA,
    "hf_credit": _HF_CREDIT,
    "rate_limit": _RATE_LIMIT,
    "rate_limit_3600": replace(_RATE_LIMIT, retry_after=3600),
    "context_overflow": _CONTEXT_OVERFLOW,
    "llama_context": _LLAMA_CONTEXT,
    "refused_temperature": Scenario(refuse_parameters=("temperature",)),
    "refused_stream_options": Scenario(refuse_parameters=("stream_options",)),
    # The service fails.
    "overloaded": _OVERLOADED,
    "server_error": _SERVER_ERROR,
    "overloaded_middle": replace(_OVERLOADED, tokens=12, error_after=5),
    "server_error_middle": replace(_SERVER_ERROR, tokens=12, error_after=5),
    # Something other than the service answers.
    "html_503": Scenario(status=503, html=True),
    "html_page": Scenario(html=True),
    "redirect": Scenario(redirect_to="http://localhost:{port}/moved"),
    "empty": Scenario(empty=True),
    # The stream breaks.
    "no_headers": Scenario(headers_after=math.inf),
    "silence_first": Scenario(silence_after=0),
    "silence_middle": Scenario(tokens=12, silence_after=5),
    "cut": Scenario(tokens=12, cut_after=5),
    "reset": Scenario(tokens=12, cut_after=5, reset=True),
    "no_finish": Scenario(tokens=12, end_without_finish=True),
    "bad_json": Scenario(tokens=12, bad_json_after=5),
    "bad_utf8": Scenario(tokens=12, bad_utf8_after=5),
    # The answer is empty or incomplete.
    "empty_answer": Scenario(tokens=()),
    "length": Scenario(tokens=12, finish_reason="length"),
    "reasoning_only_length": Scenario(reasoning=12, tokens=(), finish_reason="length"),
    "refusal": Scenario(tokens=("I", " can"), finish_reason="content_filter"),
}
"""Every common fault by name. The model `fault:<name>` selects it."""

_PACE = re.compile(r"pace:(\d+(?:\.\d+)?)(?:x(\d+))?")


def scenario_of_model(model: str) -> Scenario | None:
    """Returns the scenario of `fault:<name>`, `pace:50` (tokens a second) or `pace:50x500` (500 tokens)."""
    if model.startswith("fault:"):
        return FAULTS.get(model.removeprefix("fault:"), _UNKNOWN_MODEL)
    if pace := _PACE.fullmatch(model):
        rate, count = pace.groups()
        return Scenario(tokens_per_second=float(rate), tokens=int(count) if count else None)
    return None
