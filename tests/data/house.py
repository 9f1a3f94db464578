#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""The house (data/doc/architecture.md): rooms, arrows, headers, names. TAP on standard output.

house.py SOURCE BUILD

What a file uses is read from its #include lines and, for calls and data, from the symbols of its object: the
build must be complete. `also` in the functions below is what the test puts in to see that it would be found.
"""
import json
import os
import re
import subprocess
import sys
from collections import defaultdict

source, build = (os.path.realpath(path) for path in sys.argv[1:3])

# --- the picture: a room may use what stands for it here, and itself
LIBRARY = ["account", "account/event", "account/policy", "account/office", "account/posture", "base", "include"]
COMMAND = ["command", "command/proxy", "command/connect", "command/doctor", "command/reset", "command/request", "command/import", "command/profile",
           "command/admin", "command/check", "command/vpn", "command/cli"]
AGENT = ["agent/server", "agent/request", "agent/gate", "agent/identity", "agent/store", "agent/key"]
ROOMS = ["identity", "keyfile", "connection"]
arrows = {
    "include": [],
    "base": ["include"],
    "module": ["include"],
    "account/event": ["base", "include"],
    "account/office": ["base", "include"],
    "account/posture": ["base", "include"],
    "account/policy": ["account/office", "account/posture", "base", "include"],
    "account": LIBRARY[1:],
    "account/lint": LIBRARY,
    "account/notify": LIBRARY,
    "root": LIBRARY,
    "admin": ["root", "connection"] + LIBRARY,
    "tunnel": ["root", "connection"] + LIBRARY,
}
for room in ROOMS:
    arrows[room] = LIBRARY
for place, room in enumerate(AGENT):
    arrows[room] = AGENT[place + 1:] + LIBRARY + ["account/notify"]
arrows["agent/store"] = LIBRARY
for place, room in enumerate(COMMAND):
    arrows[room] = COMMAND[place + 1:] + ROOMS + LIBRARY + ["account/lint", "account/notify"]

# Headers of tables, and the table's file: they declare the rows, whose files are many. A row is named by its table alone.
tables = {
    "command/command.h": "command/main.c",
    "command/admin/account.h": "command/account.c",
    "command/admin/ca.h": "command/ca.c",
    "command/admin/policy.h": "command/policy.c",
    "command/doctor/doctor.h": "command/doctor/table.c",
    "command/profile/profile.h": "command/profile/table.c",
    "command/vpn/driver.h": "command/vpn/driver.c",
    "account/lint/lint.h": "account/lint/lint.c",
    "account/office/office.h": "account/office/office.c",
    "account/posture/posture-table.h": "account/posture/posture-table.c",
    "agent/request/request.h": "agent/request/request.c",
    "agent/store/store.h": "agent/store/table.c",
}


def room_of(path):
    if path.startswith("include/"):
        return "include"
    if path == "helper/account/event/notify.c" or path == "helper/account/event/notify.h":
        return "account/notify"  # not in libdevid
    return os.path.dirname(path.removeprefix("helper/"))


def tree(*endings):
    found = []
    for top in ("helper", "module", "include"):
        for folder, _, names in os.walk(os.path.join(source, top)):
            found += [os.path.relpath(os.path.join(folder, name), source) for name in names if name.endswith(endings)]
    return sorted(found)


def read(path):
    with open(os.path.join(source, path), encoding="utf-8") as file:
        return file.read()


def resolve(path, name):
    """The file that `#include "name"` in `path` means, and whether it is spelled as the house has it."""
    own = os.path.join(os.path.dirname(path), name)
    if "/" not in name and os.path.exists(os.path.join(source, own)):
        return own, True
    for base in ("helper", "include", "."):
        other = os.path.normpath(os.path.join(base, name))
        if os.path.exists(os.path.join(source, other)):
            return other, base == "helper" and os.path.dirname(other) != os.path.dirname(path)
    return None, name == "config.h"


def includes(paths):
    uses, odd = defaultdict(set), []
    for path in paths:
        for mark, name in re.findall(r'^#include (["<])([^">]+)[">]', read(path), re.M):
            if mark == '"':
                target, good = resolve(path, name)
                if not good:
                    odd.append(f'{path}: "{name}"')
            else:
                target = "include/" + name if os.path.exists(os.path.join(source, "include", name)) else None
            if target:
                uses[path].add(target)
    return uses, odd


def symbols():
    """defined: name -> files; used: file -> names, of every object that is made of a file of the product."""
    defined, used, objects = defaultdict(set), defaultdict(set), {}
    with open(os.path.join(build, "compile_commands.json"), encoding="utf-8") as file:
        commands = json.load(file)
    for command in commands:
        path = os.path.relpath(os.path.realpath(os.path.join(command["directory"], command["file"])), source)
        built = os.path.join(command["directory"], command["output"])
        if path.startswith(("helper/", "module/", "include/")) and os.path.exists(built):
            objects[built] = path
    listed = subprocess.run(["nm", "--print-file-name", *objects], check=True, capture_output=True, text=True).stdout
    for line in listed.splitlines():
        built, _, rest = line.partition(":")
        *_, kind, name = rest.split()
        if kind in "TDRBC":
            defined[name].add(objects[built])
        elif kind == "U":
            used[objects[built]].add(name)
    return defined, used


def against(uses, also=()):
    """The arrows that go the wrong way."""
    pairs = [(path, target) for path, targets in uses.items() for target in targets] + list(also)
    return sorted(f"{path} -> {target}" for path, target in set(pairs)
                  if room_of(path) != room_of(target) and room_of(target) not in arrows[room_of(path)])


def circles(uses, also=()):
    """Strongly connected files (Tarjan)."""
    graph = {path: set(targets) for path, targets in uses.items()}
    for path, target in also:
        graph.setdefault(path, set()).add(target)
    number, low, stack, on, found = {}, {}, [], set(), []

    def visit(path):
        number[path] = low[path] = len(number)
        stack.append(path)
        on.add(path)
        for target in graph.get(path, ()):
            if target not in number:
                visit(target)
                low[path] = min(low[path], low[target])
            elif target in on:
                low[path] = min(low[path], number[target])
        if low[path] == number[path]:
            members = []
            while not members or members[-1] != path:
                members.append(stack.pop())
                on.discard(members[-1])
            if len(members) > 1:
                found.append(" ".join(sorted(members)))

    sys.setrecursionlimit(10000)
    for path in list(graph):
        if path not in number:
            visit(path)
    return sorted(found)


def declared(text):
    """The functions and data that a header declares: what stands outside of braces."""
    text = re.sub(r'extern "C" \{|/\*.*?\*/', " ", text, flags=re.S)
    text = re.sub(r"^[ \t]*#.*(?:\\\n.*)*", "", text, flags=re.M)
    plain, depth = "", 0
    for char in text:
        depth += (char == "{") - (char == "}")
        plain += char if depth == 0 else ""
    return {name for form in (r"\b(\w+)\s*\(", r"\(\*(\w+)\)", r"\b(\w+)(?:\[[^]]*\])*\s*[,;]")
            for name in re.findall(form, plain)}


def strays(defined, used, also=()):
    """External names that others use, and that the header of their file's name doesn't declare."""
    # The library's public headers go by what their callers need, not by files of ours.
    public = set().union(*(declared(read(path)) for path in tree(".h") if path.startswith("include/")))
    rows = {(name, "helper/" + table) for header, table in tables.items() for name in declared(read("helper/" + header))}
    found = set(also)
    for name, paths in defined.items():
        for path in paths:
            users = {other for other, names in used.items() if name in names and other != path}
            # Cryptoki's own functions stand in its header.
            if not users or name in public or name.startswith("C_"):
                continue
            if (name, path) in rows or any((name, user) in rows and users == {user} for user in users):
                continue
            own = path.removesuffix(".c") + ".h"
            if not os.path.exists(os.path.join(source, own)) or name not in declared(read(own)):
                found.add(f"{path}: {name}")
    return sorted(found)


def misnamed(defined):
    """External names that don't begin with a word of their file's name or with their room's."""
    found = set()
    rows = {name for header in tables for name in declared(read("helper/" + header))}
    for name, paths in defined.items():
        for path in paths:
            words = re.split("[/-]", path.removesuffix(".c"))
            stem = os.path.basename(path).removesuffix(".c").replace("-", "_")
            # The library's, Cryptoki's, GnuTLS's, and the rows that a table's header declares.
            if name.startswith(("devid_", "C_", "_", stem)) or name in rows | {"main"}:
                continue
            if not any(re.match(re.escape(word.removesuffix("s")) + "s?(_|$)", name) for word in words[1:]):
                found.add(f"{path}: {name}")
    return sorted(found)


