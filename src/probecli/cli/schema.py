"""`probecli schema`: what an editor needs to help with a target file."""

import typer


def schema() -> None:
    """Print the JSON Schema of a target file.

    Save it and put `# yaml-language-server: $schema=FILE` on top of the target file: editors
    with a YAML plug-in then complete keys and underline mistakes.
    """
    import json

    from probecli import config

    typer.echo(json.dumps(config.schema(), indent=2, ensure_ascii=False))
