"""Finds the time that a question asks about, such as "last week" or "in March", in six languages."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from chatbot.storage.search import fold

MONTHS = (
    "january|januar|janner|enero|janvier|1月|一月",
    "february|februar|feber|febrero|fevrier|2月|二月",
    "march|marz|marzo|mars|3月|三月",
    "april|abril|avril|4月|四月",
    "may|mai|mayo|5月|五月",
    "june|juni|junio|juin|6月|六月",
    "july|juli|julio|juillet|7月|七月",
    "august|agosto|aout|8月|八月",
    "september|septiembre|setiembre|septembre|9月|九月",
    "october|oktober|octubre|octobre|10月|十月",
    "november|noviembre|novembre|11月|十一月",
    "december|dezember|diciembre|decembre|12月|十二月",
)
PREPOSITION = r"(?:in|im|en|au|during|last|letzten|of|vom|de|since|am)"
"""Before a month whose name is another word too: "may", "march", "mars"."""

Span = tuple[date, date]
"""The first day, and the day after the last."""


@dataclass(frozen=True, slots=True)
class AskedTime:
    """The time that a question asks about. `is_sure`: it cannot be a part of the subject, as "2025" can in "the budget
    for 2025"; `words` are as they were typed, folded."""

    since: date
    until: date
    is_sure: bool
    words: str


def _days(back: int, length: int = 1) -> Callable[[date], Span]:
    return lambda today: (today - timedelta(back), today - timedelta(back - length))


def _this_week(today: date) -> Span:
    monday = today - timedelta(today.weekday())
    return monday, monday + timedelta(7)


def _last_week(today: date) -> Span:
    """The calendar week before this one, and the last seven days: people mean either."""
    return _this_week(today)[0] - timedelta(7), today


