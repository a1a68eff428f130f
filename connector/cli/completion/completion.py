"""``connector completion``: what a shell runs so that it completes our words.

The scripts know nothing of actions and options: they ask ``connector __complete``.
"""

from __future__ import annotations

from connector.cli.parsing.parser import Parser, one_of
from connector.cli.terminal import terminal

_EPILOG = """\
To have it in every shell from now on:
  bash   echo 'eval "$(connector completion bash)"' >> ~/.bashrc
  zsh    echo 'eval "$(connector completion zsh)"' >> ~/.zshrc  (after compinit)
  fish   echo 'connector completion fish | source' >> ~/.config/fish/config.fish
"""

# bash ends a word at = : and @, so that it must be told what of a completion it has already.
_BASH = """\
_connector_complete() {
    local IFS=$'\\n' found
    found=$(connector __complete bash "${COMP_LINE:0:COMP_POINT}" "${COMP_WORDS[COMP_CWORD]}" 2>/dev/null)
    COMPREPLY=($found)
    if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == */ ]]; then
        compopt -o nospace
    fi
}
complete -o nosort -F _connector_complete connector
"""
_ZSH = """\
#compdef connector
_connector() {
    local -a found folders
    local line
    while IFS= read -r line; do
        [[ $line == */ ]] && folders+=("$line") || found+=("$line")
    done < <(connector __complete zsh -- "${(@)words[2,CURRENT]}" 2>/dev/null)
    (( ${#folders} )) && compadd -S '' -- "${folders[@]}"
    (( ${#found} )) && _describe connector found
}
compdef _connector connector
"""
_FISH = """\
function __connector_complete
    connector __complete fish -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null
end
complete -c connector -f -a '(__connector_complete)'
"""
SCRIPTS = {"bash": _BASH, "zsh": _ZSH, "fish": _FISH}


def run(words: list[str]) -> int:
    parser = Parser("completion", "Prints the script with which a shell completes our words.", _EPILOG)
    parser.add_argument("shell", metavar="SHELL", type=one_of(*SCRIPTS), help="bash, zsh or fish")
    args = parser.read(words)
    if args.json:
        terminal.print_json({"shell": args.shell, "script": SCRIPTS[args.shell]})
    else:
        print(SCRIPTS[args.shell], end="")
    return 0
