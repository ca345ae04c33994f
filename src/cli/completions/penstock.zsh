#compdef penstock
# Completion of penstock for zsh: put it into a directory of $fpath (as `_penstock`), or source it after compinit.
# What can stand at the cursor is the program's to say.
_penstock() {
  local -a lines closed open
  local line word
  lines=("${(@f)$(${words[1]} __complete "${(@)words[2,CURRENT]}" 2>/dev/null)}")
  for line in "${lines[@]}"; do
    word=${line%%$'\t'*}
    case $word in
      '') ;;
      :files) _files; return ;;
      :directories) _files -/; return ;;
      *:) open+=("${word//:/\\:}:${line#*$'\t'}") ;;
      *) closed+=("${word//:/\\:}:${line#*$'\t'}") ;;
    esac
  done
  local found=1
  (( ${#open} )) && _describe -V penstock open -S '' && found=0
  (( ${#closed} )) && _describe -V penstock closed && found=0
  return found
}
if [[ ${funcstack[1]} == _penstock ]]; then _penstock "$@"; else compdef _penstock penstock; fi
