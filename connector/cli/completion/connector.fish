function __connector_complete
    connector __complete fish -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null
end
complete -c connector -f -a '(__connector_complete)'
