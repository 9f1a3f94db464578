#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# devid profile --install where it can't or mustn't write: what another user planted, what is no file, a folder that
# is closed, full or read-only, marks that were torn. It ends with an error that names the path, what was there stays
# as it was, and nothing is left beside it.
. "$(dirname "$0")/../../../lib/clients.sh"
client_machine "$0" "$@"
machine_user bob
bob=$T/users/bob
folder=$HOME_ALICE/.config/devid/clients
file=$folder/curl-vpn.test.conf
gitconfig=$HOME_ALICE/.gitconfig
install() {
	run "${E[@]}" devid profile "${client:-curl}" "${label:-rsa}" --gateway vpn.test --install --yes "$@"
}
# The folders again, empty.
fresh() {
	rm -rf "$HOME_ALICE/.config/devid" "$gitconfig" "$HOME_ALICE"/.gitconfig.*
	"${E[@]}" mkdir -p -m 700 "$folder"
}
# Everything below alice's and bob's homes that an installation could touch.
state() {
	find "$HOME_ALICE/.config/devid" "$HOME_ALICE"/.gitconfig* "$bob" -printf '%p %y %U %m %s %l %i\n' 2>/dev/null | sort
	find "$folder" "$gitconfig" "$bob" -type f -exec md5sum {} + 2>/dev/null | sort
}
# refuses WORDS NAME: as things stand, and leaves them so.
refuses() {
	local before
	before=$(state)
	install
	is "$rc" 1 "$2: an error"
	like "$err" "devid: .*${path:-$file}: $1" "$2: which names it, and why"
	unlike "$out" written "$2: and claims nothing"
	is "$(state)" "$before" "$2: all is as it was"
}

# --- planted by another user
fresh
echo theirs >"$bob/target"
ln -s "$bob/target" "$file" && chown -h bob: "$file"
refuses 'it is a link' "another's link in its place"
fresh
rmdir "$folder"
"${E[@]}" mkdir -p "$HOME_ALICE/.config/devid"
ln -s "$bob" "$folder" && chown -h bob: "$folder"
refuses 'it is a link' "another's link in the place of its folder"
fresh
chown bob: "$folder" && chmod 755 "$folder"
refuses 'it belongs to another user' "another's folder"
fresh
echo '# theirs' >"$file" && chown bob: "$file"
refuses 'it belongs to another user' "another's file"
fresh
chgrp bob "$folder" && chmod 770 "$folder"
refuses '.*writ.*' "a folder that another group can write to"
fresh
echo '# hers' >"$file" && chown alice:bob "$file" && chmod 664 "$file"
refuses '.*writ.*' "a file that another group can write to"
fresh
chmod 777 "$bob"
before=$(find "$bob" | sort)
run "${E[@]}" HOME="$bob" devid profile curl rsa --gateway vpn.test --install --yes
like "$rc/$out" "^0/$file: written" "HOME is another's, as su leaves it: her own home has it"
is "$(find "$bob" | sort)" "$before" "and nothing is there"

# --- no file
fresh
"${E[@]}" mkfifo "$file"
refuses '.*' "a FIFO in its place, and no wait"
fresh
"${E[@]}" mkdir "$file"
refuses '.*' "a folder in its place"
fresh
printf 'a\0b' >"$file" && chown alice: "$file"
refuses 'it is no text' "a file that is no text"

# --- no place
fresh
chmod 500 "$folder"
refuses 'Permission denied' "a folder that is closed"
like "$err" 'hint: print it' "it is told what to do, and root would have another home"
fresh
rmdir "$folder" && chmod 500 "$HOME_ALICE/.config/devid"
refuses 'Permission denied' "a folder that can't be made"
fresh
mount -t tmpfs -o "uid=$(id -u alice),mode=700,size=8k,nr_inodes=8" full "$folder"
echo '# hers' >"$file" && chown alice: "$file"
dd if=/dev/zero of="$folder/more" bs=4k count=4 2>/dev/null
chown alice: "$folder/more"
before=$(cat "$file")
install
is "$rc" 1 "a full disk: an error"
like "$err" "$file: No space left on device" "a full disk: which names it, and why"
is "$(cat "$file")" "$before" "a full disk: the old file is as it was"
is "$(find "$folder" -name '*.new')" "" "a full disk: no half of a new one"
mount -o remount,ro "$folder"
refuses 'Read-only file system' "a disk that can't be written to"
umount "$folder"

# --- marks
client=git path=$gitconfig
first='# >>> devid profile git vpn.test >>>' last='# <<< devid profile git vpn.test <<<'
for text in "$first" "$last" "$last"$'\n'"$first" "[a]"$'\n'"$first"$'\n'"[b]"; do
	fresh
	printf '%s\n' "$text" >"$gitconfig" && chown alice: "$gitconfig"
	refuses "of devid's two marks" "marks that were torn (${text//$'\n'/, })"
done
fresh
printf '[a]\n x = 1\n%s\nold\n%s\n[b]\n y = 2' "$first" "$last" >"$gitconfig" && chown alice: "$gitconfig"
install
is "$rc" 0 "between two marks: installed" || diag "$(last_run)"
is "$(sed "/^$first/,/^$last/d" "$gitconfig")" $'[a]\n x = 1\n[b]\n y = 2' "what is around them is as it was"
unlike "$(cat "$gitconfig")" old "what was between them is not"
unset client path

# --- what was there is kept, under a name that is free
fresh
echo '# first' >"$file" && chown alice: "$file"
ln "$file" "$HOME_ALICE/.config/devid/same"
ln -s "$bob/target" "$folder/.curl-vpn.test.conf.devid-backup"
install --json
like "$out" '"outcome" : "written"' "over a file with another name: written"
like "$out" '"backup" : "'"$folder"'/.curl-vpn.test.conf.devid-backup.1"' "the name of the old one is told"
is "$(cat "$folder/.curl-vpn.test.conf.devid-backup.1")" "# first" "and it is that"
is "$(cat "$bob/target" "$HOME_ALICE/.config/devid/same")" "theirs
# first" "neither the link that had the name before nor the other name is written to"
install --json
like "$out" '"outcome" : "unchanged"' "the same again: unchanged"
like "$out" '"backup" : null' "and nothing more is kept"
chmod 644 "$file"
install --json
is "$(stat -c %a "$file")" 600 "another mode is put right"
label=ec
install
like "$out" 'curl-vpn.test.conf: written' "another identity"
is "$(find "$folder" -name '.*devid-backup*' | wc -l)" 4 "each of the old ones is there"
unset label

# --- two files: the first is in its place when the second is refused
mkdir -m 700 "$HOME_ALICE/.ssh"
ln -s "$bob/target" "$HOME_ALICE/.ssh/config"
chown -R -h alice: "$HOME_ALICE/.ssh"
run "${E[@]}" devid profile openssh rsa --gateway vpn.test --install --yes
is "$rc" 1 "the second of two files is a link: an error"
like "$err" "$HOME_ALICE/.ssh/config: it is a link" "which names that"
like "$out" 'devid-vpn.test.pub: written' "the first is told"
is "$(cat "$bob/target")" theirs "the link is not followed"
run "${E[@]}" devid profile openssh rsa --gateway vpn.test --install --yes --json
is "$rc" 1 "and with --json"
ok "is one valid object" /usr/bin/python3 -c 'import json, sys; json.loads(sys.argv[1])' "$out"
done_testing
