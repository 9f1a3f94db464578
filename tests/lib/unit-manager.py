#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A systemd for a private system bus, as systemctl sees it: starts, shows and stops units. As root.

unit-manager.py COMMAND…: the main process of a unit NAME.service is COMMAND… NAME, which says by NOTIFY_SOCKET that
it is ready (READY=1), and what it does (STATUS=). Whoever isn't root is asked for by polkit, as systemd does; there is
no unit whose name holds "absent".
"""
import os
import signal
import socket
import subprocess
import sys

import dbus
import dbus.mainloop.glib
import dbus.service
from gi.repository import GLib

command = sys.argv[1:]
NAME = "org.freedesktop.systemd1"
ROOT = "/org/freedesktop/systemd1"
NOTIFY = "/run/unit-manager.notify"
dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
units = {}


class Refusal(dbus.DBusException):
    def __init__(self, name, text):
        super().__init__(text, name=name)


class Unit:
    def __init__(self, name, job):
        self.name, self.job, self.status, self.state = name, job, "", "activating"
        self.process = subprocess.Popen(command + [name], env=dict(os.environ, NOTIFY_SOCKET=NOTIFY))
        GLib.child_watch_add(GLib.PRIORITY_DEFAULT, self.process.pid, self.ended)

    def hear(self, text):
        for line in text.splitlines():
            if line.startswith("STATUS="):
                self.status = line[len("STATUS="):]
        if "READY=1" in text and self.state == "activating":
            self.state = "active"
            self.finish("done")

    def ended(self, pid, status):
        self.state = "inactive" if status == 0 or self.state == "deactivating" else "failed"
        self.finish("done" if self.state == "inactive" else "failed")

    def finish(self, result):
        if self.job:
            GLib.idle_add(manager.JobRemoved, 1, self.job, self.name, result)
        self.job = None


def may(sender):
    if bus.get_unix_user(sender) == 0:
        return
    asked = subprocess.run(["pkcheck", "--action-id", NAME + ".manage-units", "--system-bus-name", sender],
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if asked.returncode == 2:
        raise Refusal("org.freedesktop.DBus.Error.InteractiveAuthorizationRequired",
                      "Interactive authentication required.")
    if asked.returncode != 0:
        raise Refusal("org.freedesktop.DBus.Error.AccessDenied", "Access denied")


class Manager(dbus.service.FallbackObject):
    jobs = 0

    def new_job(self):
        self.jobs += 1
        return dbus.ObjectPath("%s/job/%d" % (ROOT, self.jobs))

    @dbus.service.method(NAME + ".Manager", "ss", "o", sender_keyword="sender")
    def StartUnit(self, name, mode, sender=None):
        may(sender)
        if "absent" in name:
            raise Refusal(NAME + ".NoSuchUnit", "Unit %s not found." % name)
        job = self.new_job()
        unit = units.get(name)
        if unit is None or unit.state in ("inactive", "failed"):
            units[name] = Unit(str(name), job)
        else:
            GLib.idle_add(self.JobRemoved, 1, job, name, "done")
        return job

    @dbus.service.method(NAME + ".Manager", "ss", "o", sender_keyword="sender")
    def StopUnit(self, name, mode, sender=None):
        may(sender)
        job, unit = self.new_job(), units.get(name)
        if unit is None or unit.state not in ("active", "activating"):
            GLib.idle_add(self.JobRemoved, 1, job, name, "done")
        else:
            unit.state, unit.job = "deactivating", job
            unit.process.send_signal(signal.SIGTERM)
        return job

    @dbus.service.signal(NAME + ".Manager", "uoss")
    def JobRemoved(self, number, job, unit, result):
        pass

    def known(self, path):
        """The unit of that path, which has _xx for what isn't a letter or digit."""
        for name, unit in units.items():
            mine = "".join(c if c.isalnum() else "_%02x" % ord(c) for c in name)
            if path.rsplit("/", 1)[1] == mine:
                return unit
        return None

    def values(self, path):
        unit = self.known(path)
        return {"ActiveState": unit.state if unit else "inactive", "StatusText": unit.status if unit else ""}

    @dbus.service.method("org.freedesktop.DBus.Properties", "ss", "v", path_keyword="path")
    def Get(self, interface, name, path=None):
        values = self.values(path)
        if name not in values:
            raise Refusal("org.freedesktop.DBus.Error.UnknownProperty", "no such property")
        return dbus.String(values[name], variant_level=1)

    @dbus.service.method("org.freedesktop.DBus.Properties", "s", "a{sv}", path_keyword="path")
    def GetAll(self, interface, path=None):
        return dbus.Dictionary({k: dbus.String(v, variant_level=1) for k, v in self.values(path).items()},
                               signature="sv")


def notified(source, condition):
    text = notify.recv(4096).decode(errors="replace")
    for unit in units.values():
        if unit.state in ("activating", "active"):
            unit.hear(text)
    return True


notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
notify.bind(NOTIFY)
GLib.io_add_watch(notify.fileno(), GLib.IO_IN, notified)
manager = Manager(bus, ROOT)
bus.request_name(NAME)
GLib.MainLoop().run()
