#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A desktop's notification daemon (org.freedesktop.Notifications) that shows nothing and notes everything.

notification-mock.py FILE [silent | fails]: a JSON object a line for each Notify: summary, body as it was sent,
"text" as a person would read it, "markup" (the elements in it; null: it is no markup at all), urgency, app_name,
app_icon, category, actions. silent: no call is ever answered. fails: each is answered with an error.
"""
import json
import sys
import xml.etree.ElementTree

import dbus
import dbus.service
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

NAME = "org.freedesktop.Notifications"
path, mode = sys.argv[1], "".join(sys.argv[2:])


def read(body):
    """What a daemon that knows markup makes of it."""
    try:
        tree = xml.etree.ElementTree.fromstring("<body>%s</body>" % body)
    except xml.etree.ElementTree.ParseError:
        return body, None
    return "".join(tree.itertext()), [element.tag for element in tree.iter()][1:]


class Daemon(dbus.service.Object):
    count = 0

    @dbus.service.method(NAME, in_signature="susssasa{sv}i", out_signature="u", async_callbacks=("reply", "error"))
    def Notify(self, app_name, replaces, app_icon, summary, body, actions, hints, timeout, reply, error):
        text, markup = read(body)
        line = {"app_name": app_name, "app_icon": app_icon, "summary": summary, "body": body, "text": text,
                "markup": markup, "urgency": int(hints.get("urgency", 1)), "category": hints.get("category", ""),
                "actions": len(actions)}
        with open(path, "a", encoding="utf-8") as notes:
            notes.write(json.dumps(line, ensure_ascii=False) + "\n")
        Daemon.count += 1
        if mode == "fails":
            error(dbus.DBusException("not now", name=NAME + ".Error"))
        elif mode != "silent":
            reply(Daemon.count)

    @dbus.service.method(NAME, out_signature="as")
    def GetCapabilities(self):
        return ["body", "body-markup"]

    @dbus.service.method(NAME, out_signature="ssss")
    def GetServerInformation(self):
        return "mock", "devid", "1", "1.2"


DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
Daemon(bus, "/org/freedesktop/Notifications")
owned = dbus.service.BusName(NAME, bus)
GLib.MainLoop().run()
