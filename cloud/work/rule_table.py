"""What is enforced, and by which text: the table rule × profile × article."""

from cloud.work import profiles
from cloud.work.rules import RULES, SAYINGS

ASKED, NOT_ASKED = "✓", "–"


def table(english: bool) -> list[dict[str, object]]:
    """`code, steps, words, todo, articles` of every rule, in the order they are judged in."""
    made: list[dict[str, object]] = []
    for rule in RULES:
        words, todo = SAYINGS[rule.code]
        made.append(
            {
                "code": rule.code,
                "steps": list(rule.steps),
                "words": words.en if english else words.zh,
                "todo": todo.en if english else todo.zh,
                "articles": {name: _article(rule.code, name) for name in profiles.every()},
            }
        )
    return made


def _article(code: str, name: str) -> str:
    """✓ = asked for by this system itself, where that text is silent; – = not asked for."""
    profile = profiles.load(name)
    (rule,) = [one for one in RULES if one.code == code]
    return profile.sources.get(code, ASKED) if rule.wanted(profile) else NOT_ASKED
