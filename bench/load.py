"""Load: many requests on a few connections that stay open, from one thread, with as little work of its own as Python allows."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

HEAD_END = b"\r\n\r\n"


@dataclass
class Answered:
    """What a load met. seconds: of every answer.  took_s: from the first request to the last answer."""

    seconds: list[float] = field(default_factory=list)
    statuses: Counter[int] = field(default_factory=Counter)
    took_s: float = 0.0
    bytes: int = 0

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return len(self.seconds) / self.took_s

    def quantile_ms(self, share: float) -> float:
        """The time within which this share of all requests was answered, milliseconds."""
        return 1e3 * sorted(self.seconds)[min(len(self.seconds) - 1, int(share * len(self.seconds)))]


async def load(host: str, port: int, requests: Iterator[bytes], *, connections: int) -> Answered:
    """Send all `requests` (whole HTTP/1.1 messages), each as soon as a connection is free."""
    answered = Answered()
    begun = time.perf_counter()

    async def one() -> None:
        reader, writer = await asyncio.open_connection(host, port)
        try:
            for request in requests:
                sent = time.perf_counter()
                writer.write(request)
                head = await reader.readuntil(HEAD_END)
                length = int(_header(head, b"content-length") or 0)
                while length > 0:
                    chunk = await reader.read(min(length, 1 << 20))
                    if not chunk:
                        raise ConnectionError("the server closed the line within an answer")
                    length -= len(chunk)
                    answered.bytes += len(chunk)
                answered.seconds.append(time.perf_counter() - sent)
                answered.statuses[int(head[9:12])] += 1
        finally:
            writer.close()

    await asyncio.gather(*(one() for _ in range(connections)))
    answered.took_s = time.perf_counter() - begun
    return answered


def _header(head: bytes, name: bytes) -> bytes | None:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(name + b":"):
            return line.partition(b":")[2].strip()
    return None


def message(method: str, path: str, body: bytes = b"", *, host: str = "127.0.0.1") -> bytes:
    """One request as bytes."""
    head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\n"
    if body:
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n"
    return head.encode() + b"\r\n" + body
