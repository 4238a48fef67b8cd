"""`hanma rules`: every rule, and what each jurisdiction says about it."""

import json

import click


@click.command()
@click.option("--english", is_flag=True, help="The words in English.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object: profiles and rules.")
def rules(english: bool, as_json: bool) -> None:
    """The table rule × profile × article; what kind of text each profile follows.

    ✓ = asked for by this system itself, where that text is silent; – = not asked for.
    """
    from tabulate import tabulate

    from cloud.work import profiles, rule_table

    held = [profiles.load(name) for name in profiles.every()]
    table = rule_table.table(english)
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
