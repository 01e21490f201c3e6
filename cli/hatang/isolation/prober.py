"""The far end of a proof: sends marked packets, and tells which ones reached this machine's own links.

It is sent to a host as text and run there by any Python from 3.8 on, as root; nothing is written to the disk, and it
ends with its input. Packets go out and are heard below the host's own firewall (packet sockets): what is measured is
the network between hosts, not the good will of the host that sends.

Requests and answers are lines of JSON: open → links; send → what could not be sent; heard → numbers of probes.
"""

from __future__ import annotations

import json
import socket
import struct
import subprocess
import sys
import threading
import time
from typing import Any

TCP, UDP, ICMP, ICMP6 = 6, 17, 1, 58
ARP_TYPE, V4_TYPE, V6_TYPE = b"\x08\x06", b"\x08\x00", b"\x86\xdd"
PACKET_HOST, SO_RCVBUFFORCE = 0, 33
RESOLVE_S, PACE = 1.5, 50  # probes in a row before a short rest, so that no buffer on the way runs over


def checksum(data: bytes) -> int:
    """The Internet checksum."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack("!" + "H" * (len(data) // 2), data))
    while total >> 16:
        total = (total >> 16) + (total & 0xFFFF)
    return ~total & 0xFFFF


def packed(address: str) -> bytes:
    """An address as bytes."""
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


def packet(protocol: str, source: str, target: str, port: int, payload: bytes, number: int) -> bytes:
    """An IP packet: TCP SYN, UDP or echo request, marked by its payload."""
    src, dst, v6 = packed(source), packed(target), ":" in target
    kind = {"tcp": TCP, "udp": UDP, "icmp": ICMP6 if v6 else ICMP}[protocol]
    own = 20000 + number % 40000
    if protocol == "tcp":
        body = struct.pack("!HHLLBBHHH", own, port, number, 0, 5 << 4, 2, 64240, 0, 0) + payload
    elif protocol == "udp":
        body = struct.pack("!HHHH", own, port, 8 + len(payload), 0) + payload
    else:
        body = struct.pack("!BBHHH", 128 if v6 else 8, 0, 0, own, 1) + payload
    if v6:
        pseudo = src + dst + struct.pack("!LL", len(body), kind)
    else:
        pseudo = src + dst + struct.pack("!HH", kind, len(body)) if protocol != "icmp" else b""
    at = {"tcp": 16, "udp": 6, "icmp": 2}[protocol]
    body = body[:at] + struct.pack("!H", checksum(pseudo + body)) + body[at + 2 :]
    if v6:
        return struct.pack("!LHBB", 6 << 28, len(body), kind, 64) + src + dst + body
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), number % 65536, 0, 64, kind, 0) + src + dst
    return head[:10] + struct.pack("!H", checksum(head)) + head[12:] + body


class Prober:
    """Links of this machine, what was heard on them, and the ways from them."""

    def __init__(self) -> None:
        self.token = b""
        self.own: set[str] = set()
        self.heard: set[int] = set()
        self.neighbours: dict[bytes, bytes] = {}
        self.served: list[tuple[str, str]] = []  # address, link
        self.links: dict[str, dict[str, Any]] = {}
        self.ways: dict[str, Any] = {}
        self.sock = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        self.sock.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 32 << 20)

    def open(self, token: str, serve: list[str], own: list[str]) -> dict[str, Any]:
        """Begin to listen. `serve`: addresses to take for the time being; `own`: send by the links with these alone."""
        self.token = bytes.fromhex(token)
        self.own = set(own)
        for address in serve:
            link = link_towards(address)
            if subprocess.call(["ip", "addr", "add", whole(address), "dev", link], stderr=subprocess.DEVNULL) == 0:
                self.served.append((address, link))
        for row in ask("addr"):
            mine = [a["local"] for a in row["addr_info"] if a["scope"] == "global"]
            mine.sort(key=lambda a: a in serve)  # it sends from what is always its own
            if row["ifname"] != "lo" and mine:
                self.links[row["ifname"]] = {"mac": row["address"], "addresses": mine}
        threading.Thread(target=self.listen, daemon=True).start()
        if self.own:  # one machine may be the bastion of several branches: each sends by its own link alone
            self.links = {k: v for k, v in self.links.items() if self.own & set(v["addresses"])}
        return self.links

    def listen(self) -> None:
        """Without end: marked packets, and who answers for which address."""
        while True:
            frame, where = self.sock.recvfrom(2048)
            if where[2] != PACKET_HOST:
                continue
            if frame[12:14] == ARP_TYPE and frame[20:22] == b"\0\2":
                self.neighbours[frame[28:32]] = frame[22:28]
            elif frame[12:14] == V6_TYPE and frame[20] == ICMP6 and frame[54] == 136:
                self.neighbours[frame[62:78]] = frame[6:12]
            at = frame.find(self.token)
            if at >= 0 and len(frame) >= at + 12:
                self.heard.add(int.from_bytes(frame[at + 8 : at + 12], "big"))

    def way(self, target: str) -> Any:
        """(link, own address, frame's head) towards a target, or why there is none."""
        if target not in self.ways:
            self.ways[target] = self.find_way(target)
        return self.ways[target]

    def find_way(self, target: str) -> Any:
        """As `way`, found now."""
        found = ask("route", "get", target)
        if not found or found[0].get("dev") not in self.links:
            return "no route"
        dev, hop, v6 = found[0]["dev"], found[0].get("gateway", target), ":" in target
        mac = bytes.fromhex(self.links[dev]["mac"].replace(":", ""))
        mine = [a for a in self.links[dev]["addresses"] if (":" in a) == v6]
        if not mine:
            return "no address of this IP version"
        own, wanted = packed(mine[0]), packed(hop)
        end, again = time.time() + RESOLVE_S, 0.0
        while wanted not in self.neighbours:
            now = time.time()
            if now > end:
                return "no answer from the next hop"
            if now > again:
                self.sock.sendto(solicit(mac, own, wanted) if v6 else arp(mac, own, wanted), (dev, 0))
                again = now + 0.3
            time.sleep(0.005)
        return dev, mine[0], self.neighbours[wanted] + mac + (V6_TYPE if v6 else V4_TYPE)

    def send(self, probes: list[Any]) -> dict[int, str]:
        """Send probes (number, protocol, source or nothing, target, port); returns why some could not be sent."""
        self.ways = {t: way for t, way in self.ways.items() if not isinstance(way, str)}  # what failed is tried again
        unsent: dict[int, str] = {}
        for count, (number, protocol, disguise, target, port) in enumerate(probes):
            way = self.way(target)
            if isinstance(way, str):
                unsent[number] = way
                continue
            dev, own, head = way
            mark = self.token + number.to_bytes(4, "big")
            try:
                self.sock.sendto(head + packet(protocol, disguise or own, target, port, mark, number), (dev, 0))
            except OSError as exc:
                unsent[number] = str(exc)
            if count % PACE == PACE - 1:
                time.sleep(0.002)
        return unsent

    def close(self) -> None:
        """Give back the addresses."""
        for address, link in self.served:
            subprocess.call(["ip", "addr", "del", whole(address), "dev", link], stderr=subprocess.DEVNULL)


def whole(address: str) -> str:
    """An address as a network of its own."""
    return address + ("/128" if ":" in address else "/32")


def link_towards(address: str) -> str:
    """Where an address is taken: on the link it lies behind, since a machine with `arp_ignore` answers nowhere else."""
    found = ask("route", "get", address)
    return found[0].get("dev", "lo") if found and "gateway" not in found[0] else "lo"


def ask(*words: str) -> list[dict[str, Any]]:
    """What `ip` says."""
    done = subprocess.run(["ip", "-j", *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    found: list[dict[str, Any]] = json.loads(done.stdout or b"[]") if done.returncode == 0 else []
    return found


def arp(mac: bytes, own: bytes, wanted: bytes) -> bytes:
    """A question for the MAC of an IPv4 address."""
    return b"\xff" * 6 + mac + ARP_TYPE + struct.pack("!HHBBH", 1, 0x800, 6, 4, 1) + mac + own + b"\0" * 6 + wanted


def solicit(mac: bytes, own: bytes, wanted: bytes) -> bytes:
    """A question for the MAC of an IPv6 address."""
    group = bytes.fromhex("ff0200000000000000000001ff") + wanted[13:]
    body = struct.pack("!BBHL", 135, 0, 0, 0) + wanted + b"\1\1" + mac
    body = body[:2] + struct.pack("!H", checksum(own + group + struct.pack("!LL", len(body), ICMP6) + body)) + body[4:]
    head = struct.pack("!LHBB", 6 << 28, len(body), ICMP6, 255) + own + group
    return b"\x33\x33" + group[12:] + mac + V6_TYPE + head + body


def main() -> None:
    """Until the input ends."""
    prober = Prober()
    try:
        for line in sys.stdin.buffer:
            request = json.loads(line)
            what = request.pop("do")
            try:
                answer: Any = sorted(prober.heard) if what == "heard" else getattr(prober, what)(**request)
                said = {"result": answer}
            except OSError as exc:
                said = {"error": str(exc)}
            sys.stdout.write(json.dumps(said) + "\n")
            sys.stdout.flush()
    finally:
        prober.close()


main()
