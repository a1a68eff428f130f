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
