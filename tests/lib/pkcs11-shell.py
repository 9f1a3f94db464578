# SPDX-License-Identifier: LGPL-2.1-or-later
"""A program that keeps a token open and says what its module answers: pkcs11-shell.py MODULE. A call a line on
standard input, one line each on standard output: "ok …" or the name of the error. Attributes and calls are those
that a program would try that wants more than signatures."""
import sys

import PyKCS11 as P

SECRETS = ("CKA_VALUE", "CKA_PRIVATE_EXPONENT", "CKA_PRIME_1", "CKA_PRIME_2", "CKA_EXPONENT_1", "CKA_EXPONENT_2",
           "CKA_COEFFICIENT")


class Shell:
    def __init__(self, module):
        self.module = module
        self.session = None
        self.kept = {}
        self.connect()

    def connect(self):
        self.lib = P.PyKCS11Lib()
        self.lib.load(self.module)

    def open(self, flags="ro"):
        more = P.CKF_RW_SESSION if flags == "rw" else 0
        self.session = self.lib.openSession(self.lib.getSlotList()[0], P.CKF_SERIAL_SESSION | more)
        return ""

    def again(self):
        self.session = None
        self.lib.lib.C_Finalize()
        self.lib.lib.C_Initialize()
        return self.open()

    def tokens(self):
        return ", ".join(self.lib.getTokenInfo(slot).label.strip() for slot in self.lib.getSlotList())

    def find(self, kind, label):
        kinds = {"cert": P.CKO_CERTIFICATE, "private": P.CKO_PRIVATE_KEY, "public": P.CKO_PUBLIC_KEY}
        return self.session.findObjects([(P.CKA_CLASS, kinds[kind]), (P.CKA_LABEL, label)])[0]

    def sign(self, label, mechanism):
        how = P.Mechanism(P.CKM[mechanism])
        if "PSS" in mechanism:
            how = P.RSA_PSS_Mechanism(P.CKM[mechanism], P.CKM_SHA256, P.CKG_MGF1_SHA256, 32)
        return str(len(self.session.sign(self.find("private", label), b"x" * 32, how)))

    def keep(self, name, kind, label):
        """A handle, as clients keep what they found when they started."""
        self.kept[name] = self.find(kind, label)
        return ""

    def use(self, name, mechanism):
        """A signature of 32 bytes of x, in hexadecimal."""
        return bytes(self.session.sign(self.kept[name], b"x" * 32, P.Mechanism(P.CKM[mechanism]))).hex()

    def read(self, name):
        return bytes(self.session.getAttributeValue(self.kept[name], [P.CKA_VALUE])[0]).hex()

    def destroy(self, kind, label):
        self.session.destroyObject(self.find(kind, label))
        return ""

    def rename(self, kind, label):
        self.session.setAttributeValue(self.find(kind, label), [(P.CKA_LABEL, "stolen")])
        return ""

    def copy(self, label):
        """The root certificate of another, as one of the user's own."""
        value = bytes(self.session.getAttributeValue(self.find("cert", label), [P.CKA_VALUE])[0])
        self.session.createObject([(P.CKA_CLASS, P.CKO_CERTIFICATE), (P.CKA_CERTIFICATE_TYPE, P.CKC_X_509),
                                   (P.CKA_TOKEN, True), (P.CKA_LABEL, "planted"), (P.CKA_VALUE, value)])
        return ""

    def generate(self):
        self.session.generateKeyPair([(P.CKA_MODULUS_BITS, 2048), (P.CKA_TOKEN, True)], [(P.CKA_TOKEN, True)])
        return ""

    def wrap(self, label):
        key = self.find("private", label)
        self.session.wrapKey(key, key, P.Mechanism(P.CKM_RSA_PKCS))
        return ""

    def secrets(self, label):
        """The parts of a private key that are told, by name."""
        key = self.find("private", label)
        told = [name for name in SECRETS if self.session.getAttributeValue(key, [P.CKA[name]], True)[0] is not None]
        return " ".join(told) or "none"


def main():
    shell = Shell(sys.argv[1])
    for line in sys.stdin:
        name, *words = line.split()
        try:
            answer = "ok " + getattr(shell, name)(*words)
        except P.PyKCS11Error as error:
            answer = str(error).split()[0]
        except IndexError:
            answer = "nothing there"
        print(answer.strip(), flush=True)


main()
