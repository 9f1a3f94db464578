#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Makes PKCS#12 files by hand, in the shapes of makers that a test machine doesn't have (Windows,
macOS, old NSS) and in shapes that nobody should send.

    p12make.py KIND OUT --key KEY.pem --cert CERT.pem [--ca CA.pem]... [--password TEXT] [...]
    p12make.py --list

The derivations are written down here a second time, from RFC 7292 and RFC 8018, so that they check
those of the command; ciphers come from `openssl enc`.
"""
import argparse
import hashlib
import hmac
import os
import subprocess

# --- DER and BER --------------------------------------------------------------------------------


def length(n):
    if n < 0x80:
        return bytes([n])
    body = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(body)]) + body


def tlv(tag, *content):
    body = b"".join(content)
    return bytes([tag]) + length(len(body)) + body


def endless(tag, *content):
    """Indefinite length, as NSS and old Windows write it."""
    return bytes([tag | 0x20, 0x80]) + b"".join(content) + b"\0\0"


def seq(*content):
    return tlv(0x30, *content)


def octets(data):
    return tlv(0x04, data)


def pieces(data, size=100):
    """An octet string in pieces, one of them in pieces again."""
    parts = [octets(data[i:i + size]) for i in range(0, len(data), size)]
    if len(parts) > 2:
        parts[1] = endless(0x04, parts[1])
    return endless(0x04, *parts)


def integer(n):
    size = n.bit_length() // 8 + 1
    return tlv(0x02, n.to_bytes(size, "big", signed=True))


def oid(dotted):
    arcs = [int(a) for a in dotted.split(".")]
    out = b""
    for arc in [arcs[0] * 40 + arcs[1]] + arcs[2:]:
        chunk = bytes([arc & 0x7f])
        while arc > 0x7f:
            arc >>= 7
            chunk = bytes([0x80 | arc & 0x7f]) + chunk
        out += chunk
    return tlv(0x06, out)


def explicit(n, *content):
    return tlv(0xa0 | n, *content)


NULL = b"\x05\0"

# --- derivations and ciphers --------------------------------------------------------------------


def bmp(password):
    return b"" if password is None else password.encode("utf-16-be") + b"\0\0"


def raw_bmp(data):
    """OpenSSL 1.0: each byte a character."""
    return b"".join(bytes([0, b]) for b in data) + b"\0\0"


def kdf12(hash_name, password, salt, count, id_, size):
    """RFC 7292 appendix B.2; `password` is a BMPString's bytes."""
    v = hashlib.new(hash_name).block_size

    def fill(data):
        return (data * (v // len(data) + 2))[:v * ((len(data) + v - 1) // v)] if data else b""

    block = bytes([id_]) * v
    work, out = fill(salt) + fill(password), b""
    while len(out) < size:
        a = hashlib.new(hash_name, block + work).digest()
        for _ in range(count - 1):
            a = hashlib.new(hash_name, a).digest()
        out += a
        b = int.from_bytes((a * (v // len(a) + 1))[:v], "big") + 1
        work = b"".join(((int.from_bytes(work[i:i + v], "big") + b) % (1 << 8 * v)).to_bytes(v, "big")
                        for i in range(0, len(work), v))
    return out[:size]


def encrypt(cipher, key, iv, data):
    command = ["openssl", "enc", "-e", "-" + cipher, "-K", key.hex()]
    if iv:
        command += ["-iv", iv.hex()]
    if cipher.startswith(("rc2", "rc4", "des-cbc")):
        command += ["-provider", "legacy", "-provider", "default"]
    return subprocess.run(command, input=data, stdout=subprocess.PIPE, check=True).stdout


PBES1 = {  # oid's last arc, openssl's cipher, key bytes, IV bytes
    "rc4-128": (1, "rc4", 16, 0),
    "3des": (3, "des-ede3-cbc", 24, 8),
    "3des-2key": (4, "des-ede-cbc", 16, 8),
    "rc2-128": (5, "rc2-cbc", 16, 8),
    "rc2-40": (6, "rc2-40-cbc", 5, 8),
}
PBES2 = {
    "aes-128": ("2.16.840.1.101.3.4.1.2", "aes-128-cbc", 16, 16),
    "aes-192": ("2.16.840.1.101.3.4.1.22", "aes-192-cbc", 24, 16),
    "aes-256": ("2.16.840.1.101.3.4.1.42", "aes-256-cbc", 32, 16),
    "3des-pbes2": ("1.2.840.113549.3.7", "des-ede3-cbc", 24, 8),
}
PRF = {"sha1": 7, "sha224": 8, "sha256": 9, "sha384": 10, "sha512": 11}
DIGEST = {
    "sha1": "1.3.14.3.2.26",
    "sha224": "2.16.840.1.101.3.4.2.4",
    "sha256": "2.16.840.1.101.3.4.2.1",
    "sha384": "2.16.840.1.101.3.4.2.2",
    "sha512": "2.16.840.1.101.3.4.2.3",
}


class Protection:
    """One password, one cipher, one count."""

    def __init__(self, cipher="aes-256", password="devid-test", count=1, prf="sha256", claim=None,
                 bmp_bytes=None, raw_bytes=None, key_length=False):
        self.cipher, self.count, self.prf, self.key_length = cipher, count, prf, key_length
        self.claim = count if claim is None else claim  # what the file says, where it lies
        self.bmp = bmp(password) if bmp_bytes is None else bmp_bytes
        self.raw = (password or "").encode() if raw_bytes is None else raw_bytes

    def algorithm(self, salt, iv):
        parameters = seq(octets(salt), integer(self.claim))
        if self.cipher in PBES1:
            return seq(oid("1.2.840.113549.1.12.1.%d" % PBES1[self.cipher][0]), parameters)
        cipher_oid, _, key_size, _ = PBES2[self.cipher]
        kdf = octets(salt) + integer(self.claim) + (integer(key_size) if self.key_length else b"")
        if self.prf != "sha1":
            kdf += seq(oid("1.2.840.113549.2.%d" % PRF[self.prf]), NULL)
        return seq(oid("1.2.840.113549.1.5.13"),
                   seq(seq(oid("1.2.840.113549.1.5.12"), seq(kdf)), seq(oid(cipher_oid), octets(iv))))

    def encrypt(self, data):
        salt = os.urandom(8)
        if self.cipher in PBES1:
            _, name, key_size, iv_size = PBES1[self.cipher]
            key = kdf12("sha1", self.bmp, salt, self.count, 1, key_size)
            iv = kdf12("sha1", self.bmp, salt, self.count, 2, iv_size)
        else:
            _, name, key_size, iv_size = PBES2[self.cipher]
            key = hashlib.pbkdf2_hmac(self.prf, self.raw, salt, self.count, key_size)
            iv = os.urandom(iv_size)
        return self.algorithm(salt, iv), encrypt(name, key, iv, data)


# --- PKCS#12 ------------------------------------------------------------------------------------

BAG = "1.2.840.113549.1.12.10.1.%d"
DATA = "1.2.840.113549.1.7.1"


def attribute(dotted, *values):
    return seq(oid(dotted), tlv(0x31, *values))


def friendly(text):
    return attribute("1.2.840.113549.1.9.20", tlv(0x1e, text.encode("utf-16-be")))


def local_id(data):
    return attribute("1.2.840.113549.1.9.21", octets(data))


def bag(kind, value, *attributes):
    return seq(oid(BAG % kind), explicit(0, value), tlv(0x31, *attributes) if attributes else b"")


def cert_bag(der, *attributes):
    return bag(3, seq(oid("1.2.840.113549.1.9.22.1"), explicit(0, octets(der))), *attributes)


def key_bag(pkcs8, *attributes):
    return bag(1, pkcs8, *attributes)


def shrouded(pkcs8, protection, *attributes):
    algorithm, data = protection.encrypt(pkcs8)
    return bag(2, seq(algorithm, octets(data)), *attributes)


def plain_safe(*bags):
    return seq(oid(DATA), explicit(0, octets(seq(*bags))))


def sealed_safe(protection, *bags):
    algorithm, data = protection.encrypt(seq(*bags))
    return seq(oid("1.2.840.113549.1.7.6"),
               explicit(0, seq(integer(0), seq(oid(DATA), algorithm, tlv(0x80, data)))))


def mac_data(content, digest="sha256", password="devid-test", count=1, claim=None, salt=None,
             bmp_bytes=None, spoil=False, digest_oid=None):
    salt = os.urandom(8) if salt is None else salt
    secret = bmp(password) if bmp_bytes is None else bmp_bytes
    key = kdf12(digest, secret, salt, count, 3, hashlib.new(digest).digest_size)
    value = hmac.new(key, content, digest).digest()
    if spoil:
        value = bytes([value[0] ^ 1]) + value[1:]
    claim = count if claim is None else claim
    return seq(seq(seq(oid(digest_oid or DIGEST[digest]), NULL), octets(value)), octets(salt),
               integer(claim) if claim != 1 else b"")


def pbmac1(content, digest="sha256", password="devid-test", count=1, size=32):
    """RFC 9579."""
    salt = os.urandom(8)
    prf = seq(oid("1.2.840.113549.2.%d" % PRF[digest]), NULL)
    key = hashlib.pbkdf2_hmac(digest, password.encode(), salt, count, size)
    parameters = seq(seq(oid("1.2.840.113549.1.5.12"),
                         seq(octets(salt), integer(count), integer(size), prf)), prf)
    value = hmac.new(key, content, digest).digest()
    return seq(seq(seq(oid("1.2.840.113549.1.5.14"), parameters), octets(value)), octets(b"unused"),
               integer(1))


def pfx(safes, mac=mac_data, version=3, content_type=DATA):
    content = seq(*safes)
    return seq(integer(version), seq(oid(content_type), explicit(0, octets(content))),
               mac(content) if mac else b"")


# --- kinds of files -----------------------------------------------------------------------------

KINDS = {}


def kind(function):
    KINDS[function.__name__.replace("_", "-")] = function
    return function


def plain(a, protection=None, mac=mac_data, key_attributes=(), cert_attributes=(), cas=None):
    """The usual file: certificates sealed, the key shrouded."""
    protection = protection or Protection()
    certs = [cert_bag(a.cert, *cert_attributes)] + [cert_bag(c) for c in (a.cas if cas is None else cas)]
    return pfx([sealed_safe(protection, *certs),
                plain_safe(shrouded(a.key, protection, *key_attributes))], mac)


@kind
def simple(a):
    return plain(a, key_attributes=[friendly("hand-made")])


@kind
def windows(a):
    """AD CS, exported by certmgr: RC2-40 and 3DES, a container's name, a CSP, LocalKeyID 1."""
    weak, strong = Protection("rc2-40", count=2000), Protection("3des", count=2000)
    key = shrouded(a.key, strong, local_id(b"\1\0\0\0"),
                   friendly("te-DeviceAuth-5f0c1d3e-9a77-4a0b-8a2c-0d7c1f6a2b11"),
                   attribute("1.3.6.1.4.1.311.17.1",
                             tlv(0x1e, "Microsoft Enhanced RSA and AES Cryptographic Provider"
                                 .encode("utf-16-be"))),
                   attribute("1.3.6.1.4.1.311.17.2"))
    certs = [cert_bag(c) for c in a.cas] + [cert_bag(a.cert, local_id(b"\1\0\0\0"))]
    return pfx([plain_safe(key), sealed_safe(weak, *certs)],
               lambda c: mac_data(c, "sha1", count=2000))


@kind
def windows_aes(a):
    """Windows 11: AES-256 with PBKDF2 and SHA-256, 2000 iterations."""
    protection = Protection("aes-256", count=2000)
    return pfx([plain_safe(shrouded(a.key, protection, local_id(b"\1\0\0\0"))),
                sealed_safe(protection, cert_bag(a.cert, local_id(b"\1\0\0\0")),
                            *[cert_bag(c) for c in a.cas])],
               lambda c: mac_data(c, "sha256", count=2000))


@kind
def macos(a):
    """Keychain Access: RC2-40 and 3DES, one iteration of the MAC, key identifiers of 20 bytes."""
    weak, strong = Protection("rc2-40", count=2048), Protection("3des", count=2048)
    id_ = local_id(hashlib.sha1(a.cert).digest())
    return pfx([sealed_safe(weak, cert_bag(a.cert, friendly("Imported Private Key"), id_)),
                plain_safe(shrouded(a.key, strong, friendly("Imported Private Key"), id_))],
               lambda c: mac_data(c, "sha1", count=1))


@kind
def go(a):
    """go-pkcs12's legacy shape: one iteration of the MAC, the certificate's SHA-1 as LocalKeyID."""
    id_ = local_id(hashlib.sha1(a.cert).digest())
    return pfx([sealed_safe(Protection("rc2-40", count=2048), cert_bag(a.cert, id_),
                            *[cert_bag(c) for c in a.cas]),
                plain_safe(shrouded(a.key, Protection("3des", count=2048), id_))],
               lambda c: mac_data(c, "sha1", count=1))


@kind
def ber(a):
    """NSS before it wrote DER: indefinite lengths all the way, strings in pieces."""
    protection = Protection("3des", count=10)
    algorithm, data = protection.encrypt(endless(0x30, cert_bag(a.cert), *[cert_bag(c) for c in a.cas]))
    sealed = endless(0x30, oid("1.2.840.113549.1.7.6"),
                     endless(0x80, endless(0x30, integer(0),
                                           endless(0x30, oid(DATA), algorithm,
                                                   endless(0x80, octets(data[:50]), octets(data[50:]))))))
    keys = endless(0x30, oid(DATA), endless(0x80, pieces(endless(0x30, shrouded(a.key, protection)))))
    content = endless(0x30, keys, sealed)
    return endless(0x30, integer(3), endless(0x30, oid(DATA), endless(0x80, pieces(content))),
                   mac_data(content, "sha1"))


@kind
def nested(a):
    """Safes in safes, five deep, a CRL bag and a secret bag beside."""
    inner = seq(cert_bag(a.cert), bag(4, seq(oid("1.2.840.113549.1.9.23.1"), explicit(0, octets(b"x")))),
                bag(5, seq(oid("1.2.3"), explicit(0, octets(b"secret")))),
                cert_bag(b"", friendly("nothing")) if a.odd else b"")
    for _ in range(5):
        inner = seq(bag(6, inner))
    protection = Protection()
    return pfx([sealed_safe(protection, bag(6, inner)),
                plain_safe(shrouded(a.key, protection), *[cert_bag(c) for c in a.cas])])


@kind
def pbes1_2key(a):
    return plain(a, Protection("3des-2key", count=5), lambda c: mac_data(c, "sha1"))


@kind
def rc4(a):
    return plain(a, Protection("rc4-128", count=5), lambda c: mac_data(c, "sha1"))


for name in PRF:
    for cipher in ("aes-128", "aes-256"):
        KINDS["pbes2-%s-%s" % (cipher, name)] = (
            lambda a, n=name, c=cipher: plain(a, Protection(c, prf=n, count=7, key_length=n == "sha384"),
                                              lambda x: mac_data(x, n, count=7)))
KINDS["pbes2-aes-192"] = lambda a: plain(a, Protection("aes-192"))
KINDS["pbes2-3des"] = lambda a: plain(a, Protection("3des-pbes2"))
KINDS["pbmac1-sha256"] = lambda a: plain(a, mac=lambda c: pbmac1(c, "sha256"))
KINDS["pbmac1-key"] = lambda a: plain(a, mac=lambda c: pbmac1(c, size=a.count))  # of --count bytes
KINDS["pbmac1-sha512"] = lambda a: plain(a, mac=lambda c: pbmac1(c, "sha512", count=3))


@kind
def empty_zeros(a):
    return plain(a, Protection("3des", password=""), lambda c: mac_data(c, "sha1", password=""))


@kind
def empty_absent(a):
    """An empty password as no bytes at all."""
    return plain(a, Protection("3des", password=None), lambda c: mac_data(c, "sha1", password=None))


@kind
def bare(a):
    """No protection whatever."""
    return pfx([plain_safe(cert_bag(a.cert), key_bag(a.key, friendly("bare")))], None)


@kind
def mac_only(a):
    return pfx([plain_safe(cert_bag(a.cert), key_bag(a.key))])


@kind
def reversed_chain(a):
    """CA certificates first and root before issuer, each twice, the leaf in a safe of its own."""
    protection = Protection()
    cas = [cert_bag(c) for c in reversed(a.cas)] * 2
    return pfx([plain_safe(*cas), plain_safe(shrouded(a.key, protection)),
                sealed_safe(protection, cert_bag(a.cert, friendly("last")))])


@kind
def old_openssl_password(a):
    """OpenSSL 1.0 took the bytes of UTF-8 for characters."""
    raw = a.password.encode()
    return plain(a, Protection("3des", bmp_bytes=raw_bmp(raw)),
                 lambda c: mac_data(c, "sha1", bmp_bytes=raw_bmp(raw)))


@kind
def given_password(a):
    """Both ways of encoding the password that was given, at once."""
    return plain(a, Protection("aes-256", password=a.password),
                 lambda c: mac_data(c, "sha256", password=a.password))


@kind
def named(a):
    return plain(a, key_attributes=[friendly(a.name)])


@kind
def utf8_name(a):
    return plain(a, key_attributes=[attribute("1.2.840.113549.1.9.20", tlv(0x0c, a.name.encode()))])


@kind
def trailing(a):
    return plain(a) + b"\0" * 16 + b"anything"


@kind
def garbage_certificate(a):
    return plain(a, cas=list(a.cas) + [b"\x30\x03\x02\x01\x01", os.urandom(300)])


@kind
def many_certificates(a):
    return plain(a, cas=[c for c in a.cas] * 40)


@kind
def two(a):
    """Two identities with names of their own: --cert, --key and --other-cert, --other-key."""
    protection = Protection()
    return pfx([sealed_safe(protection, cert_bag(a.cert, friendly("first")),
                            cert_bag(a.other_cert, friendly("second")), *[cert_bag(c) for c in a.cas]),
                plain_safe(shrouded(a.key, protection, friendly("first")),
                           shrouded(a.other_key, protection, friendly("second")))])


@kind
def same_name_twice(a):
    protection = Protection()
    return pfx([sealed_safe(protection, cert_bag(a.cert, friendly("one")),
                            cert_bag(a.other_cert, friendly("one"))),
                plain_safe(shrouded(a.key, protection), shrouded(a.other_key, protection))])


@kind
def renewed(a, backwards=False):
    """Old and new certificate of one key; the key's id is the old one's."""
    protection, id_ = Protection(), local_id(b"\1\0\0\0")
    certs = [cert_bag(a.cert, id_), cert_bag(a.other_cert)]
    return pfx([sealed_safe(protection, *(certs[::-1] if backwards else certs)),
                plain_safe(shrouded(a.key, protection, id_))])


KINDS["renewed-backwards"] = lambda a: renewed(a, True)


@kind
def key_without_certificate(a):
    protection = Protection()
    return pfx([plain_safe(shrouded(a.key, protection))])


@kind
def certificates_alone(a):
    return pfx([sealed_safe(Protection(), cert_bag(a.cert), *[cert_bag(c) for c in a.cas])])


@kind
def wrong_certificate(a):
    protection = Protection()
    return pfx([sealed_safe(protection, cert_bag(a.other_cert)), plain_safe(shrouded(a.key, protection))])


# --- what nobody should send


@kind
def mac_count(a):
    return plain(a, mac=lambda c: mac_data(c, claim=a.count))


@kind
def cipher_count(a):
    return plain(a, Protection(claim=a.count))


@kind
def pbes1_count(a):
    return plain(a, Protection("3des", claim=a.count))


@kind
def hidden_count(a):
    """A key with that count inside a sealed safe: seen when the safe has been opened."""
    good, bad = Protection(), Protection(claim=a.count)
    return pfx([sealed_safe(good, cert_bag(a.cert), shrouded(a.key, bad))])


@kind
def pbmac1_count(a):
    return plain(a, mac=lambda c: pbmac1_claim(c, a.count))


def pbmac1_claim(content, count):
    prf = seq(oid("1.2.840.113549.2.9"), NULL)
    parameters = seq(seq(oid("1.2.840.113549.1.5.12"), seq(octets(b"saltsalt"), integer(count), integer(32),
                                                           prf)), prf)
    return seq(seq(seq(oid("1.2.840.113549.1.5.14"), parameters), octets(b"\0" * 32)), octets(b""), integer(1))


@kind
def much_work(a):
    """Each count is allowed, all of them together aren't."""
    protection = Protection(claim=9000000)
    return pfx([sealed_safe(Protection(), cert_bag(a.cert)),
                plain_safe(*[shrouded(a.key, protection)] * 40)])


@kind
def real_count(a):
    """That count, and honestly."""
    return plain(a, mac=lambda c: mac_data(c, count=a.count))


@kind
def unknown_mac(a):
    return plain(a, mac=lambda c: mac_data(c, digest_oid="2.16.840.1.101.3.4.2.8"))


@kind
def unknown_cipher(a):
    algorithm = seq(oid("1.2.840.113549.1.5.13"),
                    seq(seq(oid("1.2.840.113549.1.5.12"), seq(octets(b"salt"), integer(1))),
                        seq(oid("2.16.840.1.101.3.4.1.46"), seq(octets(b"nonce")))))
    return with_algorithm(a, algorithm)


@kind
def unknown_kdf(a):
    algorithm = seq(oid("1.2.840.113549.1.5.13"),
                    seq(seq(oid("1.3.6.1.4.1.11591.4.11"), seq(octets(b"salt"), integer(16384), integer(8),
                                                               integer(1))),
                        seq(oid("2.16.840.1.101.3.4.1.42"), octets(b"\0" * 16))))
    return with_algorithm(a, algorithm)


@kind
def unknown_prf(a):
    algorithm = seq(oid("1.2.840.113549.1.5.13"),
                    seq(seq(oid("1.2.840.113549.1.5.12"),
                            seq(octets(b"salt"), integer(1), seq(oid("1.2.643.7.1.1.4.2"), NULL))),
                        seq(oid("2.16.840.1.101.3.4.1.42"), octets(b"\0" * 16))))
    return with_algorithm(a, algorithm)


@kind
def unknown_scheme(a):
    return with_algorithm(a, seq(oid("1.2.3.4.5.6.7.8"), NULL))


@kind
def rc2_128(a):
    return plain(a, Protection("rc2-128"))


def with_algorithm(a, algorithm):
    return pfx([sealed_safe(Protection(), cert_bag(a.cert)),
                plain_safe(bag(2, seq(algorithm, octets(b"\0" * 64))))])


@kind
def signed(a):
    return pfx([plain_safe(cert_bag(a.cert))], None, content_type="1.2.840.113549.1.7.2")


@kind
def enveloped(a):
    return pfx([seq(oid("1.2.840.113549.1.7.3"), explicit(0, seq(integer(0))))])


@kind
def version_2(a):
    return pfx([plain_safe(cert_bag(a.cert), key_bag(a.key))], None, version=2)


@kind
def spoiled_mac(a):
    return plain(a, mac=lambda c: mac_data(c, spoil=True))


def flip(data, at):
    return data[:at] + bytes([data[at] ^ 0x55]) + data[at + 1:]


@kind
def spoiled_certificates(a):
    """The sealed certificates changed on the way, the integrity check as it was."""
    data = plain(a)
    return flip(data, len(data) // 3)


@kind
def spoiled_under_good_mac(a):
    """The check is right; the key was ruined before it was made."""
    protection = Protection()
    algorithm, data = protection.encrypt(a.key)
    return pfx([sealed_safe(protection, cert_bag(a.cert)),
                plain_safe(bag(2, seq(algorithm, octets(data[:-32]))))])


@kind
def two_passwords(a):
    return pfx([sealed_safe(Protection(), cert_bag(a.cert)),
                plain_safe(shrouded(a.key, Protection(password="another")))])


@kind
def no_mac(a):
    return plain(a, mac=None)


@kind
def deep(a):
    inner = octets(b"")
    for _ in range(5000):
        inner = bytes([0x30, 0x80]) + inner
    return seq(integer(3), inner)


@kind
def deep_safes(a):
    inner = seq(cert_bag(a.cert))
    for _ in range(40):
        inner = seq(bag(6, inner))
    return pfx([plain_safe(bag(6, inner), key_bag(a.key))])


@kind
def long_length(a):
    return b"\x30\x84\xff\xff\xff\xff\x02\x01\x03" + b"\0" * 100


@kind
def longest_length(a):
    return b"\x30\x88\xff\xff\xff\xff\xff\xff\xff\xff\x02\x01\x03" + b"\0" * 100


@kind
def no_content(a):
    return seq(integer(3), seq(oid(DATA)))


@kind
def short_cipher(a):
    algorithm, data = Protection().encrypt(a.key)
    return pfx([sealed_safe(Protection(), cert_bag(a.cert)),
                plain_safe(bag(2, seq(algorithm, octets(data[:-3]))))])


@kind
def empty_bags(a):
    return pfx([plain_safe(seq(), seq(oid(BAG % 3)), bag(3, b""), bag(2, b""), bag(1, b""))])


@kind
def many_bags(a):
    return pfx([plain_safe(*[bag(5, NULL)] * 3000)])


@kind
def many_keys(a):
    return pfx([plain_safe(cert_bag(a.cert), *[key_bag(a.key)] * 70)])


# --- the command line ---------------------------------------------------------------------------


def to_der(path, *how):
    return subprocess.run(["openssl", *how, "-in", path, "-outform", "DER"], stdout=subprocess.PIPE,
                          check=True).stdout


def without_point(pkcs8):
    """An EC key as Java writes it: no public point. Works on what openssl writes, for P-256."""
    at = pkcs8.index(b"\x02\x01\x01\x04\x20")
    algorithm = pkcs8[pkcs8.index(b"\x02\x01\x00") + 3:pkcs8.index(b"\x04", 20)]
    size = 2 + algorithm[1]
    return seq(integer(0), algorithm[:size], octets(seq(integer(1), octets(pkcs8[at + 5:at + 37]))))


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", nargs="?")
    parser.add_argument("out", nargs="?")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--key")
    parser.add_argument("--cert")
    parser.add_argument("--ca", action="append", default=[])
    parser.add_argument("--other-key")
    parser.add_argument("--other-cert")
    parser.add_argument("--password", default="devid-test")
    parser.add_argument("--name", default="hand-made")
    parser.add_argument("--count", type=int, default=1)
    parser.add_argument("--odd", action="store_true")
    parser.add_argument("--without-point", action="store_true")
    a = parser.parse_args()
    if a.list:
        print("\n".join(KINDS))
        return
    a.key = to_der(a.key, "pkcs8", "-topk8", "-nocrypt")
    if a.without_point:
        a.key = without_point(a.key)
    a.cert = to_der(a.cert, "x509")
    a.cas = [to_der(c, "x509") for c in a.ca]
    if a.other_key:
        a.other_key = to_der(a.other_key, "pkcs8", "-topk8", "-nocrypt")
        a.other_cert = to_der(a.other_cert, "x509")
    data = KINDS[a.kind](a)
    with open(os.open(a.out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(data)


if __name__ == "__main__":
    main()
