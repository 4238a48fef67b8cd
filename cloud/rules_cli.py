"""`hanma rules`: every rule, and what each jurisdiction says about it."""

import json

import click

ASKED, NOT_ASKED = "✓", "–"


@click.command()
@click.option("--english", is_flag=True, help="The words in English.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: profiles and rules.")
def rules(english: bool, as_json: bool) -> None:
    """The table rule × profile × article; what kind of text each profile follows.

    ✓ = asked for by this system itself, where that text is silent; – = not asked for.
    """
    from tabulate import tabulate

    from cloud.work import profiles

    held = [profiles.load(name) for name in profiles.every()]
    table = _table(english)
    if as_json:
        told = {one.id: {"title": one.title, "status": one.status} for one in held}
        click.echo(json.dumps({"profiles": told, "rules": table}, ensure_ascii=False))
        return
    for one in held:
        click.echo(f"{one.id}: {one.title} [{one.status}]")
    click.echo()
    rows = [
        [rule["code"], " ".join(rule["steps"]), *rule["articles"].values(), rule["words"]]
        for rule in table
    ]
    heading = ["rule", "steps", *(one.id for one in held), "words"]
    click.echo(tabulate(rows, heading, tablefmt="github"))


def _table(english: bool) -> list[dict[str, object]]:
    """`code, steps, words, todo, articles` of every rule, in the order they are judged in."""
    from cloud.work import profiles
    from cloud.work.rules import RULES, SAYINGS

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
    from cloud.work import profiles
    from cloud.work.rules import RULES

    profile = profiles.load(name)
    (rule,) = [one for one in RULES if one.code == code]
    return profile.sources.get(code, ASKED) if rule.wanted(profile) else NOT_ASKED
