"""The words that servers use for the causes of a refusal, as patterns over its words in small letters."""

import re


def any_of(*alternatives: str) -> re.Pattern[str]:
    """A pattern that finds any of the alternatives, across lines."""
    return re.compile("|".join(alternatives), re.DOTALL)


RATE = r"rate.?limit|too many requests|\bper[ -](minute|min|second|day|hour)\b|\b[rt]p[md]\b|throttl|concurren"
"""Words for how much an account may ask for in a time."""

PICTURE = r"image|vision|picture|photo|multi-?modal|mmproj|visual|图|视觉|多模态"
DOCUMENT = r"\bfiles?\b|document|\bpdfs?\b"
NOT_READ = (
    r"(not|n't|un|isn't|never)[ -]?(\w+ ){0,3}(support|accept|enabled|allow|capab|permit)|"
    r"(does|can|is)(n't| ?not) (?!exist|found|available|valid)|no endpoints|only (supported|available|text)|"
    r"(not|n't) available (for|on|in|with) th|can't|lacks|not implemented|text[- ]only|unknown variant|"
    r"no mmproj|missing .{0,20}(support|encoder)|(encoder|projector)( is|:)? missing|不支持|"
    r"invalid content type|missing data required|expected (`|')?text|at most 0|not a "
)
FILES_NOT_READ = any_of(
    rf"({PICTURE}|{DOCUMENT}).{{0,80}}({NOT_READ})",
    rf"({NOT_READ}).{{0,80}}({PICTURE}|{DOCUMENT})",
    r"content.{0,20} must be a string|(content.{0,40}|should be a )valid string|only text (content|inputs?|messages?)",
    r"type.{0,20}(must|should) be .?text|no vision (projector|tower|encoder)|unexpected item type in content",
    r"only (accepts?|supports?|takes?|reads?) text|only text (is|are)|content.type.{0,40}text.?\]",
)
"""A model that reads text only. The last words are those of servers that take no content parts at all."""

FILE_DAMAGED = any_of(
    r"\d ?mb\b|\bbytes\b|dimension|corrupt|format|media.?type|make sure|could not process|unable to process",
    r"failed to (process|decode|load|download|fetch)(?!.*(mmproj|encoder|projector))",
)
"""A file that is refused for itself: the model may well read others."""

OVERFLOW = any_of(
    r"(context|prompts?|inputs?|sequence|conversation|messages?|request)(\b|_).{0,120}"
    r"(too (long|large|big|many)|exceed|longer|(larger|more|greater|bigger) than|over(flow|run| the| its)|beyond|"
    r"not enough|must be (<=|less)|must have less|out of range|limit is|at most|cannot be)",
    r"(too (long|large|many)|exceed\w*|longer than|larger than|overflow\w*|reduce|shorte[rn]|maximum|limit of|"
    r"too much text|not fit).{0,80}(context|prompt|input|conversation|sequence|\btokens?\b|(of the|your) messages?)",
    r"\d tokens.{0,60}\b(limit|only|more than|allowed|available|maximum)\b.{0,40}\d|window is only \d",
    r"range of input length|max_?length: \d+, actual|model token limit|context.{0,20}(full|overflow|too small)",
    r"context.?(window|length|size|limit).{0,10}exceed|token (limit|budget).{0,20}exceed|limited to \d+ tokens",
    r"supports (up to|at most|only) \d+ tokens|max(imum)? length of .{0,30}(question|prompt|input|message)",
    r"(prompt|input|total|sequence)[\w ]{0,20}(tokens|length)\b.{0,20} > ?\w",
    r"kv.?cache.{0,30}(full|slot)|(slot|space).{0,20}kv.?cache",
    r"max_(completion_)?tokens must be at least 1, got -",  # vLLM's, if the prompt leaves less than nothing
    r"(输入|上下文|提示|长度|prompt|tokens?).{0,20}(过长|超|太长)|超.{0,10}长度|トークン.{0,10}(超|上限)",
)
OVERFLOW_SIZE = re.compile(
    r"token|length|context|too long|max_?length|n_ctx|prompt|kv.?cache|batch size|shorten|长|トークン"
)
NOT_OVERFLOW = any_of(
    RATE,
    r"characters? in (the )?(name|title)|bytes? >|megabytes?|\d ?mb\b",
    r"(?<!tokens of )image|picture|dimension|base64",
    r"^\W*(invalid )?\W*max_(completion_|output_|new_)?tokens(?!.*got -)",
    r"temperature|top_p|budget_tokens|\d+ (output|completion) tokens, but|deadline|context cancell?ed",
)

