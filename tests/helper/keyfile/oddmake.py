#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Certificates and keys in forms that libraries don't make: a CA's certificate signed over a TBSCertificate
that is written by hand, and private keys that say less than they could, or the same in other words.

    oddmake.py cert KIND OUT --key KEY.pem --issuer CA.crt --issuer-key CA.key [--cn TEXT] [--from D --to D] [--usage …]
    oddmake.py key KIND OUT --key KEY.pem
"""
import argparse
import datetime
import os
import re
import subprocess

from p12make import NULL, explicit, integer, octets, oid, seq, tlv, to_der

RSA, EC = "1.2.840.113549.1.1.1", "1.2.840.10045.2.1"


def openssl(*words, data=None):
    return subprocess.run(["openssl", *words], input=data, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=True).stdout


def take(data, at=0):
    """Tag, content and end of the item there."""
    tag, size, at = data[at], data[at + 1], at + 2
    if size & 0x80:
        count = size & 0x7f
        size, at = int.from_bytes(data[at:at + count], "big"), at + count
    return tag, data[at:at + size], at + size


def items(content):
    out, at = [], 0
    while at < len(content):
        start = at
        _, _, at = take(content, at)
        out.append(content[start:at])
    return out


def inside(item):
    return take(item)[1]


def bits(data, unused=0):
    return tlv(0x03, bytes([unused]) + data)


# --- certificates -------------------------------------------------------------------------------

STRINGS = {"utf8": (0x0c, "utf-8"), "t61": (0x14, "latin-1"), "bmp": (0x1e, "utf-16-be"), "universal": (0x1c, "utf-32-be"),
           "printable": (0x13, "ascii"), "ia5": (0x16, "ascii")}


def name(cn, kind="utf8"):
    tag, code = STRINGS[kind]
    return seq(tlv(0x31, seq(oid("2.5.4.3"), tlv(tag, cn.encode(code)))))


def spki_of(key, kind):
    spki = openssl("pkey", "-in", key, "-pubout", "-outform", "DER")
    algorithm, point = items(inside(spki))
    if kind == "no-null":
        return seq(seq(oid(RSA)), point)
    if kind == "explicit-curve":
        curve = re.search(r"ASN1 OID: (\S+)", openssl("pkey", "-in", key, "-noout", "-text").decode()).group(1)
        return seq(seq(oid(EC), openssl("ecparam", "-name", curve, "-param_enc", "explicit", "-outform", "DER")), point)
    if kind == "ml-kem":
        return seq(seq(oid("2.16.840.1.101.3.4.4.2")), bits(bytes(1184)))
    if kind == "dsa-inherited":
        return seq(seq(oid("1.2.840.10040.4.1")), bits(integer(1 << 2047)))
    return spki


def date(text, kind):
    moment = datetime.datetime.strptime(text, "%Y-%m-%d")
    if kind == "time-with-offset":
        return tlv(0x17, moment.strftime("%y%m%d%H%M%S+0900").encode())
    return tlv(0x17, moment.strftime("%y%m%d%H%M%SZ").encode())


def extension(dotted, value, critical=False):
    return seq(oid(dotted), *([b"\x01\x01\xff"] if critical else []), octets(value))


def certificate(a):
    issuer = inside(openssl("x509", "-in", a.issuer, "-outform", "DER"))
    fields = items(inside(items(issuer)[0]))
    usages = {"sign": b"\x03\x02\x07\x80", "encrypt": b"\x03\x02\x05\x20"}
    extensions = [extension("2.5.29.19", seq(), True), extension("2.5.29.15", usages[a.usage], True),
                  extension("2.5.29.37", seq(oid("1.3.6.1.5.5.7.3.2" if a.usage == "sign" else "1.3.6.1.5.5.7.3.4")))]
    if a.kind == "duplicate-extension":
        extensions += [extension("1.2.3.4.5", NULL)] * 2
    algorithm = seq(oid("1.2.840.10045.4.3.2")) if b"EC" in openssl("pkey", "-in", a.issuer_key, "-noout", "-text")[:400] or \
        b"NIST" in openssl("pkey", "-in", a.issuer_key, "-noout", "-text") else seq(oid("1.2.840.113549.1.1.11"), NULL)
    tbs = seq(explicit(0, integer(2)), integer(int.from_bytes(os.urandom(8), "big")), algorithm, fields[5],
              seq(date(a.begin, a.kind), date(a.end, a.kind)), name(a.cn, a.string), spki_of(a.key, a.kind),
              explicit(3, seq(*extensions)))
    signature = openssl("dgst", "-sha256", "-sign", a.issuer_key, data=tbs)
    return openssl("base64", data=seq(tbs, algorithm, bits(signature))), "CERTIFICATE"


# --- keys ---------------------------------------------------------------------------------------


def pkcs8(algorithm, key):
    return seq(integer(0), algorithm, octets(key))


def key(a):
    der = to_der(a.key, "pkcs8", "-topk8", "-nocrypt")
    _, algorithm, wrapped = items(inside(der))[:3]
    parts = items(inside(inside(wrapped)))
    if a.kind == "rsa-zeros":
        return pkcs8(algorithm, seq(*parts[:4], *[integer(0)] * 5))
    if a.kind == "rsa-short":
        return pkcs8(algorithm, seq(*parts[:4]))
    if a.kind == "rsa-primes":
        return pkcs8(algorithm, seq(*parts[:6], *[integer(0)] * 3))
    if a.kind == "rsa-wrong":  # an exponent that belongs to no primes
        return pkcs8(algorithm, seq(*parts[:3], integer(int.from_bytes(inside(parts[3]), "big") ^ 6), *[integer(0)] * 5))
    if a.kind == "ml-kem":
        return pkcs8(seq(oid("2.16.840.1.101.3.4.4.2")), tlv(0x80, bytes(64)))
    if a.kind == "dsa-inherited":
        return pkcs8(seq(oid("1.2.840.10040.4.1")), integer(12345))
    if a.kind == "other-curve":  # P-256 with another generator: the same numbers would be another key
        curve = openssl("ecparam", "-name", "prime256v1", "-param_enc", "explicit", "-outform", "DER")
        at = curve.index(bytes.fromhex("046b17d1f2"))
        curve = curve[:at + 64] + bytes([curve[at + 64] ^ 1]) + curve[at + 65:]
        return pkcs8(seq(oid(EC), curve), inside(wrapped))
    raise SystemExit("no such kind: " + a.kind)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["cert", "key"])
    parser.add_argument("kind")
    parser.add_argument("out")
    parser.add_argument("--key", required=True)
    parser.add_argument("--issuer")
    parser.add_argument("--issuer-key")
    parser.add_argument("--cn", default="odd")
    parser.add_argument("--string", default="utf8", choices=STRINGS)
    parser.add_argument("--usage", default="sign")
    parser.add_argument("--begin", default="2025-01-01")
    parser.add_argument("--end", default="2045-01-01")
    a = parser.parse_args()
    if a.what == "cert":
        text, label = certificate(a)
    else:
        text, label = openssl("base64", data=key(a)), "PRIVATE KEY"
    with open(os.open(a.out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(b"-----BEGIN %s-----\n%s-----END %s-----\n" % (label.encode(), text, label.encode()))


main()
