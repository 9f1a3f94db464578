#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""systemd-timedated on a private bus: timedate-mock.py yes|no|waits|lacks|silent, whether the clock is kept
right; waits: its service has no answer yet; lacks: nor could it be, for want of a service."""
import sys

import dbus
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

mode = sys.argv[1]


class Timedate(dbus.service.Object):
    @dbus.service.method("org.freedesktop.DBus.Properties", in_signature="ss", out_signature="v",
                         async_callbacks=("reply", "error"))
    def Get(self, interface, name, reply, error):
        if mode != "silent":
            values = {"NTPSynchronized": mode == "yes", "CanNTP": mode != "lacks", "NTP": mode == "waits"}
            reply(dbus.Boolean(values[name], variant_level=1))


DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
timedate = Timedate(bus, "/org/freedesktop/timedate1")
name = dbus.service.BusName("org.freedesktop.timedate1", bus)
GLib.MainLoop().run()