BALANCE = any_of(
    r"(credit|account)?\s?balance.{0,30}(low|insufficient|not enough|exhausted|negative)|insufficient.{0,20}"
    r"(balance|credits?|quota|funds)|(out of|more|no|enough) credits|included credits|exceeded your (current|monthly) "
    r"quota|(out of|no|remaining) quota|spend(ing)? (limit|cap)|no credits?\b|trial.{0,10}(ended|expired)|top up|"
    r"payment method|quota.{0,20}(billing period|month)|payment required|arrears|unpaid|overdue|past due|"
    r"(key|usage|credit|budget) limits? (exceeded|reached)|reached your.{0,20} usage limit|"
    r"exceeded (your|their|its) budget|budget has been exceeded|"
    r"used (up )?all (of )?your .{0,20}(credits|quota|balance)|"
    r"(credits?|free (tier|quota|trial)).{0,30}(depleted|exhausted|expired|used up|ended)|"
    r"billing (hard |soft )?limit|(enable|requires) billing|subscription.{0,20}(expired|ended|inactive|required)|"
    r"余额|欠费|额度不足|剩余额度|充值"
)

FILTER = any_of(
    r"content (management )?(policy|filter)|content exists risk|flagged|moderation|inappropriate|safety (system|filter|"
    r"polic)|usage polic|acceptable use|prohibited (content|use)|data.?inspection|guardrail|responsible ai|"
    r"harmful content|unsafe|sensitive[ _](content|words?|information)|new_sensitive|considered high risk|"
    r"violat\w+ .{0,40}(polic|terms|guideline)|blocked (by|due to).{0,40}(filter|polic|safety)|"
    r"(content|prompt) (was |is |has been )?(blocked|rejected)|content that is not (allowed|permitted)|"
    r"usage guidelines|disallowed content|content restrictions|harm category|not permitted under|不安全|敏感|违规"
)

BROKEN_OFF = any_of(
    r"payload is not completed|incomplete (chunked )?(read|response)|peer closed|response ended prematurely|"
    r"(connection|stream|socket)( was| has been)? (reset|closed|aborted|lost|broken|cut|interrupted|disconnected)|"
    r"server disconnected|unexpected eof|econnreset|socket hang up"
)
"""A gateway that lost the connection to the server behind it."""

BODY_TOO_LARGE = any_of(
    r"(request (body|payload)|(payload|entity))( size)? (is )?(too large|exceed)|maximum request length exceeded",
)
"""A request that is too many bytes for a server in between, not too many tokens for the model."""

NOT_FOUND = any_of(
    r"^(404 )?((page|resource|path|route|endpoint|url) )?not found\.?$|^$|cannot (post|get) /|no static resource"
)
"""A server that has nothing at the address of the call."""

NOT_ALLOWED_HERE = any_of(
    r"must be verified|location is not supported|(country|region|territory)\b.{0,20}not (supported|available)",
    r"(not|n't) (available|supported|allowed) in (your|this|the) (country|region|territory)|legal reasons in",
    r"accept (the|its) (license|terms)|^(?!.*does not exist).*not have access to|not subscribed",
    r"(organization|account|project|user)\b.{0,20}(disabled|suspended|deactivated|banned)",
)
"""What an account, or a place, may not use."""

KEY_REFUSED = any_of(
    r"(api.?key|token|credentials?)\b.{0,30}"
    r"(not valid|invalid|incorrect|expired|not found|missing|disabled|revoked|deactivated)",
    r"(invalid|incorrect|wrong|no|missing|bad).{0,20}(api.?key|auth\w* (credentials?|token|header)|credentials)",
    r"api.?key\b.{0,20} required|malformed (api )?key|身份验证失败|无效的.{0,4}(令牌|密钥)",
    r"not authenticated|authentication (error|fail)|invalid (access |bearer )?token\b|log ?in fail",
)

MODEL_UNKNOWN = any_of(
    r"model\b.{0,80}(not found|does not exist|doesn't exist|not exist|not available|unknown|decommissioned|retired|"
    r"deprecated|not supported by any|shut down|end of (its )?life|no longer (available|exists|served|offered)|"
    r"identifier is invalid|not loaded|been disabled)|no available channel for model|模型.{0,6}(不存在|未找到|下线)",
    r"(no such|unknown|invalid|unsupported|unrecognized|not a valid|could not find( the)?) model",
    r"no healthy deployments|model (\S+ )?is not supported\.?$|model (field )?is required|specify a model",
    r"no models? (is |are )?loaded",
)

OUT_OF_ORDER = any_of(
    r"overload|over capacity|temporarily|try again later|is (currently )?(loading|starting)",
    r"server error|internal error|no longer running|has terminated|unexpectedly stopped|out of memory|crash|"
    r"unavailable|upstream (error|request|server|connect)|bad gateway|busy|system error|provider returned error",
)
"""A server that failed, in a record without a status."""
