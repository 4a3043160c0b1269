"""Tells what a refusal means, by its codes, its words and its status, whichever server wrote it.

The rules are tried in order. A rule matches by a code, else by words that several servers use for the same cause; the
status decides only if neither does, because servers disagree most on it: llama.cpp refuses a picture with 500,
OpenRouter with 404, and xAI a wrong key with 400.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from chatbot.errors import (
    ContentFiltered,
    ContextOverflow,
    FilesNotRead,
    InvalidKey,
    PermissionDenied,
    ProviderError,
    ProviderTimeout,
    QuotaExhausted,
    RateLimited,
    RequestRefused,
    RequestTooLarge,
    ServiceUnavailable,
    StreamCutOff,
    TokenRateExceeded,
    UnknownModel,
    UnreachableProxy,
    UnreadableAnswer,
    WrongBaseUrl,
)
from chatbot.providers.error_words import (
    BALANCE,
    BODY_TOO_LARGE,
    BROKEN_OFF,
    FILE_DAMAGED,
    FILES_NOT_READ,
    FILTER,
    KEY_REFUSED,
    MODEL_UNKNOWN,
    NOT_ALLOWED_HERE,
    NOT_FOUND,
    NOT_OVERFLOW,
    OUT_OF_ORDER,
    OVERFLOW,
    OVERFLOW_SIZE,
    any_of,
)
from chatbot.providers.refusals import Refusal


def _codes(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


@dataclass(frozen=True, slots=True)
class Rule:
    """A kind of error with the `detail` of its text, and what tells it: a code among `codes`, or `words`. It is ruled
    out by `unless`, and by a status that is not among `statuses`; with neither codes nor words, the status tells it."""

    kind: type[ProviderError]
    codes: frozenset[str] = frozenset()
    words: re.Pattern[str] | None = None
    unless: re.Pattern[str] | None = None
    statuses: frozenset[int | None] = frozenset()
    detail: str = ""

    def matches(self, refusal: Refusal) -> bool:
        """Whether the refusal is of this kind."""
        if self.statuses and refusal.status not in self.statuses:
            return False
        if self.unless and self.unless.search(refusal.words):
            return False
        if self.words and self.words.search(refusal.words):
            return True
        return bool(self.codes & refusal.codes) or not (self.codes or self.words)


RULES = (
    Rule(WrongBaseUrl, words=any_of(r"invalid url \(", "file not found", "unexpected endpoint or method")),
    Rule(WrongBaseUrl, words=NOT_FOUND, statuses=frozenset({404})),
    Rule(
        PermissionDenied,
        words=any_of(r"data policy", r"privacy settings", r"guardrail restrictions"),
        detail="account_settings",
    ),
    Rule(
        ContentFiltered,
        _codes(
            "content_filter content_policy_violation contentfilter responsibleaipolicyviolation data_inspection_failed "
            "datainspectionfailed moderation_blocked content_blocked prohibited_content content_filtered 1301 "
            "invalid_prompt sensitive_words_detected content_moderation_failed contentpolicyviolationerror"
        ),
        FILTER,
        unless=re.compile(r"rate.?limit"),
    ),
    Rule(
        TokenRateExceeded,
        words=any_of(
            r"(request|prompt|input|messages?)\b.{0,20} too large.{0,200}(per min|tpm)",
            r"(larger|greater|more) than (your|the) .{0,10}limit of .{0,30}(per min|tpm)",
        ),
    ),
    Rule(RequestTooLarge, words=BODY_TOO_LARGE),
    Rule(
        QuotaExhausted,
        _codes(
            "insufficient_quota billing_error contract_spend_limit_reached enforced_spend_limit_reached "
            "insufficient_balance billing_hard_limit_reached exceeded_current_quota_error arrearage "
            "credit_balance_too_low payment_required billing_not_active budget_exceeded accountoverdueerror "
            "allocationquota.freetieronly insufficient_user_quota"
        ),
    ),
    Rule(RateLimited, frozenset({"resource_exhausted"})),
    Rule(QuotaExhausted, words=BALANCE),
    Rule(
        RateLimited,
        _codes(
            "rate_limit_error rate_limit_exceeded too_many_requests throttlingexception throttling ratelimiterror "
            "rate_limited limit_requests limit_burst_rate tokens_per_minute engine_overloaded_error 1039"
        ),
        any_of(
            r"rate.?limit(ed|s)? (exceeded|reached|for|trigger)|rate limited|^rate limit$|throttl",
            r"too many (concurrent )?(requests|connections)",
        ),
    ),
    Rule(
        ContextOverflow,
        _codes(
            "context_length_exceeded exceed_context_size_error context_window_exceeded contextwindowexceedederror "
            "request_too_large string_above_max_length model_max_prompt_tokens_exceeded tokens_limit_reached "
            "input_too_long prompt_too_long context_length_exceeded_error context_overflow max_context_length_exceeded "
            "content_too_large"
        ),
    ),
    Rule(
        PermissionDenied,
        _codes("key_model_access_denied team_model_access_denied user_model_access_denied"),
        NOT_ALLOWED_HERE,
    ),
    Rule(
        InvalidKey,
        _codes(
            # LiteLLM without a database says the last one to every key but its own.
            "invalid_api_key authentication_error api_key_invalid unauthenticated incorrect_api_key invalid_key "
            "authenticationerror invalid_authentication_error invalidapikey no_db_connection"
        ),
        KEY_REFUSED,
        unless=any_of("context", "length", r"\btokens\b"),
        statuses=frozenset({None, 400, 401, 403, 422}),
    ),
    Rule(ProviderTimeout, frozenset({"timeout_error", "deadline_exceeded", "timeout"})),
    Rule(StreamCutOff, words=BROKEN_OFF),
)

OVERFLOW_STATUSES = frozenset({None, 400, 413, 422, 424, 500})

BY_STATUS: Mapping[int, type[ProviderError]] = {
    401: InvalidKey,
    402: QuotaExhausted,
    405: WrongBaseUrl,
    407: UnreachableProxy,
    408: ProviderTimeout,
    410: UnknownModel,
    413: RequestTooLarge,
    429: RateLimited,
    451: ContentFiltered,
    498: ServiceUnavailable,  # Groq's, for a lack of capacity
    499: StreamCutOff,  # nginx's, for a client that left: a gateway
    504: ProviderTimeout,
    522: ProviderTimeout,
    524: ProviderTimeout,
}

LATER_RULES = (
    *(Rule(kind, statuses=frozenset({status})) for status, kind in BY_STATUS.items()),
    Rule(
        UnknownModel,
        _codes(
            "model_not_found not_found_error model_not_available invalid_model notfounderror model_not_supported "
            "model_decommissioned model_deprecated deploymentnotfound"
        ),
        MODEL_UNKNOWN,
    ),
    Rule(PermissionDenied, _codes("permission_error permission_denied permissiondeniederror")),
    Rule(
        ServiceUnavailable,
        _codes(
            "overloaded_error api_error server_error internal_server_error server_is_overloaded overloaded "
            "service_unavailable_error unavailable internalservererror"
        ),
    ),
    Rule(ProviderTimeout, words=any_of(r"timed? ?out", "deadline")),
    Rule(ServiceUnavailable, words=any_of("overloaded|over capacity")),
    Rule(
        ServiceUnavailable,
        words=OUT_OF_ORDER,
        statuses=frozenset({None}),
    ),
    Rule(UnknownModel, statuses=frozenset({404})),
)
"""Tried after the rules for 403, 404 and a prompt that is too long."""


def meaning(refusal: Refusal, *, has_files: bool = False) -> tuple[type[ProviderError], str]:
    """The kind of error that a refusal is, and the detail of its text. `has_files`: the request had images or
    documents, which may be what was refused."""
    status = refusal.status
    if has_files and FILES_NOT_READ.search(refusal.words) and not FILE_DAMAGED.search(refusal.words):
        return FilesNotRead, ""
    if found := _first(RULES, refusal):
        return found
    if status == 403:  # OpenAI gives a model that this key may not use the code of one that does not exist
        return PermissionDenied, "" if refusal.is_protocol else "proxy"
    if status == 404 and not refusal.is_protocol and "model" not in refusal.words:
        return WrongBaseUrl, ""
    if _is_overflow(refusal):
        return ContextOverflow, ""
    return _first(LATER_RULES, refusal) or (_by_status(status), "")


def _first(rules: Iterable[Rule], refusal: Refusal) -> tuple[type[ProviderError], str] | None:
    return next(((rule.kind, rule.detail) for rule in rules if rule.matches(refusal)), None)


def _is_overflow(refusal: Refusal) -> bool:
    """Whether the words say that the messages are longer than the model reads."""
    words = refusal.words
    says_so = OVERFLOW.search(words) and OVERFLOW_SIZE.search(words) and not NOT_OVERFLOW.search(words)
    return refusal.status in OVERFLOW_STATUSES and bool(says_so)


def _by_status(status: int | None) -> type[ProviderError]:
    if status is None:
        return ProviderError
    if status >= 500:
        return ServiceUnavailable
    return RequestRefused if status >= 400 else UnreadableAnswer
