#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the tree says of itself: documents name files and pages that are there, refer to no text that isn't, and
# protocol.md has the numbers of the code.
. "$(dirname "$0")/../lib/common.sh"
cd "$DEVID_SOURCE" || bail "no source"
mapfile -t documents < <(ls README.md data/runbook.md data/doc/*.md)
ok "there are documents" test ${#documents[@]} -ge 9

# The tree's files, in a clone or in an export of one.
mapfile -t files < <(git ls-files 2>/dev/null || find . -type f -not -path './build*' | sed 's,^\./,,')
word=DES
is "$(grep -lw "${word}IGN" -- "${files[@]}" 2>/dev/null)" "" "no file refers to a design that is not in the tree"

# --- paths: names that stand for others (NAME, X, a glob) as far as they are plain
unset absent
while read -r document path; do
	case $path in
	*[A-Z][A-Z]* | */X.c | */X-test.c) path=$(sed 's,[^/]*\(NAME\|SUBJECT\|ROOM\|X\(-test\)\?\.c\).*,,' <<<"$path") ;;
	esac
	compgen -G "$path" >/dev/null || absent+=" $document:$path"
done < <(grep -oE '(^|[^a-zA-Z0-9_/.-])(helper|module|include|data|tests)/[A-Za-z0-9_./*-]+' "${documents[@]}" |
	sed -E 's,:[^a-z]?, ,; s,[.]$,,')
is "${absent:-}" "" "each file or folder that documents name is there"
unset absent
while read -r path; do
	[ -e "data/doc/$path" ] || absent+=" $path"
done < <(cat data/doc/*.md | grep -oE '(^|[^a-z/`-])[a-z]+\.md\b' | grep -oE '[a-z]+\.md' | grep -v '^runbook')
is "${absent:-}" "" "and each other document"

# --- pages: of ours, by name and section
unset absent
while read -r page section; do
	[ -e "data/man/$page.$section" ] || [ -e "data/man/$page.$section.in" ] || absent+=" $page($section)"
done < <(cat -- "${documents[@]}" $(printf '%s\n' "${files[@]}" | grep -E '^(helper|module|include|data)/.*\.(c|h|in|socket|timer|sh)$') |
	grep -oE '\bdevid(-[a-z-]+)? ?\([1-8]\)' | sed -E 's/ ?\(([1-8])\)/ \1/' | sort -u)
is "${absent:-}" "" "each page that is named is there"
unset absent
for page in data/man/*.[1-8] data/man/*.in; do
	while read -r other section; do
		[ -e "data/man/$other.$section" ] || [ -e "data/man/$other.$section.in" ] || absent+=" $page: $other($section)"
	done < <(sed 's/\\-/-/g' "$page" | sed -nE 's/^\.[BR]+ \(?(devid[a-z-]*) \(([1-8])\).*/\1 \2/p')
done
is "${absent:-}" "" "also by other pages"

# --- public headers: what is installed speaks of nothing that isn't, and each is enough by itself
is "$(grep -nE '(helper|module|tests|internal|data/doc)/' include/devid/*.h)" "" "public headers name no file of the tree"
unset poor
for header in include/devid/*.h; do
	${CC:-cc} -std=c11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -Iinclude $(pkg-config --cflags gnutls) -x c \
		"$header" >>"$T/poor" 2>&1 || poor+=" $header"
done
is "${poor:-}" "" "and each can be included alone" || diag "$(cat "$T/poor")"

# --- protocol.md and wire.h: the same names with the same numbers
# numbers PREFIX: "NAME VALUE" of the header's enumerators, which count on where they say nothing.
numbers() {
	sed -E 's,/\*.*,,' include/internal/wire.h include/devid/result.h | grep -oE "^	$1_[A-Z0-9_]+( = [0-9]+)?,?" |
		sed -E "s/^	//; s/,$//; s/ = / /" | awk '{ value = NF > 1 ? $2 : value + 1; print $1, value }' | grep -v RESULT_COUNT | sort
}
protocol=data/doc/protocol.md
is "$(sed -nE 's/^\| ([0-9]+) \| `([A-Z]+)` \| (client|agent) \|$/WIRE_\2 \1/p' $protocol | sort)" "$(numbers WIRE)" \
	"protocol.md has each type"
is "$(sed -n '/^### Tags/,/^## 3/p' $protocol | grep -oE '\| [0-9]+ \| `[A-Z0-9_]+`' | sed -E 's/\| ([0-9]+) \| `(.*)`/TAG_\2 \1/' | sort)" \
	"$(numbers TAG)" "and each tag"
is "$(grep -oE '\| [0-9]+ \| `DEVID_[A-Z_]+`' $protocol | sed -E 's/\| ([0-9]+) \| `(.*)`/\2 \1/' | sort)" "$(numbers DEVID)" \
	"and each result"
is "$(grep -oE '^### [A-Z]+ \([0-9]+\)' $protocol | sed -E 's/### ([A-Z]+) \(([0-9]+)\)/WIRE_\1 \2/' | sort)" \
	"$(numbers WIRE | grep -vE 'REPLY|PROGRESS')" "and a part on each request"
for number in FRAME_MAX:65536 DATA_MAX:60,000; do
	is "$(sed -nE "s/^#define WIRE_${number%:*} ([0-9]+)$/\1/p" include/internal/wire.h)" "$(tr -d , <<<"${number#*:}")" "${number%:*}"
	ok "… in protocol.md" grep -qF "${number#*:}" $protocol
done

# --- devid-connection(5) and the reader of connections
is "$(sed -nE 's/^\.BI ([A-Za-z]+)= .*/\1/p' data/man/devid-connection.5 | sort)" \
	"$(sed -nE 's/^	\{ "([A-Za-z]+)", (set_|CONF_FIELD).*/\1/p' helper/connection/connection.c | sort)" "devid-connection(5) has each key"

# --- formats.md and the reader of records
is "$(sed -n '/^## Records/,/^## Private/p' data/doc/formats.md | grep -oE '^\| `[A-Z][A-Za-z0-9-]*`(, `[A-Za-z-]+`)*' | grep -oE '[A-Z][A-Za-z0-9-]+' | sort)" \
	"$(grep -oE '^	(\[ROW_[A-Z]+\] = )?\{ "[A-Z][A-Za-z0-9-]*", decode_' include/internal/record-parse.c | grep -oE '"[A-Z][A-Za-z0-9-]+' | tr -d '"' | sort)" \
	"formats.md has each line of a record"
is "$(sed -n '/^## Events/,/^## State/p' data/doc/formats.md | grep -E '^\| `[a-z_]+`' | sed 's/|[^|]*|$//' | grep -oE '`[a-z_]+`' | tr -d '`' | sort)" \
	"$(grep -oE 'add(_owned|_foreign)?\(draft, "[a-z_]+"' helper/account/event/event.c | grep -oE '"[a-z_]+"' | tr -d '"' | sort -u)" \
	"and each field of an event"
done_testing
