#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""complete.py SHELL FILE LINE: what SHELL makes of LINE when it is typed with Tab and Return, FILE being our
completion for it.

On a terminal, as a person has it: what the shell's own quoting does to a word is seen nowhere else. `devid` in
PATH is to print the arguments of the command that is typed between << and >>; that is what this prints.
"""
import os
import pty
import re
import select
import sys
import time

shell, file, line = sys.argv[1:]
START = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
    "fish": ["fish", "--no-config", "--private", "-i"],
}
# The last of it is an answer that isn't on the line itself: what follows is typed when the shell is ready.
READY = " echo rea''dy\n"
SET_UP = {
    "bash": f" source {file}\n",
    "zsh": f" autoload -Uz compinit && compinit -D -u; autoload -Uz +X _devid; source {file} 2>/dev/null; compdef _devid devid\n",
    "fish": f" source {file}\n",
}

child, terminal = pty.fork()
if child == 0:
    os.execvp(START[shell][0], START[shell])


def shown_until(pattern, seconds=60):
    """What the terminal shows until the pattern is there."""
    text, end = "", time.monotonic() + seconds
    while not re.search(pattern, text, re.S):
        if time.monotonic() > end or not select.select([terminal], [], [], 1)[0]:
            if time.monotonic() > end:
                sys.exit(f"no {pattern} in: {text!r}")
            continue
        try:
            text += os.read(terminal, 4096).decode(errors="replace")
        except OSError:
            sys.exit(f"the shell ended: {text!r}")
    return text


os.write(terminal, (SET_UP[shell] + READY).encode())
shown_until(r"\n[^\n']*ready\r")
os.write(terminal, f"{line}\t\n".encode())
print(re.search(r"<<(.*?)>>", shown_until(r"<<.*?>>"), re.S)[1])
os.write(terminal, b"\x03 exit\n")
os.close(terminal)
os.waitpid(child, 0)
