#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""confined.py PROFILE BASE ROOT: makes the folder ROOT a root in which there is what the AppArmor profile PROFILE (with
what it includes, from BASE) lets a program read, and no other file; what it may not write to is read-only.

Stands in for AppArmor where the kernel has none. Coarser than it: /proc and /sys are there as a whole, what is new in
/run and beside an allowed file is not hidden or refused. Stricter: a "**" within a name is left out.
"""
import fnmatch
import glob
import os
import re
import subprocess
import sys

profile, base, root = sys.argv[1:]
text = subprocess.run(["apparmor_parser", "--preprocess", "--base", base, profile], check=True, text=True,
                      stdout=subprocess.PIPE, stderr=subprocess.DEVNULL).stdout
variables = {}
for name, values in re.findall(r"^@\{(\w+)\} *\+?= *(.*)$", text, re.M):
    variables.setdefault(name, []).extend(values.strip('"').split())


def expand(pattern):
    """Without variables and braces."""
    found = re.search(r"@\{(\w+)\}", pattern)
    if found:
        values = variables.get(found[1], [])
    else:
        found = re.search(r"\{([^{}]*)\}", pattern)
        if not found:
            return [re.sub("/+", "/", pattern)]
        values = found[1].split(",")
    return [end for value in values for end in expand(pattern[:found.start()] + value + pattern[found.end():])]


def mount(source, target, writable):
    subprocess.run(["mount", "--bind", source, target], check=True)
    if not writable:
        subprocess.run(["mount", "-o", "remount,bind,ro", target], check=True)


def make_folder(path):
    """With those that it is in, each as the real one is."""
    if path != "/" and not os.path.isdir(root + path):
        make_folder(os.path.dirname(path))
        status = os.stat(path)
        os.mkdir(root + path)
        os.chown(root + path, status.st_uid, status.st_gid)
        os.chmod(root + path, status.st_mode & 0o7777)


allowed = {}  # pattern: may be written to
for pattern, modes in re.findall(r"^\s*(/\S*|@\{\S*)\s+([a-zA-Z]+),", text, re.M):
    if not pattern.startswith(("@{PROC}", "@{sys}", "/proc")):
        for path in expand(pattern):
            allowed[path] = allowed.get(path, False) or "w" in modes

os.mkdir(root + "/var")
for link in glob.glob("/*") + glob.glob("/var/*"):
    if os.path.islink(link):
        os.symlink(os.readlink(link), root + link)
for name in "proc", "sys", "run":
    os.mkdir(f"{root}/{name}")
    subprocess.run(["mount", "--rbind" if name == "proc" else "--bind", f"/{name}", f"{root}/{name}"], check=True)
for entry in os.scandir("/run"):
    if any(fnmatch.fnmatchcase(entry.path, pattern) for pattern in allowed):
        continue
    if entry.is_dir(follow_symlinks=False):
        subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=755", "hidden", root + entry.path], check=True)
    elif not entry.is_symlink():
        subprocess.run(["mount", "--bind", "/dev/null", root + entry.path], check=True)

matches = {}
for pattern, writable in allowed.items():
    # A whole tree, or names.
    names = pattern[:-3] if pattern.endswith("/**") else pattern
    for path in glob.glob(names, include_hidden=True) if "**" not in names else []:
        plain = path.rstrip("/")
        if os.path.realpath(os.path.dirname(plain)) == os.path.dirname(plain) and not plain.startswith("/run/charon."):
            whole = pattern.endswith("/**") or not os.path.isdir(plain)
            before = matches.get(plain, (False, False))
            matches[plain] = whole or before[0], writable or before[1]
trees = []
for path, (whole, writable) in sorted(matches.items()):
    target = root + path
    if any(path.startswith(tree + "/") for tree in trees) and not writable:
        continue
    make_folder(os.path.dirname(path))
    if os.path.islink(target):
        continue
    if os.path.islink(path):
        os.symlink(os.readlink(path), target)
    elif os.path.isdir(path):
        make_folder(path)
        if whole:
            mount(path, target, writable)
            trees.append(path)
    else:
        if not os.path.exists(target):
            open(target, "w").close()
        mount(path, target, writable)
