"""The words that servers use for the causes of a refusal, as patterns over its words in small letters."""

import re


def any_of(*alternatives: str) -> re.Pattern[str]:
    """A pattern that finds any of the alternatives, across lines."""
    return re.compile("|".join(alternatives), re.DOTALL)


RATE = r"rate.?limit|too many requests|\bper[ -](minute|min|second|day|hour)\b|\b[rt]p[md]\b|throttl|concurren"
"""Words for how much an account may ask for in a time."""

PICTURE = r"image|vision|picture|photo|multi-?modal|mmproj|visual"
DOCUMENT = r"\bfiles?\b|document|\bpdfs?\b"
NOT_READ = (
    r"(not|n't|un|isn't|never)[ -]?(\w+ ){0,3}(support|accept|enabled|allow|capab|permit)|"
    r"(does|can|is)(n't| ?not) (?!exist|found|available|valid)|no endpoints|only (supported|available|text)|"
    r"text[- ]only|unknown variant|"
    r"invalid content type|missing data required|expected (`|')?text|at most 0|not a "
)
FILES_NOT_READ = any_of(
    rf"({PICTURE}|{DOCUMENT}).{{0,80}}({NOT_READ})",
    rf"({NOT_READ}).{{0,80}}({PICTURE}|{DOCUMENT})",
    r"content.{0,20} must be a string|(content.{0,40}|should be a )valid string|only text (content|inputs?|messages?)",
    r"type.{0,20}(must|should) be .?text|no vision (projector|tower|encoder)",
)
"""A model that reads text only. The last words are those of servers that take no content parts at all."""

FILE_DAMAGED = any_of(
    r"\d ?mb\b|\bbytes\b|dimension|corrupt|format|media.?type|make sure|could not process|unable to process",
    r"failed to (process|decode|load|download|fetch)",
)
"""A file that is refused for itself: the model may well read others."""

OVERFLOW = any_of(
    r"(context|prompts?|inputs?|sequence|conversation|messages?|request)\b.{0,120}"
    r"(too (long|large|big|many)|exceed|longer|larger than|more than|greater than|over(flow|run)|beyond|not enough|"
    r"must be <=|must have less|out of range|limit is|at most|cannot be)",
    r"(too (long|large|many)|exceed\w*|longer than|larger than|overflow\w*|reduce|shorte[rn]|maximum|limit of).{0,80}"
    r"(context|prompt|input|conversation|sequence|\btokens?\b|length of the messages)",
    r"range of input length|max_?length: \d+, actual|model token limit|context.{0,20}(full|overflow)",
    r"(输入|上下文|提示|prompt).{0,20}(过长|超|太长)",
)
OVERFLOW_SIZE = re.compile(r"token|length|context|too long|max_?length|n_ctx|prompt|长")
NOT_OVERFLOW = any_of(
    RATE,
    r"characters? in (the )?(name|title)|bytes? >|megabytes?|\d ?mb\b",
    r"image|picture|dimension|base64",
    r"^\W*(invalid )?\W*max_(completion_|output_|new_)?tokens",
    r"temperature|top_p",
)

BALANCE = any_of(
    r"(credit|account)?\s?balance.{0,30}(low|insufficient|not enough|exhausted)|insufficient.{0,20}"
    r"(balance|credits?|quota|funds)|(out of|more|no) credits|included credits|exceeded your (current|monthly) quota|"
    r"spend(ing)? limit|payment required|arrears|余额|(key|usage|credit|budget) limits? (exceeded|reached)|"
    r"reached your.{0,20} usage limit|exceeded (your|their|its) budget"
)

FILTER = any_of(
    r"content (management )?(policy|filter)|content exists risk|flagged|moderation|inappropriate|safety (system|filter|"
    r"polic)|usage polic|acceptable use|prohibited (content|use)|data.?inspection|guardrail|responsible ai|"
    r"harmful content|sensitive (content|words?|information)|violat\w+ .{0,40}polic|blocked (by|due to).{0,40}"
    r"(filter|polic|safety)|content (was |is |has been )?(blocked|rejected)|usage guidelines|不安全|敏感"
)

BROKEN_OFF = any_of(
    r"payload is not completed|incomplete (chunked )?(read|response)|peer closed|response ended prematurely|"
    r"(connection|stream|socket)( was| has been)? (reset|closed|aborted|lost|broken|cut|interrupted|disconnected)|"
    r"server disconnected|unexpected eof|econnreset|socket hang up"
)
"""A gateway that lost the connection to the server behind it."""

NOT_FOUND = any_of(
    r"^(404 )?((page|resource|path|route|endpoint|url) )?not found\.?$|^$|cannot (post|get) /|no static resource"
)
"""A server that has nothing at the address of the call."""

NOT_ALLOWED_HERE = any_of(
    r"must be verified|location is not supported|(country|region|territory)\b.{0,20}not (supported|available)",
    r"not available in your (country|region)|accept (the|its) (license|terms)",
)
"""What an account, or a place, may not use."""

KEY_REFUSED = any_of(
    r"(api.?key|token|credentials?)\b.{0,30}"
    r"(not valid|invalid|incorrect|expired|not found|missing|disabled|revoked|deactivated)",
    r"(invalid|incorrect|wrong|no|missing|bad).{0,20}(api.?key|auth\w* (credentials?|token)|credentials)",
    r"not authenticated|authentication (error|fail)|invalid (access |bearer )?token\b|log ?in fail",
)

MODEL_UNKNOWN = any_of(
    r"model\b.{0,80}(not found|does not exist|doesn't exist|not exist|not available|unknown|decommissioned|retired|"
    r"deprecated|not supported by any)",
    r"(no such|unknown|invalid|unrecognized|not a valid|could not find( the)?) model|no healthy deployments",
    r"model is required|specify a model|no models? (is |are )?loaded",
)

OUT_OF_ORDER = any_of(
    r"overload|over capacity|temporarily|try again later|is (currently )?(loading|starting)",
    r"internal (server )?error|no longer running|has terminated|out of memory|crash",
)
"""A server that failed, in a record without a status."""
