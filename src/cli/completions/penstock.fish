# Completion of penstock for fish: source it, or put it into a directory of $fish_complete_path (as `penstock.fish`).
# What can stand at the cursor is the program's to say.
function __penstock_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in ($words[1] __complete $words[2..-1] "$current" 2>/dev/null)
        switch $line
            case ':files*'
                __fish_complete_path "$current"
            case ':directories*'
                __fish_complete_directories "$current"
            case '*'
                echo $line
        end
    end
end
complete -c penstock -f -a '(__penstock_complete)'
