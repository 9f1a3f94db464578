#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# The store "keyring" with the real gnome-keyring, in every state that a desktop gets it into. Bounds
# are short where nobody answers (bounds_short); keyring-soak.sh waits for the real ones.
. "$(dirname "$0")/../../../lib/common.sh"
. "$TESTS/lib/keyring.sh"
. "$(dirname "$0")/driver.sh"

KEY=$(printf 'a%.0s' {1..64})
OTHER=$(printf 'b%.0s' {1..64})

# --- no bus ------------------------------------------------------------------------------------

driver_once keyring read "$KEY"
is "$word" store-missing "no bus: missing"
within "$AT_ONCE" "no bus: at once"
driver_once keyring state
is "$progress" missing "no bus: the state says so"
like "$text" "no session bus" "no bus: and why"

DBUS_SESSION_BUS_ADDRESS=unix:path=$T/run/nothing env_build
env_set DBUS_SESSION_BUS_ADDRESS="unix:path=$T/run/nothing"
driver_once keyring read "$KEY"
is "$word" store-missing "address pointing nowhere: missing"
within "$AT_ONCE" "address pointing nowhere: at once"
driver_once keyring state
is "$progress" missing "address pointing nowhere: the state says so"

env_set DBUS_SESSION_BUS_ADDRESS=autolaunch:
driver_once keyring read "$KEY"
is "$word" store-missing "autolaunch: never"
E_SET=()
unset DBUS_SESSION_BUS_ADDRESS

mkfifo "$T/run/bus"
env_build
driver_once keyring read "$KEY"
is "$word" store-missing "a pipe in the bus's usual place: missing"
rm "$T/run/bus"

# --- a bus without a keyring -------------------------------------------------------------------

keyring_bus
driver_once keyring read "$KEY"
is "$word" store-missing "bus without a daemon: missing"
within "$AT_ONCE" "bus without a daemon: at once"

# --- open --------------------------------------------------------------------------------------

keyring_start open
driver_start
driver keyring state
is "$progress" ready "open: ready"
driver keyring read "$KEY"
is "$word" key-missing "open: what isn't there is missing, not an error of the store"
driver keyring write "$KEY" "my-laptop" "the private half"
is "$word" ok "open: written"
driver keyring read "$KEY"
is "$word $text" "ok the private half" "open: read back"
within "$AT_ONCE" "open: fast"
is "$progress" 0 "open: nobody was asked"
is "$(keyring_items)" "Device key my-laptop (devid): deleting it disconnects this computer" \
	"the item tells a person what it is"
driver keyring write "$KEY" "my-laptop" "the private half"
is "$word" ok "open: written again"
is "$(keyring_items | wc -l)" 1 "it is there once"
driver keyring write "$KEY" "my-laptop" "another half"
driver keyring read "$KEY"
is "$text" "another half" "a half that differs is replaced"
is "$(keyring_items | wc -l)" 1 "and there once"
driver keyring write "$OTHER" "other" "second"
is "$(keyring_items | wc -l)" 2 "two keys, two items"
driver keyring remove "$OTHER"
is "$word" ok "open: removed"
driver keyring remove "$OTHER"
is "$word" ok "open: removed twice"
driver keyring relabel "$KEY" renamed
like "$(keyring_items)" "Device key renamed " "relabelled"
driver_stop
driver_once keyring read "$KEY"
is "$text" "another half" "another process reads it"
XDG_SAVED=$DBUS_SESSION_BUS_ADDRESS
unset DBUS_SESSION_BUS_ADDRESS
ln -s session-bus "$T/run/bus"
env_build
driver_once keyring read "$KEY"
is "$word" store-missing "no variable, a link in the usual place: not followed"
rm "$T/run/bus"
ln "$T/run/session-bus" "$T/run/bus"
driver_once keyring read "$KEY"
is "$text" "another half" "no variable, a socket in the usual place: used"
rm "$T/run/bus"
DBUS_SESSION_BUS_ADDRESS=$XDG_SAVED
env_build

# --- locked ------------------------------------------------------------------------------------

driver_start
driver keyring read "$KEY"
driver locked
is "$text" 0 "nothing locked so far"
keyring_lock
told() { driver locked; [ "$text" -ge 1 ]; }
ok "the watcher hears that it locked" wait_for 5 told
driver keyring state
is "$progress" locked "locked: the state says so"
driver keyring read "$KEY"
is "$word" store-locked "locked, no prompter: locked, not missing"
within "$AT_ONCE" "locked, no prompter: at once"
driver keyring write "$OTHER" x y
is "$word" store-locked "locked, no prompter: not written"
driver keyring remove "$KEY"
is "$word" store-locked "locked, no prompter: not removed"
keyring_unlock
driver keyring read "$KEY"
is "$word $text" "ok another half" "unlocked elsewhere: read"
driver_stop

