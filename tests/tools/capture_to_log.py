#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""capture_to_log.py FORMATS CAPTURE DIR : the logs that servers and monitors would have written, to
DIR/FORMAT.log.

Formats, parted by commas: dnstap, bind, unbound, zeek-tsv, zeek-json, csv (with clients, ports, IDs
and response codes), tsv (the notebook's columns). Reads DNS over UDP and IPv4 in Ethernet, in GTP-U or not.
What is no DNS message with a question is left out, as a server would.
"""
import json
import pathlib
import struct
import sys
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "scripts/lab"))
import pcapio  # noqa: E402

TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 10: "NULL", 12: "PTR", 15: "MX", 16: "TXT",
         25: "KEY", 28: "AAAA", 33: "SRV", 65: "HTTPS", 255: "ANY"}
RCODES = ["NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED"]


def datagrams(path):
    """(ns, source, source port, destination, destination port, payload), GTP-U taken off."""
    pieces = {}
    for seconds, micros, frame in pcapio.read(path):
        packet = frame[14:] if frame[12:14] == b"\x08\0" else b""
        for _ in range(2):
            if len(packet) < 20 or packet[0] >> 4 != 4 or packet[9] != 17:
                break
            udp = whole(pieces, packet)
            if udp is None or len(udp) < 8:
                break
            source, destination, size = struct.unpack(">HHH", udp[:6])
            if destination == 2152:
                packet = gtpu(udp[8:])
                continue
            yield (seconds * 10**9 + micros * 1000, dotted(packet[12:16]), source,
                   dotted(packet[16:20]), destination, udp[8:size])
            break


def whole(pieces, packet):
    """What an IP packet carries, or all that its pieces do once the last one is there."""
    data = packet[(packet[0] & 15) * 4:struct.unpack(">H", packet[2:4])[0]]
    flags = struct.unpack(">H", packet[6:8])[0]
    if not flags & 0x3fff:
        return data
    held = pieces.setdefault((packet[4:6], packet[12:20]), {})
    held[flags & 0x1fff] = (data, flags & 0x2000)
    at, out = 0, b""
    while at // 8 in held:
        data, more = held[at // 8]
        at, out = at + len(data), out + data
        if not more:
            return out
    return None


def gtpu(data):
    at = 8
    if data[0] & 7:
        at, following = 12, data[11]
        while following:
            length = data[at] * 4
            following, at = data[at + length - 1], at + length
    return data[at:]


def dotted(address):
    return ".".join(map(str, address))


def name_at(data, at):
    labels, end = [], None
    while data[at]:
        if data[at] >= 192:
            end = end or at + 2
            at = struct.unpack(">H", data[at:at + 2])[0] & 0x3fff
            continue
        labels.append(data[at + 1:at + 1 + data[at]])
        at += 1 + data[at]
    return labels, end or at + 1


def text(labels):
    """As in a master file."""
    return ".".join("".join(
        f"\\{octet:03}" if octet <= 0x20 or octet >= 0x7f else
        f"\\{octet:c}" if chr(octet) in '.\\"();@$' else chr(octet)
        for octet in label) for label in labels) or "."


class Message:
    def __init__(self, ns, source, source_port, destination, destination_port, data):
        self.ns, self.data = ns, data
        self.id, self.flags, questions, answers = struct.unpack(">HHHH", data[:8])
        if not questions:
            raise ValueError("no question")
        self.response = bool(self.flags & 0x8000)
        self.rcode = self.flags & 15
        self.client, self.port, self.server = (destination, destination_port, source) \
            if source_port == 53 else (source, source_port, destination)
        labels, at = name_at(data, 12)
        self.name = text(labels)
        self.type = struct.unpack(">H", data[at:at + 2])[0]
        self.answers = []
        at += 4
        for _ in range(answers if self.response else 0):
            _, at = name_at(data, at)
            kind, _, ttl, size = struct.unpack(">HHIH", data[at:at + 10])
            self.answers.append((kind, ttl, at + 10, size))
            at += 10 + size

    def type_text(self):
        return TYPES.get(self.type, f"TYPE{self.type}")

    def answer_text(self, kind, at, size):
        rdata = self.data[at:at + size]
        if kind == 1:
            return dotted(rdata)
        if kind == 28:
            return ":".join(f"{word:x}" for word in struct.unpack(">8H", rdata))
        if kind in (2, 5, 12):
            return text(name_at(self.data, at)[0])
        return f"<unknown type={kind}>"


def messages(path):
    for one in datagrams(path):
        if 53 in (one[2], one[4]):
            try:
                yield Message(*one)
            except (ValueError, IndexError, struct.error):
                pass


def lookups(path):
    """(query, response or None), in order of the queries."""
    pairs, waiting = [], {}
    for message in messages(path):
        key = (message.client, message.port, message.id, message.name.lower(), message.type)
        if not message.response:
            waiting[key] = [message, None]
            pairs.append(waiting[key])
        elif key in waiting:
            waiting.pop(key)[1] = message
        else:
            pairs.append([message, message])
    return pairs


def varint(number):
    out = b""
    while number > 127:
        out += bytes((number & 127 | 128,))
        number >>= 7
    return out + bytes((number,))


def field(number, value):
    if isinstance(value, bytes):
        return varint(number << 3 | 2) + varint(len(value)) + value
    return varint(number << 3) + varint(value)


def dnstap(path, out):
    content = b"protobuf:dnstap.Dnstap"
    start = struct.pack(">III", 2, 1, len(content)) + content
    out.write(struct.pack(">II", 0, len(start)) + start)
    for message in messages(path):
        offset = 6 if message.response else 0
        body = field(1, 6 if message.response else 5) + field(2, 1) + field(3, 1)
        body += field(4, bytes(map(int, message.client.split("."))))
        body += field(5, bytes(map(int, message.server.split(".")))) + field(6, message.port)
        body += field(7, 53)
        stamp = (12, 13, 14) if offset else (8, 9, 10)
        body += field(stamp[0], message.ns // 10**9)
        body += varint(stamp[1] << 3 | 5) + struct.pack("<I", message.ns % 10**9)
        body += field(stamp[2], message.data)
        frame = field(14, body) + field(15, 1)
        out.write(struct.pack(">I", len(frame)) + frame)
    out.write(struct.pack(">III", 0, 4, 3))


def bind(path, out):
    for message in messages(path):
        if not message.response:
            stamp = time.strftime("%d-%b-%Y %H:%M:%S", time.gmtime(message.ns // 10**9))
            out.write(f"{stamp}.{message.ns // 10**6 % 1000:03} queries: info: client "
                      f"@0x7f2c00001000 {message.client}#{message.port} ({message.name}): query: "
                      f"{message.name} IN {message.type_text()} +E(0) ({message.server})\n".encode())


def unbound(path, out):
    for message in messages(path):
        stamp = f"[{message.ns // 10**9}] unbound[71:0] info: {message.client} "
        end = f" {RCODES[message.rcode]} 0.001000 0 {len(message.data)}" if message.response else ""
        out.write((stamp + f"{message.name.rstrip('.')}. {message.type_text()} IN{end}\n").encode())


ZEEK = ("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "trans_id", "rtt",
        "query", "qclass", "qclass_name", "qtype", "qtype_name", "rcode", "rcode_name", "AA", "TC",
        "RD", "RA", "Z", "answers", "TTLs", "rejected")


def zeek_rows(path):
    for query, response in lookups(path):
        row = {"ts": f"{query.ns // 10**9}.{query.ns // 1000 % 10**6:06}", "uid": "C1",
               "id.orig_h": query.client, "id.orig_p": query.port, "id.resp_h": query.server,
               "id.resp_p": 53, "proto": "udp", "trans_id": query.id, "query": query.name,
               "qclass": 1, "qclass_name": "C_INTERNET", "qtype": query.type,
               "qtype_name": query.type_text(), "rejected": "F"}
        if response:
            row |= {"rtt": f"{(response.ns - query.ns) / 1e9:.6f}", "rcode": response.rcode,
                    "rcode_name": RCODES[response.rcode]}
            if response.answers:
                row["answers"] = [response.answer_text(kind, at, size)
                                  for kind, _, at, size in response.answers]
                row["TTLs"] = [float(ttl) for _, ttl, _, _ in response.answers]
        yield row


def zeek_tsv(path, out):
    out.write(b"#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n"
              b"#path\tdns\n#fields\t" + "\t".join(ZEEK).encode() + b"\n")
    for row in zeek_rows(path):
        cells = [",".join(map(str, value)) if isinstance(value, list) else str(value)
                 for value in (row.get(name, "-") for name in ZEEK)]
        out.write("\t".join(cells).encode() + b"\n")
    out.write(b"#close\t2026-11-22-08-00-00\n")


def zeek_json(path, out):
    for row in zeek_rows(path):
        row["ts"] = float(row["ts"])
        if "rtt" in row:
            row["rtt"] = float(row["rtt"])
        out.write(json.dumps(row).encode() + b"\n")


def delimited(path, out, by, columns):
    out.write(by.join(columns).encode() + b"\n")
    for query, response in lookups(path):
        answers = response.answers if response else []
        addresses = [response.answer_text(kind, at, size)
                     for kind, _, at, size in answers if kind in (1, 28)]
        row = {"timestamp": f"{query.ns // 10**9}.{query.ns // 1000 % 10**6:06}",
               "hostname": query.name, "record": query.type_text(),
               "TTL": answers[0][1] if answers else "", "DNS_IP": query.server,
               "ANS_IP": addresses[0] if addresses else "", "client": query.client,
               "port": query.port, "id": query.id,
               "rcode": RCODES[response.rcode] if response else ""}
        if by == "\t":
            row["timestamp"] = query.ns // 10**9
        cells = (str(row[name]) for name in columns)
        out.write(by.join(f'"{cell.replace(chr(34), chr(34) * 2)}"'
                          if by in cell or '"' in cell else cell for cell in cells).encode() + b"\n")


def csv(path, out):
    delimited(path, out, ",", ("client", "port", "id", "timestamp", "hostname", "record", "TTL",
                               "ANS_IP", "DNS_IP", "rcode"))


def tsv(path, out):
    delimited(path, out, "\t", ("timestamp", "hostname", "record", "TTL", "DNS_IP", "ANS_IP"))


def main():
    forms, path, folder = sys.argv[1:]
    for form in forms.split(","):
        with open(f"{folder}/{form}.log", "wb") as out:
            {"dnstap": dnstap, "bind": bind, "unbound": unbound, "zeek-tsv": zeek_tsv,
             "zeek-json": zeek_json, "csv": csv, "tsv": tsv}[form](path, out)


main()
