# Completion of penstock for bash: source it, or put it where bash-completion looks (as `penstock`).
# What can stand at the cursor is the program's to say.
_penstock_complete() {
  local line=${COMP_LINE:0:COMP_POINT} current candidate program
  local -a words
  # Bash itself takes words apart at colons and equals signs, which belong to ours.
  read -r -a words <<<"$line"
  [[ $line == *[[:space:]] ]] && words+=("")
  current=${words[${#words[@]} - 1]}
  program=${words[0]/#\~/$HOME}
  COMPREPLY=()
  while IFS=$'\t' read -r candidate _; do
    case $candidate in
      :files) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
      :directories) compopt -o filenames; mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
      *) COMPREPLY+=("$candidate") ;;
    esac
  done < <("$program" __complete "${words[@]:1}" 2>/dev/null)
  [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *: ]] && compopt -o nospace
  # What stands before the last of these is there already, and bash keeps it.
  local before=""
  [[ $COMP_WORDBREAKS == *:* && $current == *:* ]] && before=${current%"${current##*:}"}
  [[ $COMP_WORDBREAKS == *=* && ${current#"$before"} == *=* ]] && before=${current%"${current##*=}"}
  COMPREPLY=("${COMPREPLY[@]#"$before"}")
}
complete -F _penstock_complete penstock