def _month(today: date, back: int) -> Span:
    number = today.year * 12 + today.month - 1 - back
    return date(number // 12, number % 12 + 1, 1), date((number + 1) // 12, (number + 1) % 12 + 1, 1)


def _year(year: int) -> Span:
    return date(year, 1, 1), date(year + 1, 1, 1)


RELATIVE: tuple[tuple[str, Callable[[date], Span]], ...] = (
    (r"\bday before yesterday\b|\bvorgestern\b|\banteayer\b|\bavant-hier\b|一昨日|おととい|前天", _days(2)),
    (r"\byesterday\b|\bgestern\b|\bayer\b|\bhier\b|昨日|きのう|昨天", _days(1)),
    (r"\btoday\b|\bthis morning\b|\bheute\b|\bhoy\b|\baujourd'hui\b|今日|きょう|今天", _days(0)),
    (
        r"\blast week\b|\b(?:letzte|vergangene|vorige)[nr]? woche\b|\bsemana pasada\b"
        r"|\bsemaine (?:derniere|passee)\b|先週|上周|上个?星期|上礼拜",
        _last_week,
    ),
    (r"\bthis week\b|\bdiese[rn]? woche\b|\besta semana\b|\bcette semaine\b|今週|这周|本周|这个?星期", _this_week),
    (
        r"\blast month\b|\b(?:letzten|vergangenen|vorigen) monat\b|\bmes pasado\b|\bmois (?:dernier|passe)\b"
        r"|先月|上个?月",
        lambda today: _month(today, 1),
    ),
    (
        r"\bthis month\b|\bdiesen monat\b|\beste mes\b|\bce mois\b|今月|这个?月|本月",
        lambda today: _month(today, 0),
    ),
    (
        r"\blast year\b|\b(?:letzte|vergangene|vorige)[ns] jahr\b|\bano pasado\b|\ban dernier\b"
        r"|\bannee (?:derniere|passee)\b|去年|昨年",
        lambda today: _year(today.year - 1),
    ),
    (
        r"\bthis year\b|\bdieses jahr\b|\beste ano\b|\bcette annee\b|今年",
        lambda today: _year(today.year),
    ),
)

AGO = re.compile(
    r"\b(?P<n>\d{1,3}|a|an|one|two|three|four|five|six) (?P<unit>day|week|month|year)s? ago\b"
    r"|\bvor (?P<n2>\d{1,3}|einem|einer|zwei|drei|vier|funf|sechs) (?P<unit2>tag|woche|monat|jahr)e?n?\b"
    r"|\bhace (?P<n3>\d{1,3}|un|una|dos|tres|cuatro|cinco|seis) (?P<unit3>dia|semana|mes|ano)(?:e?s)?\b"
    r"|\bil y a (?P<n4>\d{1,3}|un|une|deux|trois|quatre|cinq|six) (?P<unit4>jour|semaine|mois|an|annee)s?\b"
    r"|(?P<n5>\d{1,3}|[一二三四五六两])\s*(?P<unit5>日|天|週間|周|个?星期|か月|ヶ月|个?月|年)(?:前|之前|以前)"
)
NUMBERS = (
    "",
    "a an one einem einer un una une 一",
    "two zwei dos deux 二 两",
    "three drei tres trois 三",
    "four vier cuatro quatre 四",
    "five funf cinco cinq 五",
    "six sechs seis 六",
)
UNITS = {
    "day": "day tag dia jour 日 天",
    "week": "week woche semana semaine 週間 周 星期 个星期",
    "month": "month monat mes mois か月 ヶ月 月 个月",
    "year": "year jahr ano an annee 年",
}

MONTH = re.compile(
    rf"(?:\b(?P<preposition>{PREPOSITION}) (?:the )?)?(?<!\w)"
    r"(?P<month>" + "|".join(f"(?P<m{number}>{names})" for number, names in reversed([*enumerate(MONTHS, 1)])) + r")"
    r"(?!\w*[a-z])(?:,? (?:de |von )?(?P<year>(?:19|20)\d\d))?"
)
IN_CJK = re.compile(r"(?:(?P<year>(?:19|20)\d\d)年)?(?P<month>1[0-2]|[1-9])月")
DAY = re.compile(r"\b((?:19|20)\d\d)-(\d\d)-(\d\d)\b")
YEAR = re.compile(r"(?<![\d.,-])((?:19|20)\d\d)(?![\d-]|[.,]\d)")


def asked_time(question: str, today: date) -> AskedTime | None:
    """The time that the question asks about, as seen from `today`; None if it names none."""
    folded = fold(question)
    return _relative(folded, today) or _day(folded) or _month_named(folded, today) or _year_named(folded)


def without_time(question: str, time: AskedTime | None) -> str:
    """The question without the words of its time, folded."""
    folded = fold(question)
    return folded.replace(time.words, " ") if time and time.is_sure else folded


def _relative(folded: str, today: date) -> AskedTime | None:
    if ago := AGO.search(folded):
        values = {name[:1]: value for name, value in ago.groupdict().items() if value}
        return AskedTime(*_ago(_number(values["n"]), _unit(values["u"]), today), is_sure=True, words=ago[0])
    for pattern, span in RELATIVE:
        if match := re.search(pattern, folded):
            return AskedTime(*span(today), is_sure=True, words=match[0])
    return None


def _ago(number: int, unit: str, today: date) -> Span:
    """About then: "two weeks ago" is rarely meant to the day."""
    if unit == "day":
        return _days(number)(today)
    if unit == "week":
        return today - timedelta(7 * number + 4), today - timedelta(7 * number - 4)
    return _month(today, number) if unit == "month" else _year(today.year - number)


def _number(word: str) -> int:
    return int(word) if word.isdecimal() else next(n for n, words in enumerate(NUMBERS) if word in words.split())


def _unit(word: str) -> str:
    return next(unit for unit, words in UNITS.items() if word in words.split())


def _day(folded: str) -> AskedTime | None:
    if match := DAY.search(folded):
        try:
            day = date(*map(int, match.groups()))
        except ValueError:
            return None
        return AskedTime(day, day + timedelta(1), is_sure=False, words=match[0])
    return None


def _month_named(folded: str, today: date) -> AskedTime | None:
    if match := IN_CJK.search(folded):
        return _in_month(int(match["month"]), match["year"], today, match[0])
    for match in MONTH.finditer(folded):
        if match["preposition"] or match["year"] or match["month"] not in ("may", "march", "mars", "mai", "august"):
            number = next(n for n in range(1, 13) if match[f"m{n}"])
            return _in_month(number, match["year"], today, match[0])
    return None


def _in_month(month: int, year: str | None, today: date, words: str) -> AskedTime:
    """The month of that year; without one, the last such month that has begun."""
    number = int(year) if year else today.year - (month > today.month)
    first = date(number, month, 1)
    return AskedTime(first, date(number + month // 12, month % 12 + 1, 1), is_sure=False, words=words)


def _year_named(folded: str) -> AskedTime | None:
    match = YEAR.search(folded)
    return AskedTime(*_year(int(match[1])), is_sure=False, words=match[0]) if match else None
