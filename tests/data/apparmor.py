#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a program opened, ran, wrote and locked in a test, held to the rules of its AppArmor profile: a kernel without
AppArmor can't. A line is what the profile refuses; how much was looked at goes to standard error.

apparmor.py BASE PROFILE traced PROGRAM TRACE…	what PROGRAM did in strace's TRACE, made with -f -y --pidns-translation
apparmor.py BASE PROFILE inherited PROGRAM TRACE…	and what was run by it
apparmor.py BASE PROFILE asked [LETTERS PATH]…	those

The rules are those that apparmor_parser makes of the profile: its own regular expressions, includes and variables done.
BASE is the folder that includes are looked for in.
"""
import os
import re
import subprocess
import sys

# Letters of a rule, and their bits in what the parser shows: those of the file's owner, then those of others.
BITS = {"x": 0x1, "w": 0x2, "r": 0x4, "a": 0x8, "l": 0x10, "k": 0x20, "m": 0x40}
OTHERS = 14
# Where tests have homes, and a person's runtime folder.
PLACES = [(r"^/tmp/dv\w{6}/run/session-bus$", "/run/user/1000/bus"), (r"^/tmp/dv\w{6}/run/tpm-\w+(?:\.ctrl)?$", "/dev/tpmrm0"),
          (r"^/tmp/dv\w{6}/users/root(?=/|$)", "/root"), (r"^/tmp/dv\w{6}/users/", "/home/"),
          (r"^/proc/(?:self|thread-self)(?=/|$)", "/proc/1000")]


class Rules:
    """Of the one profile of a file: what it allows, and what it denies."""

    def __init__(self, base, file):
        dump = subprocess.run(["apparmor_parser", "--base", base, "--skip-kernel-load", "--skip-cache", "--dump=rule-exprs", file],
                              capture_output=True, text=True, check=False)
        if dump.returncode != 0:
            sys.exit(dump.stderr)
        self.allowed, self.denied = [], []
        for regex, deny, mode in re.findall(r"^rule: (.*?)  ->  .*? (deny )?\((0x[0-9a-f]+)/", dump.stdout + dump.stderr, re.M):
            if regex.startswith("/") or regex.startswith("("):
                (self.denied if deny else self.allowed).append((re.compile(regex), int(mode, 16)))

    def permit(self, path, letters):
        wanted = sum(BITS[letter] for letter in letters)
        given = refused = 0
        for regex, mode in self.allowed:
            if regex.fullmatch(path):
                given |= mode & 0x7f | mode >> OTHERS & 0x7f
        for regex, mode in self.denied:
            if regex.fullmatch(path):
                refused |= mode & 0x7f | mode >> OTHERS & 0x7f
        if given & BITS["w"]:
            given |= BITS["a"]
        return wanted & ~(given & ~refused) == 0


def lines(file):
    """Whole calls: (pid, text)."""
    begun = {}
    for line in file:
        match = re.match(r"(\d+) +(.*)\n", line)
        if not match:
            continue
        pid, text = int(match[1]), match[2]
        if text.endswith(" <unfinished ...>"):
            begun[pid] = text[:-len(" <unfinished ...>")]
            continue
        resumed = re.match(r"<\.\.\. \w+ resumed>(.*)", text)
        if resumed:
            text = begun.pop(pid, "?") + resumed[1]
        yield pid, text


def unquote(text):
    return text.encode().decode("unicode_escape").encode("latin-1").decode("utf-8", "replace")


def named(text):
    """Each path that a call names, with the folder it is below."""
    for folder, path in re.findall(r'(?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"', text):
        path = unquote(path)
        yield os.path.normpath(os.path.join(folder or "/", path))


# Opened as such; AppArmor's name of a folder ends with a slash.
folders = set()


def opened(text):
    match = re.search(r"\) = \d+<(.*)>$", text)
    if not match or not match[1].startswith("/"):
        return
    path, flags = match[1].removesuffix(" (deleted)"), text
    if "O_PATH" in flags:
        return
    if "O_DIRECTORY" in flags:
        folders.add(path)
        path = path.rstrip("/") + "/"
    letters = "r" if "O_RDONLY" in flags else "rw" if "O_RDWR" in flags else "w"
    if "O_CREAT" in flags or "O_TRUNC" in flags:
        letters += "w"
    yield path, "".join(dict.fromkeys(letters))


def touched(text):
    """What AppArmor would be asked for a call that succeeded: (path, letters)."""
    call = text.partition("(")[0]
    if not re.search(r"\) += (?!-1)", text):
        return
    if call in ("open", "openat", "openat2", "creat"):
        yield from opened(text)
    elif call in ("rename", "renameat", "renameat2"):
        paths = list(named(text))
        yield paths[0], "rw"
        yield paths[1], "w"
    elif call in ("link", "linkat"):
        yield list(named(text))[1], "l"
    elif call in ("mkdir", "mkdirat", "rmdir") or call == "unlinkat" and "AT_REMOVEDIR" in text:
        yield list(named(text))[0] + "/", "w"
    elif call in ("unlink", "unlinkat", "symlink", "symlinkat", "chmod", "fchmodat", "chown", "lchown", "fchownat", "truncate",
                  "mknodat", "utimensat"):
        for path in list(named(text))[-1:]:
            yield path, "w"
    elif call in ("fchmod", "fchown", "flock") or call == "fcntl" and "F_SETLK" in text or call == "mmap" and "PROT_EXEC" in text:
        match = re.search(r"\d+<(/.*?)>", text)
        if match:
            yield match[1].removesuffix(" (deleted)"), {"flock": "k", "fcntl": "k", "mmap": "m"}.get(call, "w")
    elif call in ("connect", "bind"):
        match = re.search(r'sun_path="(/[^"]*)"', text)
        if match:
            yield match[1], "rw" if call == "connect" else "w"
    elif call in ("execve", "execveat"):
        yield list(named(text))[0], "x"


def of_program(path, program, inherited=False):
    """What the program and its threads did, and what it ran: (path, letters)."""
    parents, runs = {}, {}
    with open(path, encoding="utf-8", errors="surrogateescape") as file:
        calls = list(lines(file))
    for pid, text in calls:
        match = re.match(r"(?:v?fork|clone3?)\(.*\) = (\d+)(?: /\* (\d+) in strace's PID NS \*/)?$", text)
        if match:
            parents[int(match[2] or match[1])] = pid

    def is_it(pid):
        while pid is not None:
            if pid in runs:
                return runs[pid]
            pid = parents.get(pid)
        return False

    for pid, text in calls:
        if text.startswith("execve(") and text.endswith(" = 0"):
            began, runs_it = is_it(pid), bool(re.fullmatch(program, list(named(text))[0]))
            if began and not runs_it:
                yield from touched(text)
            runs[pid] = runs_it or began and inherited
        elif is_it(pid):
            yield from touched(text)


def home(path):
    for place, real in PLACES:
        path = re.sub(place, real, path)
    return path


def main():
    base, file, how, *words = sys.argv[1:]
    rules = Rules(base, file)
    if how == "asked":
        asked = set(zip(words[1::2], words[::2]))
    else:
        asked = {(home(path), letters) for trace in words[1:] for path, letters in of_program(trace, words[0], how == "inherited")}
        asked = {(path + "/" if path in map(home, folders) else path, letters) for path, letters in asked}
    print(f"{len(asked)} looked at", file=sys.stderr)
    for path, letters in sorted(asked):
        if not rules.permit(path, letters):
            print(letters, path)


if __name__ == "__main__":
    main()
