#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""terminal.py COLUMNS COMMAND...: runs it on a terminal of so many columns, prints what it wrote,
answers its status. What comes on standard input (if that is a pipe) is typed when it asks."""
import fcntl, os, pty, select, struct, sys, termios

columns = int(sys.argv[1])
typed = b"" if sys.stdin.isatty() else sys.stdin.buffer.read()
pid, master = pty.fork()
if pid == 0:
    fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    os.execvp(sys.argv[2], sys.argv[2:])
output = b""
while True:
    ready, _, _ = select.select([master], [], [], 30)
    if not ready:
        os.kill(pid, 9)
        break
    try:
        piece = os.read(master, 4096)
    except OSError:
        break
    if not piece:
        break
    output += piece
    if typed and output.rstrip(b" ").endswith(b":"):
        os.write(master, typed)
        typed = b""
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(output.replace(b"\r\n", b"\n"))
sys.exit(os.waitstatus_to_exitcode(status))
