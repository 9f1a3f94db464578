#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Locks, unlocks and lists a gnome-keyring without a prompt, for tests.

keyring-control.py lock PATH | unlock PATH PASSWORD | locked PATH | items [SCHEMA] | delete
"""
import sys

import dbus

SERVICE = "org.freedesktop.secrets"
ROOT = "/org/freedesktop/secrets"
SPECIFIED = "org.freedesktop.Secret."

bus = dbus.SessionBus()
root = bus.get_object(SERVICE, ROOT)
service = dbus.Interface(root, SPECIFIED + "Service")
internal = dbus.Interface(root, "org.gnome.keyring.InternalUnsupportedGuiltRiddenInterface")


def prop(path, interface, name):
    return bus.get_object(SERVICE, path).Get(
        SPECIFIED + interface, name, dbus_interface="org.freedesktop.DBus.Properties")


def secret(password):
    _, session = service.OpenSession("plain", dbus.String("", variant_level=1))
    return dbus.Struct((session, dbus.ByteArray(b""), dbus.ByteArray(password.encode()),
                        "text/plain"), signature="oayays")


def ours(schema="org.devid.DeviceKey"):
    return [path for group in service.SearchItems({"xdg:schema": schema})
            for path in group]


command, rest = sys.argv[1], sys.argv[2:]
if command == "lock":
    service.Lock([rest[0]])
elif command == "unlock":
    internal.UnlockWithMasterPassword(rest[0], secret(rest[1]))
elif command == "locked":
    print("yes" if prop(rest[0], "Collection", "Locked") else "no")
elif command == "items":
    for item in ours(*rest):
        try:
            print(prop(item, "Item", "Label"))
        except dbus.DBusException as gone:
            # Somebody deleted it since it was found.
            if "UnknownMethod" not in gone.get_dbus_name() and "NoSuchObject" not in gone.get_dbus_name():
                raise
elif command == "delete":
    for item in ours():
        dbus.Interface(bus.get_object(SERVICE, item), SPECIFIED + "Item").Delete()
else:
    sys.exit(__doc__)
