#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Runs a command on a terminal of its own and answers its question.

    pty-run.py HOW ANSWER -- COMMAND…

HOW: type (the answer and Return, to each question), again (the answer's lines, one a question), signal-NAME (sent while it waits), key-interrupt (Ctrl-C), key-end
(Ctrl-D), stop (Ctrl-Z, go on, then type), hang (the terminal goes away), look (at the waiting process,
then type). Prints what the terminal showed and what was found; ends as the command did.
"""
import fcntl
import os
import select
import signal
import sys
import termios
import time

how, answer, command = sys.argv[1], sys.argv[2], sys.argv[sys.argv.index("--") + 1:]
shown = b""
found = []


def wait_until(condition, what):
    end = time.monotonic() + 30
    while not condition():
        if time.monotonic() > end:
            print("no success in time:", what, flush=True)
            os.kill(child, signal.SIGKILL)
            sys.exit(99)
        read_some(0.02)


def read_some(seconds):
    global shown
    ready, _, _ = select.select([master], [], [], seconds)
    if not ready:
        return True
    try:
        data = os.read(master, 4096)
    except OSError:
        return False
    shown += data
    return bool(data)


def echo():
    return bool(termios.tcgetattr(slave)[3] & termios.ECHO)


def look():
    # The files of an undumpable process belong to root.
    if os.getuid() != 0 and os.stat("/proc/%d/environ" % child).st_uid == 0:
        found.append("undumpable")
    with open("/proc/%d/limits" % child) as limits:
        for line in limits:
            if line.startswith("Max core file size"):
                found.append("core limit " + line.split()[4])
    for name in "cmdline", "environ":
        try:
            with open("/proc/%d/%s" % (child, name), "rb") as file:
                if answer.encode() in file.read():
                    found.append("in its " + {"cmdline": "arguments", "environ": "environment"}[name])
        except PermissionError:
            pass


def lead(inner):
    """A shell in a nutshell: without a parent in its session nothing can be stopped."""
    if inner == 0:
        os.setpgid(0, 0)
        signal.signal(signal.SIGTTOU, signal.SIG_IGN)
        os.tcsetpgrp(0, os.getpid())
        signal.signal(signal.SIGTTOU, signal.SIG_DFL)
        return
    while True:
        _, code = os.waitpid(inner, os.WUNTRACED)
        if not os.WIFSTOPPED(code):
            os._exit(os.WEXITSTATUS(code))
        on = termios.tcgetattr(0)[3] & termios.ECHO
        os.write(1, b"stopped with echo on\n" if on else b"stopped with echo off\n")
        os.kill(inner, signal.SIGCONT)


master, slave = os.openpty()
child = os.fork()
if child == 0:
    os.setsid()
    fcntl.ioctl(slave, termios.TIOCSCTTY, 0)
    for fd in 0, 1, 2:
        os.dup2(slave, fd)
    os.close(master)
    if how == "stop":
        lead(os.fork())
    os.execvp(command[0], command)

status = None


def ended():
    global status
    if status is None:
        pid, code = os.waitpid(child, os.WNOHANG)
        if pid:
            status = code
    return status is not None


asks = lambda: any(word in shown for word in (b"Password of", b"PIN of", b"Password:"))
wait_until(lambda: (asks() and not echo()) or ended(), "a question")
if status is None:
    found.append("echo was off")
    if how == "look":
        look()
    if how in ("type", "look", "again"):
        lines = answer.split("\n") if how == "again" else [answer]
        asked = 0
        while not ended():
            os.write(master, lines[min(asked, len(lines) - 1)].encode() + b"\n")
            asked += 1
            questions = lambda: sum(shown.count(word) for word in (b"Password of", b"PIN of", b"Password:"))
            wait_until(lambda: ended() or (questions() > asked and not echo()), "the end, or another question")
    elif how.startswith("signal-"):
        os.kill(child, getattr(signal, "SIG" + how[7:]))
    elif how == "key-interrupt":
        os.write(master, b"\x03")
    elif how == "key-end":
        os.write(master, b"\x04")
    elif how == "stop":
        os.write(master, b"\x1a")
        wait_until(lambda: shown.count(b"Password of") == 2 and not echo() or ended(), "the question again")
        os.write(master, answer.encode() + b"\n")
    elif how == "hang":
        os.close(slave)
        os.close(master)
        _, status = os.waitpid(child, 0)
        print("hung up")
        sys.exit(128 if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))
wait_until(ended, "the end")
while read_some(0.05) and select.select([master], [], [], 0)[0]:
    pass
found.append("echo is on" if echo() else "echo is off")
if os.WIFSIGNALED(status):
    found.append("ended by " + signal.Signals(os.WTERMSIG(status)).name)
print(shown.decode(errors="replace").replace("\r", ""))
print(", ".join(found))
sys.exit(128 + os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status))
