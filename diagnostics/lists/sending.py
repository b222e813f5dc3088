"""A list as an answer: the file itself, or lines of JSON while it is made with the file in the last of them."""

import asyncio
from typing import Any, Final

from fastapi.responses import Response, StreamingResponse

from diagnostics.lists.file import XLSX, Made
from diagnostics.lists.progress import MEDIA_TYPE, told

FILES: Final[dict[int | str, dict[str, Any]]] = {
    200: {
        "content": {
            XLSX: {"schema": {"type": "string"}},
            "text/csv": {"schema": {"type": "string"}},
            MEDIA_TYPE: {"schema": {"type": "string"}},
        },
        "description": "The list as a file",
    }
}


async def send(made: Made, *, progress: bool) -> Response:
    """The answer; the list is written beside the event loop, so that other requests go on."""
    if progress:
        return StreamingResponse(told(made.write, made.count), media_type=MEDIA_TYPE)
    file = await asyncio.to_thread(made.write)
    headers = {"Content-Disposition": f'attachment; filename="{file.name}"', "X-Rows": str(file.rows)}
    return Response(file.content, media_type=file.media_type, headers=headers)
