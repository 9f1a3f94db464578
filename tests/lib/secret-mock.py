#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""A Secret Service that misbehaves as the real one can't be made to.

secret-mock.py MODE…: each changes one thing; without any it works, in plain sessions, one collection.

  hidden         a locked collection's items are not found (as some daemons have it)
  locked         the collection is locked; its prompt unlocks it at once
  no-prompt      Prompt() fails                    no-unlock      Unlock() raises IsLocked
  no-create      CreateItem() fails                asks           CreateItem() and Delete() ask first
  forgets        what is written reads back differently
  dangling       the default collection that it names isn't there
  no-default     there is no default collection until it is created (which asks)
  slow           every answer takes 600 ms         no-session     OpenSession() fails
  wrong-types    answers have other types than they should
  never          a prompt that is never completed, and says so when it is dismissed
  enciphered     a session as gnome-keyring makes it, and then it may answer OpenSession() with a number
                 that leads to a known secret or is none: zero one last prime long empty text
                 or with a secret that is enciphered wrongly: padding zero-padding part no-start
"""
import os
import sys

import dbus
import dbus.service
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes as cipher_modes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

modes = set(sys.argv[1:])
SPEC = "org.freedesktop.Secret."
ROOT = "/org/freedesktop/secrets"
COLLECTION = ROOT + "/collection/mock"

DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
state = {"locked": "locked" in modes or "hidden" in modes, "default": "no-default" not in modes}
items = {}
count = [0]


def failure(name, words="the mock will not"):
    return dbus.DBusException(words, name=name)


def late(function):
    """The answer now, or after a while."""
    def answer(reply, error):
        try:
            value = function()
        except dbus.DBusException as problem:
            error(problem)
            return False
        reply(*value) if type(value) is tuple else (reply() if value is None else reply(value))
        return False
    return answer


def respond(reply, error, function):
    if "slow" in modes:
        GLib.timeout_add(600, late(function), reply, error)
    else:
        late(function)(reply, error)


# RFC 2409 section 6.2.
PRIME = int("FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD"
            "EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED"
            "EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE65381FFFFFFFFFFFFFFFF", 16)
NUMBERS = {"zero": b"\0", "one": b"\1", "last": (PRIME - 1).to_bytes(128, "big"),
           "prime": PRIME.to_bytes(128, "big"), "long": b"\7" * 129, "empty": b""}


class Session:
    """How secrets pass: plain until a key was agreed on."""
    key = None

    def agree(self, number):
        own = int.from_bytes(os.urandom(128), "big") % PRIME
        shared = pow(int.from_bytes(bytes(number), "big"), own, PRIME).to_bytes(128, "big")
        self.key = HKDF(hashes.SHA256(), 16, None, b"").derive(shared)
        return pow(2, own, PRIME).to_bytes(128, "big")

    def cipher(self, start):
        return Cipher(algorithms.AES(self.key), cipher_modes.CBC(start))

    def read(self, secret):
        start, value = bytes(secret[1]), bytes(secret[2])
        if self.key is None:
            return value
        reader = self.cipher(start).decryptor()
        padded = reader.update(value) + reader.finalize()
        assert len(start) == 16 and 1 <= padded[-1] <= 16 and set(padded[-padded[-1]:]) == {padded[-1]}
        return padded[:-padded[-1]]

    def write(self, value):
        if self.key is None:
            return b"", value
        start, fill = os.urandom(16), 16 - len(value) % 16
        padding = bytes([fill]) * fill
        if "padding" in modes:
            padding = bytes(fill - 1) + bytes([17])
        if "zero-padding" in modes:
            padding = bytes(fill)
        writer = self.cipher(start).encryptor()
        value = writer.update(value + padding) + writer.finalize()
        return (b"" if "no-start" in modes else start), (value[:-1] if "part" in modes else value)


session = Session()
ASYNC = {"async_callbacks": ("reply", "error")}


class Prompt(dbus.service.Object):
    def __init__(self, done):
        count[0] += 1
        self.path = ROOT + "/prompt/p%d" % count[0]
        self.done = done
        super().__init__(bus, self.path)

    @dbus.service.method(SPEC + "Prompt", in_signature="s")
    def Prompt(self, window):
        if "no-prompt" in modes:
            raise failure(SPEC + "Error.Failed")
        if "never" not in modes:
            GLib.timeout_add(50, lambda: self.Completed(False, self.done()))

    @dbus.service.method(SPEC + "Prompt")
    def Dismiss(self):
        print("dismissed", flush=True)
        self.Completed(True, dbus.String("", variant_level=1))

    @dbus.service.signal(SPEC + "Prompt", signature="bv")
    def Completed(self, dismissed, result):
        pass


class Item(dbus.service.Object):
    def __init__(self, path, attributes, label, secret):
        self.path, self.attributes, self.label, self.secret = path, attributes, label, secret
        super().__init__(bus, path)

    @dbus.service.method(SPEC + "Item", in_signature="o", out_signature="(oayays)", **ASYNC)
    def GetSecret(self, path, reply, error):
        def function():
            if state["locked"]:
                raise failure(SPEC + "Error.IsLocked")
            value = b"c29tZXRoaW5nIGVsc2U=" if "forgets" in modes else self.secret
            start, value = session.write(value)
            return dbus.Struct((path, dbus.ByteArray(start), dbus.ByteArray(value), "text/plain"),
                               signature="oayays")
        respond(reply, error, function)

    def remove(self):
        items.pop(self.path, None)
        return dbus.String("", variant_level=1)

    @dbus.service.method(SPEC + "Item", out_signature="o")
    def Delete(self):
        if "asks" in modes:
            return Prompt(self.remove).path
        self.remove()
        return "/"


class Collection(dbus.service.Object):
    @dbus.service.method("org.freedesktop.DBus.Properties", in_signature="ss", out_signature="v")
    def Get(self, interface, name):
        return dbus.String("yes") if "wrong-types" in modes else dbus.Boolean(state["locked"])

    def make(self, properties, secret):
        for path, item in list(items.items()):
            if item.attributes == properties[SPEC + "Item.Attributes"]:
                item.secret = session.read(secret)
                return path
        count[0] += 1
        path = COLLECTION + "/i%d" % count[0]
        items[path] = Item(path, dict(properties[SPEC + "Item.Attributes"]),
                           properties[SPEC + "Item.Label"], session.read(secret))
        return path

    @dbus.service.method(SPEC + "Collection", in_signature="a{sv}(oayays)b", out_signature="oo",
                         **ASYNC)
    def CreateItem(self, properties, secret, replace, reply, error):
        def function():
            if "no-create" in modes:
                raise failure("org.freedesktop.DBus.Error.Failed", "the disk is full")
            if state["locked"]:
                raise failure(SPEC + "Error.IsLocked")
            if "asks" in modes:
                return ("/", Prompt(lambda: dbus.ObjectPath(self.make(properties, secret),
                                                            variant_level=1)).path)
            return (self.make(properties, secret), "/")
        respond(reply, error, function)


class Service(dbus.service.Object):
    def __init__(self):
        self.name = dbus.service.BusName("org.freedesktop.secrets", bus)
        super().__init__(self.name, ROOT)

    @dbus.service.method(SPEC + "Service", in_signature="sv", out_signature="vo")
    def OpenSession(self, algorithm, data):
        if "no-session" in modes:
            raise failure("org.freedesktop.DBus.Error.Failed")
        if "enciphered" in modes and algorithm == "dh-ietf1024-sha256-aes128-cbc-pkcs7":
            number = session.agree(data)
            for name in modes & NUMBERS.keys():
                number = NUMBERS[name]
            answer = (dbus.String("a number", variant_level=1) if "text" in modes
                      else dbus.ByteArray(number, variant_level=1))
            return answer, ROOT + "/session/s"
        if algorithm != "plain":
            raise failure("org.freedesktop.DBus.Error.NotSupported")
        return dbus.String("", variant_level=1), ROOT + "/session/s"

    @dbus.service.method(SPEC + "Service", in_signature="a{ss}", out_signature="aoao", **ASYNC)
    def SearchItems(self, wanted, reply, error):
        found = [dbus.ObjectPath(p) for p, i in items.items()
                 if all(i.attributes.get(k) == v for k, v in wanted.items())]
        if "hidden" in modes and state["locked"]:
            found = []
        none = dbus.Array([], signature="o")
        found = dbus.Array(found, signature="o")
        respond(reply, error, lambda: (none, found) if state["locked"] else (found, none))

    def unlock(self):
        state["locked"] = False
        return dbus.Array([dbus.ObjectPath(COLLECTION)], signature="o", variant_level=1)

    @dbus.service.method(SPEC + "Service", in_signature="ao", out_signature="aoo")
    def Unlock(self, paths):
        if "no-unlock" in modes:
            raise failure(SPEC + "Error.IsLocked")
        if not state["locked"]:
            return paths, "/"
        return dbus.Array([], signature="o"), Prompt(self.unlock).path

    @dbus.service.method(SPEC + "Service", in_signature="s", out_signature="o")
    def ReadAlias(self, name):
        if "dangling" in modes:
            return "/org/freedesktop/secrets/collection/ghost"
        return COLLECTION if state["default"] else "/"

    def create(self):
        state["default"] = True
        return dbus.ObjectPath(COLLECTION, variant_level=1)

    @dbus.service.method(SPEC + "Service", in_signature="a{sv}s", out_signature="oo")
    def CreateCollection(self, properties, alias):
        return "/", Prompt(self.create).path


collection = Collection(bus, COLLECTION)
service = Service()
GLib.MainLoop().run()
