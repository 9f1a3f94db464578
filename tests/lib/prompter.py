#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A person in front of gnome-keyring's prompts: owns org.gnome.keyring.SystemPrompter.

prompter.py LOG answer PASSWORD [DELAY_MS] | dismiss [DELAY_MS] | silent | deaf

answer: gives the password (also a new one, twice); dismiss: closes the question; silent: shows it and
never answers; deaf: takes the call and never gets ready.
"""
import sys

import dbus
import dbus.service
import gi
from dbus.mainloop.glib import DBusGMainLoop

gi.require_version("Gcr", "3")
from gi.repository import Gcr, GLib

INTERFACE = "org.gnome.keyring.internal.Prompter"
log = open(sys.argv[1], "a", buffering=1)
mode, rest = sys.argv[2], sys.argv[3:]
password = rest.pop(0) if mode == "answer" else None
delay = int(rest[0]) if rest else 60

DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()


class Prompter(dbus.service.Object):
    def __init__(self):
        self.exchanges = {}
        self.name = dbus.service.BusName("org.gnome.keyring.SystemPrompter", bus)
        super().__init__(self.name, "/org/gnome/keyring/Prompter")

    def ready(self, sender, callback, reply, exchange):
        target = bus.get_object(sender, callback, introspect=False)
        target.PromptReady(reply, dbus.Dictionary({}, signature="sv"), exchange,
                           dbus_interface=INTERFACE + ".Callback",
                           reply_handler=lambda *a: None,
                           error_handler=lambda e: log.write("failed %s\n" % e))
        return False

    @dbus.service.method(INTERFACE, in_signature="o", sender_keyword="sender")
    def BeginPrompting(self, callback, sender=None):
        log.write("begin\n")
        self.exchanges[callback] = Gcr.SecretExchange.new(None)
        if mode != "deaf":
            GLib.idle_add(self.ready, sender, callback, "", self.exchanges[callback].begin())

    @dbus.service.method(INTERFACE, in_signature="osa{sv}s", sender_keyword="sender")
    def PerformPrompt(self, callback, kind, properties, received, sender=None):
        log.write("perform %s\n" % kind)
        if mode == "silent":
            return
        exchange = self.exchanges[callback]
        exchange.receive(received)
        if mode == "dismiss":
            answer, sent = "no", exchange.send(None, 0)
        else:
            answer, sent = "yes", exchange.send(password, -1)
        GLib.timeout_add(delay, self.ready, sender, callback, answer, sent)

    @dbus.service.method(INTERFACE, in_signature="o", sender_keyword="sender")
    def StopPrompting(self, callback, sender=None):
        log.write("stop\n")
        self.exchanges.pop(callback, None)
        bus.get_object(sender, callback, introspect=False).PromptDone(
            dbus_interface=INTERFACE + ".Callback",
            reply_handler=lambda *a: None, error_handler=lambda e: None)


prompter = Prompter()
log.write("ready\n")
GLib.MainLoop().run()
