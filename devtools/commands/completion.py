"""`etscope completion`: the script that lets a shell complete verbs, options and files."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from etscope.devtools.terminal import say


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def command(context: click.Context, shell: str) -> None:
    """Print the completion script for a shell.

    \b
    bash: etscope completion bash > ~/.local/share/bash-completion/completions/etscope
    zsh:  etscope completion zsh > ~/.zfunc/_etscope   (a folder of your fpath)
    fish: etscope completion fish > ~/.config/fish/completions/etscope.fish
    """
    maker = get_completion_class(shell)
    if maker is None:
        raise click.UsageError(f"this version of click has no completion for {shell}.")
    say(maker(context.find_root().command, {}, "etscope", "_ETSCOPE_COMPLETE").source())
