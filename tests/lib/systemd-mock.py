#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A systemd for a private system bus, for what posture checks ask of it.

systemd-mock.py UNITS [MODE]: UNITS is a file of lines "NAME LoadState ActiveState [UnitFileState]", read at each
question. Modes, each a fault of its own:

  never          no question is answered         errors         each is answered with an error
  wrong-types    states are numbers              denied         each is refused
  halts          a unit is loaded, its states are never answered
"""
import sys

import dbus
import dbus.lowlevel
import dbus.mainloop.glib
from gi.repository import GLib

units, mode = sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else ""
dbus.mainloop.glib.DBusGMainLoop(set_as_default=True)
bus = dbus.SystemBus()
NAME = "org.freedesktop.systemd1"
ABSENT = ["not-found", "inactive", ""]


def states(path):
    name = bytes.fromhex(path.rsplit("/", 1)[1]).decode()
    with open(units) as lines:
        for line in lines:
            words = line.split()
            if words and words[0] == name:
                return words[1:] + [""] * (4 - len(words))
    return ABSENT


def answer(message):
    member, arguments = message.get_member(), message.get_args_list()
    if mode == "errors":
        return dbus.lowlevel.ErrorMessage(message, NAME + ".Broken", "it is broken\033[2J")
    if mode == "denied":
        return dbus.lowlevel.ErrorMessage(message, "org.freedesktop.DBus.Error.AccessDenied", "not to you")
    reply = dbus.lowlevel.MethodReturnMessage(message)
    if member == "LoadUnit":
        reply.append("/unit/" + str(arguments[0]).encode().hex(), signature="o")
    else:
        which = ["LoadState", "ActiveState", "UnitFileState"].index(arguments[1])
        value = states(message.get_path())[which]
        reply.append(dbus.UInt32(7) if mode == "wrong-types" else dbus.String(value, variant_level=0), signature="v")
    return reply


def take(connection, message):
    if message.get_type() != 1 or message.get_interface() not in (
            NAME + ".Manager", "org.freedesktop.DBus.Properties"):
        return dbus.lowlevel.HANDLER_RESULT_NOT_YET_HANDLED
    if mode != "never" and not (mode == "halts" and message.get_member() == "Get"):
        connection.send_message(answer(message))
    return dbus.lowlevel.HANDLER_RESULT_HANDLED


bus.add_message_filter(take)
bus.request_name(NAME)
GLib.MainLoop().run()
