# Completion of devid for bash.

# The options of a command; "ca add" counts as one, and so do "account revoke" and "policy test".
_devid_options()
{
	case $1 in
	import-cert)
		echo "--user --system --store --label --key --number --friendly-name --serial --fingerprint" \
			"--key-type --expires --password-file --password-fd --pin-file --replace --accept-size --dry-run --json --help"
		;;
	inspect) echo "--password-file --password-fd --system --json --help" ;;
	list) echo "--user --system --all-users --json --help" ;;
	show | rename) echo "--user --system --json --help" ;;
	remove) echo "--yes --user --system --json --help" ;;
	check) echo "--server --ca-file --user --system --quiet --notify --json --help" ;;
	export) echo "--output --leaf --user --system --help" ;;
	"ca add") echo "--name --user --system --json --help" ;;
	"ca list") echo "--used-by --since --system --json --help" ;;
	"ca show") echo "--system --json --help" ;;
	"ca remove") echo "--user --system --yes --json --help" ;;
	ca | account) echo "--help" ;;
	"account revoke") echo "--user --system --config --json --help" ;;
	profile) echo "--gateway --user --ca-file --install --yes --json --help" ;;
	verify) echo "--config --at --chain --intermediates --openvpn --json --help" ;;
	reset-cred) echo "--keys --strays --dry-run --yes --json --help" ;;
	doctor) echo "--report --all-users --list --json --help" ;;
	events) echo "--since --user --system --json --help" ;;
	policy) echo "--help" ;;
	"policy show" | "policy lint") echo "--system --json --help" ;;
	"policy test") echo "--user --os --origin --group --profile --certificate --identity --system --json --help" ;;
	posture) echo "--profile --list --user --system --json --help" ;;
	connect)
		echo "--identity --user --password-file --save --reset-cred --dry-run --foreground --diagnose" \
			"--json --help"
		;;
	disconnect) echo "--all --json --help" ;;
	status) echo "--watch --json --help" ;;
	version) echo "--json --help" ;;
	esac
}

# The strings of a member, as they are: JSON has backslashes before quotes and backslashes.
_devid_strings()
{
	sed -n 's/^ *"'"$1"'" : "\(.*\)",$/\1/p' | sed 's/\\\(["\\/]\)/\1/g'
}

_devid_labels()
{
	devid list --json 2>/dev/null | _devid_strings label
}

# Connections of connections.d.
_devid_connections()
{
	local file
	for file in {/etc/devid,"${XDG_CONFIG_HOME:-$HOME/.config}/devid"}/connections.d/*.conf; do
		[ -e "$file" ] && basename "$file" .conf
	done
}

_devid_signing()
{
	devid ca list --json 2>/dev/null | _devid_strings name
}

_devid_clients()
{
	devid profile --json 2>/dev/null | _devid_strings client
}

# Each line of the rest that begins with $1 as it is typed, quoted as that was begun.
_devid_lines()
{
	local word=$1 line quote=
	case $word in
	\'*) quote=\' word=${word:1} ;;
	\"*) quote=\" word=${word:1} ;;
	*) word=$(sed 's/\\\(.\)/\1/g' <<<"$word") ;;
	esac
	while IFS= read -r line; do
		[[ $line == "$word"* ]] || continue
		case $quote in
		\') COMPREPLY+=("${line//\'/\'\\\'\'}") ;;
		\") COMPREPLY+=("$(sed 's/["$`\\]/\\&/g' <<<"$line")") ;;
		*) COMPREPLY+=("$(printf '%q' "$line")") ;;
		esac
	done
}

_devid()
{
	local word=${COMP_WORDS[COMP_CWORD]} last=${COMP_WORDS[COMP_CWORD - 1]} command=${COMP_WORDS[1]}
	local commands="import-cert inspect list show check remove rename export ca account verify policy posture
		connect disconnect profile reset-cred status doctor events version help"

	COMPREPLY=()
	if [ "$COMP_CWORD" -eq 1 ]; then
		COMPREPLY=($(compgen -W "$commands start stop --help --version" -- "$word"))
		return
	fi
	if [ "$command" = ca ] && [ "$COMP_CWORD" -eq 2 ]; then
		COMPREPLY=($(compgen -W "add list show remove --help" -- "$word"))
		return
	fi
	if [ "$command" = account ] && [ "$COMP_CWORD" -eq 2 ]; then
		COMPREPLY=($(compgen -W "revoke --help" -- "$word"))
		return
	fi
	if [ "$command" = policy ] && [ "$COMP_CWORD" -eq 2 ]; then
		COMPREPLY=($(compgen -W "show test lint --help" -- "$word"))
		return
	fi
	case $command in
	ca | account | policy) command="$command ${COMP_WORDS[2]}" ;;
	start) command=connect ;;
	stop) command=disconnect ;;
	import | add) command=import-cert ;;
	delete | rm) command=remove ;;
	ls) command=list ;;
	esac
	case $command:$last in
	"policy test:--user" | connect:--user | profile:--user)
		COMPREPLY=($(compgen -A user -- "$word"))
		return
		;;
	"policy test:--group")
		COMPREPLY=($(compgen -A group -- "$word"))
		return
		;;
	"policy test:--identity" | connect:--identity)
		_devid_lines "$word" < <(_devid_labels)
		return
		;;
	"policy test:--os")
		COMPREPLY=($(compgen -W "Windows macOS iOS Android Linux" -- "$word"))
		return
		;;
	"policy test:--origin")
		COMPREPLY=($(compgen -W "office remote unknown" -- "$word"))
		return
		;;
	"policy test:--certificate")
		COMPREPLY=($(compgen -W "valid invalid none" -- "$word"))
		return
		;;
	esac
	case $last in
	--key | --password-file | --pin-file | --ca-file | --intermediates | --report | --used-by | --output | -o)
		compopt -o filenames 2>/dev/null
		COMPREPLY=($(compgen -f -- "$word"))
		return
		;;
	--config)
		compopt -o filenames 2>/dev/null
		COMPREPLY=($(compgen -d -- "$word"))
		return
		;;
	--store)
		COMPREPLY=($(compgen -W "keyring file pkcs11:" -- "$word"))
		return
		;;
	--chain)
		COMPREPLY=($(compgen -W "issuer path" -- "$word"))
		return
		;;
	--server | --gateway)
		COMPREPLY=($(compgen -A hostname -- "$word"))
		return
		;;
	--key-type)
		COMPREPLY=($(compgen -W "RSA EC" -- "$word"))
		return
		;;
	--label | --name | --friendly-name | --number | --serial | --fingerprint | --expires | --profile) return ;;
	--password-fd | --at | --since) return ;;
	esac
	if [[ $word == -* ]]; then
		COMPREPLY=($(compgen -W "$(_devid_options "$command")" -- "$word"))
		return
	fi
	case $command in
	import-cert | inspect | verify | "ca add" | "account revoke")
		compopt -o filenames 2>/dev/null
		COMPREPLY=($(compgen -f -- "$word"))
		;;
	show | check | remove | rename | export | posture) _devid_lines "$word" < <(_devid_labels) ;;
	connect | disconnect) _devid_lines "$word" < <(_devid_connections) ;;
	"ca show" | "ca remove") _devid_lines "$word" < <(_devid_signing) ;;
	profile)
		if [ "$COMP_CWORD" -eq 2 ]; then
			_devid_lines "$word" < <(_devid_clients)
		else
			_devid_lines "$word" < <(_devid_labels)
		fi
		;;
	help) COMPREPLY=($(compgen -W "$commands" -- "$word")) ;;
	esac
}
complete -F _devid devid
