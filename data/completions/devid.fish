# Completion of devid for fish: what may stand where is devid's own to say.

function __devid_complete
	set -l words (commandline -opc)
	set -l word (commandline -ct)
	set -e words[1]
	for line in (devid --complete $words "$word" 2>/dev/null)
		switch $line
			case :files
				__fish_complete_path $word
			case :folders
				__fish_complete_directories "$word" ''
			case :users
				__fish_complete_users
			case :groups
				__fish_complete_groups
			case :hosts
				__fish_print_hostnames
			case '+*'
				string sub -s 2 -- $line
			case '=*'
				string sub -s 2 -- $line | string replace ' ' \t
		end
	end
end

complete -c devid -f -a '(__devid_complete)'