count = 0


def is_empty(found, what):
    global count
    count += 1
    print(f"{'not ok' if found else 'ok'} {count} - {what}")
    for line in found[:40]:
        print(f"# {line}")


def is_found(found, wanted, what):
    is_empty([] if any(wanted in line for line in found) else [f"{wanted} is not found"], what)


code = tree(".c", ".h")
headers, odd = includes(code)
defined, used = symbols()
calls = {path: {other for name in names for other in defined.get(name, ()) if other != path} for path, names in used.items()}

if __name__ == "__main__":
    is_empty([] if len(calls) > 300 else [f"{len(calls)} objects"], "the build is complete")
    is_empty([room_of(path) + ": " + path for path in code if room_of(path) not in arrows], "each file is in a room")
    is_empty(odd, "headers are named by their path from helper/, those of the own room by the name")
    is_empty(against(headers), "no #include against an arrow")
    is_empty(against(calls), "no call against an arrow")
    is_empty(circles(headers), "headers include each other in no circle")
    is_empty(circles(calls), "files call each other in no circle")
    is_empty([f"{path} -> {target}" for path, targets in headers.items() for target in targets
              if target.endswith("-private.h") and os.path.dirname(target).split("/")[:2] != os.path.dirname(path).split("/")[:2]],
             "nobody outside includes a private header")
    is_empty([f"{name}: {' '.join(sorted(paths))}" for name, paths in sorted(defined.items())
              if name != "main" and len(paths) > 1], "no external name stands twice")
    is_empty(strays(defined, used), "what a file gives to others, the header of its name declares")
    is_empty(misnamed(defined), "what is external begins with its file's or its room's name")
    is_empty([path for path in tree(".c", ".h") if "SPDX-License-Identifier: " not in read(path).partition("\n")[0]],
             "each file begins with its licence")
    # Each would be noticed.
    wrong = ("helper/base/text.c", "helper/command/main.c")
    is_found(against(headers, [wrong]), wrong[1], "an #include against an arrow would be seen")
    is_found(against(calls, [("module/entry.c", "helper/base/text.c")]), "module/entry.c", "a call against an arrow would be seen")
    is_found(circles(calls, [("helper/base/text.c", "helper/base/error.c"), ("helper/base/error.c", "helper/base/text.c")]),
             "helper/base/error.c", "a circle would be seen")
    is_found(strays({"text_nowhere": {"helper/base/text.c"}}, {"helper/base/error.c": {"text_nowhere"}}), "text_nowhere",
             "a function that no header declares would be seen")
    is_found(misnamed({"choose": {"helper/base/text.c"}}), "choose", "a name of no file would be seen")
    print(f"1..{count}")
