# Completion of devid for bash: what may stand where is devid's own to say.

# The line of candidates that begins with $1, as it is typed, quoted as that was begun.
_devid_candidate()
{
	local word=$1 line=$2 quote=
	case $word in
	\'*) quote=\' word=${word:1} ;;
	\"*) quote=\" word=${word:1} ;;
	*) word=$(sed 's/\\\(.\)/\1/g' <<<"$word") ;;
	esac
	[[ $line == "$word"* ]] || return
	case $quote in
	\') COMPREPLY+=("${line//\'/\'\\\'\'}") ;;
	\") COMPREPLY+=("$(sed 's/["$`\\]/\\&/g' <<<"$line")") ;;
	*) COMPREPLY+=("$(printf '%q' "$line")") ;;
	esac
}

# What compgen finds, a line each.
_devid_own()
{
	mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen "$@")
}

_devid()
{
	local word=${COMP_WORDS[COMP_CWORD]} line

	COMPREPLY=()
	while IFS= read -r line; do
		case $line in
		:files)
			compopt -o filenames 2>/dev/null
			_devid_own -f -- "$word"
			;;
		:folders)
			compopt -o filenames 2>/dev/null
			_devid_own -d -- "$word"
			;;
		:users) _devid_own -A user -- "$word" ;;
		:groups) _devid_own -A group -- "$word" ;;
		:hosts) _devid_own -A hostname -- "$word" ;;
		+*) _devid_candidate "$word" "${line#+}" ;;
		=*)
			line=${line%% *}
			_devid_candidate "$word" "${line#=}"
			;;
		esac
	done < <(devid --complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _devid devid
