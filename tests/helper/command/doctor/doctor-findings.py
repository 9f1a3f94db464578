#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
"""Which findings of the doctor's sources were never seen.

doctor-findings.py MESSAGES SOURCE.c…: MESSAGES has a line "RESULT MESSAGE" for each that was. Prints the format of
each warning and failure that the sources can tell and none of them is.
"""
import re
import sys

STRING = r'"(?:[^"\\]|\\.)*"'


def arguments(text):
    """Splits at commas that stand outside of parentheses and strings."""
    depth, part, parts, at = 0, "", [], 0
    while at < len(text):
        string = re.match(STRING, text[at:])
        if string:
            part += string.group()
            at += string.end()
            continue
        if text[at] == "," and depth == 0:
            parts.append(part.strip())
            part = ""
        else:
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            part += text[at]
        at += 1
    return parts + [part.strip()]


def join(part):
    part = part.replace('G_GINT64_FORMAT', '"ld"')
    text = "".join(s[1:-1] for s in re.findall(STRING, part))
    return text.replace('\\"', '"')


def pattern(text):
    return "".join(".*" if p.startswith("%") else re.escape(p)
                   for p in re.split(r'(%(?:0?\d+)?(?:z|l)*[sudo]|%ld)', text))


with open(sys.argv[1], encoding="utf-8") as file:
    seen = [line.rstrip("\n").partition(" ") for line in file]
for path in sys.argv[2:]:
    with open(path, encoding="utf-8") as file:
        source = re.sub(r'/\*.*?\*/', '', file.read(), flags=re.S)
    for call in re.finditer(r'\bdoctor_tell\(', source):
        depth, end = 1, call.end()
        while depth:
            string = re.match(STRING, source[end:])
            if string:
                end += string.end()
                continue
            depth += {"(": 1, ")": -1}.get(source[end], 0)
            end += 1
        parts = arguments(source[call.end():end - 1])
        if len(parts) < 4 or '"' not in parts[3]:
            continue
        if parts[1] in ("OUTCOME_PASS", "OUTCOME_SKIP"):
            continue
        text = join(parts[3])
        if not any(result in ("warn", "fail") and re.fullmatch(pattern(text), message)
                   for result, _, message in seen):
            print("%s: %s" % (path.rsplit("/", 1)[-1], text))
