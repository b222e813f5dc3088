"""A long list told while it is made: a line of JSON for every few hundred rows, and the file in the last line."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from typing import Final, Protocol

from diagnostics.lists.file import File

Tell = Callable[[int], object]
MEDIA_TYPE: Final = "application/x-ndjson"


class Writer(Protocol):
    """What makes a file and tells how many rows it has written; runs beside the event loop."""

    def __call__(self, tell: Tell | None = None) -> File:
        """The file."""


async def told(write: Writer, of: int) -> AsyncIterator[bytes]:
    """Lines `{"rows": n, "of": m}` as rows are written, then one with the file's name, media type and content (base64).

    Args:
        write: makes the file; its transaction is over.
        of: how many rows there will be.
    """
    lines: asyncio.Queue[int | None] = asyncio.Queue()
    loop = asyncio.get_running_loop()
    making = asyncio.create_task(asyncio.to_thread(write, lambda n: loop.call_soon_threadsafe(lines.put_nowait, n)))
    making.add_done_callback(lambda _: lines.put_nowait(None))
    while (rows := await lines.get()) is not None:
        yield _line({"rows": rows, "of": of})
    file = await making
    content = base64.b64encode(file.content).decode()
    yield _line({"name": file.name, "media_type": file.media_type, "rows": file.rows, "content": content})


def _line(entry: dict[str, object]) -> bytes:
    return json.dumps(entry).encode() + b"\n"
