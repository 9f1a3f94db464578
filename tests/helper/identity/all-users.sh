#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# list --all-users: root sees every user's records, read as that user; hostile homes neither hang nor crash it,
# nor show what their user could not read.
. "$(dirname "$0")/../../lib/common.sh"
. "$TESTS/lib/records.sh"
private_etc "$0" "$@"
need_pki
devid list --all-users --user
is "$rc" 2 "--all-users stands alone"
devid list --all-users pkcs11:token=x
is "$rc" 2 "and not with a URI"
run setpriv --reuid 65534 --regid 65534 --clear-groups "${E[@]}" "DEVID_DATA_DIR=$T/none" "$DEVID_COMMAND" list --all-users
is "$rc" 1 "not for others than root"
like "$err" 'only root' "which is said"
# The rest needs users of its own, in an /etc of its own.
[ "$(id -u)" = 0 ] && mountpoint -q /etc || done_testing
mkdir "$T/homes"
# person NAME UID: a user with a home and an empty record folder, $FOLDER.
person() {
	echo "$1:x:$2:$2::$T/homes/$1:/bin/sh" >>/etc/passwd
	FOLDER=$T/homes/$1/.local/share/devid
	mkdir -p "$FOLDER"
	own "$1"
}
own() {
	local uid
	uid=$(awk -F: -v n="$1" '$1 == n { print $3 }' /etc/passwd)
	chown -Rh "$uid:$uid" "$T/homes/$1"
	chmod 700 "$T/homes/$1" "$T/homes/$1/.local/share/devid" 2>/dev/null
}
record() { # USER LABEL LEAF
	RECORDS_USER=$T/homes/$1/.local/share/devid make_record user "$2" keyring "$PKI/$3.crt" "$PKI/issuing.crt"
	own "$1"
}
all() {
	RUN_BOUND=40 devid list --all-users "$@"
}
person dvalice 61001
person dvbob 61002
person dvnone 61003
record dvalice laptop p256
record dvalice second p384
record dvbob laptop rsa2048
mkdir -p /etc/devid/signing
cp "$PKI/issuing.crt" /etc/devid/signing/issuing.pem
make_record system machine file "$PKI/p521.crt" "$PKI/issuing.crt"
all --json
is "$rc" 0 "root lists all"
is "$(json 'sorted([(i["user"] or "", i["label"]) for i in j["identities"] if not i["user"] or i["user"].startswith("dv")])')" \
	"[('', 'machine'), ('dvalice', 'laptop'), ('dvalice', 'second'), ('dvbob', 'laptop')]" "each with its user"
is "$(json '{i["check"]["reason"] for i in j["identities"] if i["user"] == "dvbob"}')" "{'ok'}" "judged by the machine's account"
all
RECORDS_USER=$T/homes/dvbob/.local/share/devid make_record user authority none "$PKI/root.crt"
own dvbob
all --json
is "$(json 'len([i for i in j["identities"] if i["user"] == "dvbob"]), [(c["user"], c["label"]) for c in j["ca_certificates"]]')" \
	"(1, [('dvbob', 'authority')])" "a CA's certificate of a user's by itself"
rm "$RECORD"
all
like "$out" 'LABEL +USER ' "with a column"
like "$out" 'laptop +dvbob ' "for the user"
is "$err" "" "and without a word else"

# --- hostile homes
person dvlink 61010
mv "$FOLDER" "$T/homes/dvlink/real" && ln -s "$T/homes/dvalice/.local/share/devid" "$FOLDER"
own dvlink
person dvself 61011
rm -r "$T/homes/dvself/.local" && ln -s "$T/homes/dvalice/.local" "$T/homes/dvself/.local"
person dvfifo 61012
mkfifo "$FOLDER/0123456789abcdef.identity"
own dvfifo
person dvfile 61013
rmdir "$FOLDER" && echo x >"$FOLDER"
own dvfile
person dvsteal 61014
alice=$(ls "$T/homes/dvalice/.local/share/devid" | head -n 1)
ln -s "$T/homes/dvalice/.local/share/devid/$alice" "$FOLDER/$alice"
own dvsteal
person dvhard 61015
ln "$T/homes/dvalice/.local/share/devid/$alice" "$FOLDER/$alice" && chown 61015:61015 "$T/homes/dvhard" "$FOLDER"
person dvhuge 61016
truncate -s 3G "$FOLDER/0123456789abcdef.identity"
head -c 200000 /dev/urandom >"$FOLDER/1123456789abcdef.identity"
: >"$FOLDER/2123456789abcdef.identity"
own dvhuge
person dvmany 61017
(cd "$FOLDER" && for i in {1..1100}; do printf -v n '%016x' "$i"; : >"$n.identity"; done)
own dvmany
person dvother 61018
chown 61001:61001 "$FOLDER"
person dvloop 61019
rm -r "$T/homes/dvloop" && ln -s dvloop "$T/homes/dvloop"
person dvlate 61020
record dvlate good p384
echo "dvnowhere:x:61021:61021::/nonexistent:/bin/sh" >>/etc/passwd
echo "dvrelative:x:61022:61022::homes:/bin/sh" >>/etc/passwd
all --json
is "$rc" 0 "hostile homes: the list is there"
ok "in time ($ms ms)" test "$ms" -lt 20000
is "$(json 'sorted([(i["user"], i["label"]) for i in j["identities"] if (i["user"] or "").startswith("dv")])')" \
	"[('dvalice', 'laptop'), ('dvalice', 'second'), ('dvbob', 'laptop'), ('dvlate', 'good')]" "the others' rows, and nothing of another"
for name in 'dvlink: .*link or no folder' 'dvself: .*link or no folder' 'dvfifo: .*not a regular file' \
	'dvfile: .*link or no folder' 'dvsteal: .*symbolic link' 'dvhard: .*(another user|opened)' 'dvhuge: .*too large' 'dvhuge: .*damaged' \
	'dvmany: there is too much'; do
	like "$err" "$name" "told: $name"
done
unlike "$err" 'dvnone|dvnowhere|dvrelative' "what isn't there is no trouble"
is "$(pgrep -P $$ -x devid | wc -l)" 0 "no child is left"

done_testing
