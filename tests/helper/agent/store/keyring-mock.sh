#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The store "keyring" with a Secret Service that misbehaves (tests/lib/secret-mock.py): what the real
# one can't be made to do.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/keyring.sh"
. "$(dirname "$0")/driver.sh"

KEY=$(printf 'a%.0s' {1..64})
keyring_bus

# mock MODE…: a fresh one, and a fresh driver.
mock() {
	[ -z "${MOCK_PID:-}" ] || {
		driver_stop
		stop "$MOCK_PID"
		wait_for 5 bus_lacks_name org.freedesktop.secrets
	}
	"${E[@]}" "$PYTHON" "$TESTS/lib/secret-mock.py" "$@" >"$T/mock.out" 2>"$T/mock.err" &
	MOCK_PID=$!
	track "$MOCK_PID"
	wait_for 10 bus_has_name org.freedesktop.secrets
	driver_start
}

# Whether the write before gave the service the half: where it did not, nothing needs a mark.
sent() {
	driver sent
	is "$text" "$1" "$2"
}

mock
driver keyring state
is "$progress" ready "works: ready"
driver keyring write "$KEY" label secret
is "$word" ok "works: written, in a session without encryption"
sent yes "works: it was sent"
driver keyring read "$KEY"
is "$word $text" "ok secret" "works: read"
driver keyring remove "$KEY"
driver keyring read "$KEY"
is "$word" key-missing "works: removed"

mock enciphered
driver keyring write "$KEY" label secret
is "$word" ok "enciphered: written, as another reader of the specification deciphers it"
driver keyring read "$KEY"
is "$word $text" "ok secret" "enciphered: read"
# As long as a block: a whole block of padding follows. And one more.
for text_written in 0123456789abcdef 0123456789abcdef0; do
	driver keyring write "$KEY" label "$text_written"
	driver keyring read "$KEY"
	is "$word $text" "ok $text_written" "enciphered: ${#text_written} bytes"
done
for number in zero one last prime long empty text; do
	mock enciphered "$number"
	driver keyring write "$KEY" label secret
	is "$word" io "a session whose number is $number: refused"
	driver keyring state
	isnt "$progress" ready "a session whose number is $number: not ready"
done
for fault in padding zero-padding part no-start; do
	mock enciphered "$fault"
	driver keyring write "$KEY" label secret
	driver keyring read "$KEY"
	is "$word" bad-data "a secret enciphered with a wrong $fault: no key"
done

mock hidden
driver keyring state
is "$progress" locked "hidden: locked"
driver keyring write "$KEY" label secret
is "$word" ok "hidden: written after an unlock"
isnt "$progress" 0 "hidden: which told the client"
driver keyring read "$KEY"
is "$text" secret "hidden: read"
mock hidden
driver keyring read "$KEY"
is "$word" key-missing "hidden: nothing found may mean locked: unlocked, looked again, not there"
isnt "$progress" 0 "hidden: a person was asked"

mock locked no-unlock
driver keyring write "$KEY" label secret
is "$word" store-locked "Unlock raises: locked"
sent no "Unlock raises: nothing was sent"
mock locked no-prompt
driver keyring write "$KEY" label secret
is "$word" io "Prompt fails: an error"
within "$AT_ONCE" "Prompt fails: at once"
sent no "Prompt fails: nothing was sent"

mock no-create
driver keyring write "$KEY" label secret
is "$word" io "CreateItem fails: an error"
like "$text" "the disk is full" "CreateItem fails: with the daemon's words"
sent yes "CreateItem fails: what became of the half isn't known"
driver keyring read "$KEY"
is "$word" key-missing "CreateItem fails: nothing is there"

mock asks
driver keyring write "$KEY" label secret
is "$word" ok "CreateItem asks: written"
driver keyring read "$KEY"
is "$text" secret "CreateItem asks: read"
driver keyring remove "$KEY"
is "$word" ok "Delete asks: removed"
driver keyring read "$KEY"
is "$word" key-missing "Delete asks: gone"

bounds_short
mock asks never
driver keyring write "$KEY" label secret
is "$word" store-timeout "CreateItem asks and nobody answers: a timeout"
within "$AT_ONCE" "CreateItem asks: at the prompt's bound"
sent yes "CreateItem asks: the half is with the service"
ok "its prompt is taken away" wait_for 5 grep -q dismissed "$T/mock.out"
driver keyring state
is "$progress" ready "and the next request works"

bounds_real
mock forgets
driver keyring write "$KEY" label secret
is "$word" io "what reads back differently: an error"
like "$text" "reads back differently" "and says so"
driver keyring read "$KEY"
is "$word" key-missing "and is taken out again"

mock no-default
driver keyring state
is "$progress" locked "no collection yet: asked for when needed"
driver keyring write "$KEY" label secret
is "$word" ok "no collection yet: made, with a question"
isnt "$progress" 0 "no collection yet: the client was told"
driver keyring read "$KEY"
is "$text" secret "no collection yet: read"

mock dangling
driver keyring state
is "$progress" missing "a default collection that isn't there: missing"
driver keyring write "$KEY" label secret
is "$word" store-missing "a default collection that isn't there: nothing is written"
like "$text" 'its default collection, "ghost", isn.t there for its daemon' "and said which"
sent no "and nothing was sent"

bounds_short
mock slow
driver keyring write "$KEY" label secret
is "$word" store-timeout "answers that drip: the bound is for all of it"
within "$AT_ONCE" "answers that drip: at the bound"
driver keyring read "$KEY"
isnt "$word" hangs "and the next request ends"

bounds_real
mock no-session
driver keyring read "$KEY"
isnt "$word" hangs "no session: ends"
driver keyring write "$KEY" label secret
isnt "$word" ok "no session: nothing is written"
within "$AT_ONCE" "no session: within the bound"
sent no "no session: nothing was sent"
driver keyring state
isnt "$progress" ready "no session: not ready"

mock wrong-types
driver keyring write "$KEY" label secret
isnt "$word" hangs "answers of other types: it ends ($word)"
driver keyring state
isnt "$word" hangs "answers of other types: the state too ($progress)"

mock locked
for i in 1 2 3 4 5 6; do
	echo "keyring write $(printf "$i%.0s" {1..64}) label $i" |
		"${E[@]}" "$DEVID_STORE_DRIVER" >"$T/many.$i" 2>&1 &
	many[i]=$!
done
for i in 1 2 3 4 5 6; do wait "${many[i]}"; done
is "$(cat "$T"/many.* | grep -c '^ok')" 6 "six clients at once before a locked keyring: all served"
driver_stop
unlike "$(cat "$T/driver.err")" "CRITICAL|WARNING|Sanitizer" "no library complained"
done_testing