# After a restart the daemon knows no attributes but their hashes.
keyring_stop
keyring_start locked
driver_once keyring read "$KEY"
is "$word" store-locked "started locked, no prompter: locked"
driver_once keyring state
is "$progress" locked "started locked: the state says so"

# --- a person is asked -------------------------------------------------------------------------

prompter_start dismiss
driver_once keyring read "$KEY"
is "$word" store-dismissed "prompt dismissed: dismissed"
is "$(prompts)" 1 "prompt dismissed: asked once"
isnt "$progress" 0 "prompt dismissed: the client was told of the prompt"
prompter_stop

prompter_start answer keyring
driver_start
driver keyring read "$KEY"
is "$word $text" "ok another half" "prompt answered: read"
isnt "$progress" 0 "prompt answered: the client was told of the prompt"
driver keyring read "$KEY"
is "$(prompts) $text" "1 another half" "prompt answered: asked once"
keyring_lock
driver keyring write "$OTHER" other "second half"
is "$word" ok "prompt answered: written"
driver keyring read "$OTHER"
is "$text" "second half" "and read"
keyring_lock
driver keyring remove "$OTHER"
is "$word" ok "prompt answered: removed"
driver keyring read "$OTHER"
is "$word" key-missing "and gone"
driver_stop
prompter_stop

# Several at once, one question.
keyring_lock
prompter_start answer keyring 300
for i in 1 2 3 4; do
	echo "keyring read $KEY" | "${E[@]}" "$DEVID_STORE_DRIVER" >"$T/many.$i" 2>&1 &
	many[i]=$!
done
for i in 1 2 3 4; do wait "${many[i]}"; done
is "$(cat "$T"/many.* | grep -c '^ok .*another half$')" 4 "four processes at once: all read it"
prompter_stop

keyring_lock
prompter_start silent
bounds_short
driver_start
driver keyring read "$KEY"
is "$word" store-timeout "prompter silent: a timeout"
within "$AT_ONCE" "prompter silent: at its bound"
isnt "$progress" 0 "prompter silent: the client was told of the prompt"
not_ok "prompter silent: the daemon survived that" gone "$KEYRING_PID"
driver keyring state
is "$progress" locked "prompter silent: the next request works"
driver_stop
bounds_real
driver_start
driver cancel 300
driver keyring read "$KEY"
is "$word" store-timeout "client gone while the prompt is open: ended"
within "$AT_ONCE" "client gone: ended at once"
keyring_unlock
driver keyring read "$KEY"
is "$text" "another half" "then unlocked: read"
keyring_lock

# --- the daemon dies ---------------------------------------------------------------------------

# The dialog that nobody answered is still open: a prompter of its own.
prompter_stop
prompter_start silent
echo "keyring read $KEY" >&"${DRIVER[1]}"
wait_for 5 prompt_is_open
keyring_kill
driver_answer
is "$word" store-missing "killed while a prompt is open: missing"
within "$AT_ONCE" "killed while a prompt is open: at once"
driver keyring read "$KEY"
is "$word" store-missing "killed: missing"
prompter_stop
keyring_start open
driver keyring read "$KEY"
is "$word $text" "ok another half" "restarted: read, nothing lost"
driver locked
isnt "$text" 0 "the watcher heard that the daemon went"
keyring_kill
keyring_start open
driver keyring read "$KEY"
is "$word $text" "ok another half" "killed and restarted between calls: read"
driver keyring write "$OTHER" other "second half"
keyring_kill
keyring_start open
driver keyring read "$OTHER"
is "$text" "second half" "what was written outlives the daemon's death"

# --- the daemon hangs --------------------------------------------------------------------------

driver_stop
bounds_short
driver_start
driver keyring read "$KEY"
keyring_pause
driver keyring read "$KEY"
is "$word" store-timeout "stopped: a timeout"
within "$AT_ONCE" "stopped: at its bound"
driver keyring write "$KEY" x y
is "$word" store-timeout "stopped: the next one too"
driver keyring state
is "$progress" missing "stopped: the state says so"
within "$AT_ONCE" "stopped: the state's bound"
keyring_resume
driver keyring read "$KEY"
is "$word $text" "ok another half" "resumed: read, nothing changed"
driver_stop

keyring_pause
driver_once keyring read "$KEY"
is "$word" store-timeout "stopped before the first call: a timeout"
within "$AT_ONCE" "stopped before the first call: at its bound"
keyring_resume

kill -STOP "$BUS_PID"
driver_start
driver keyring read "$KEY"
is "$word" store-timeout "the bus stopped: a timeout"
within "$AT_ONCE" "the bus stopped: at its bound"
kill -CONT "$BUS_PID"
driver keyring read "$KEY"
is "$word" ok "the bus resumed: read"
keyring_stop
keyring_bus_stop
driver keyring read "$KEY"
is "$word" store-missing "the bus gone: missing"
within "$AT_ONCE" "the bus gone: at once"
driver_stop
unlike "$(cat "$T/driver.err")" "CRITICAL|WARNING|Sanitizer" "no library complained"
done_testing
