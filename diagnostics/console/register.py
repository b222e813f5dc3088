"""Devices and loans from a file: tried first, row by row; the same file again takes them in."""

import asyncio
import hashlib
import hmac
from typing import Final

import psycopg
from starlette.datastructures import UploadFile
from starlette.requests import Request
from starlette.responses import Response

from diagnostics.administration.problems import need_whole_installation, refused
from diagnostics.console.alarms import printable
from diagnostics.console.gate import form_of, signed_in, with_right
from diagnostics.console.pages import page, resources_of
from diagnostics.problems import Problem
from diagnostics.resources import Resources
from diagnostics.rights import Right
from diagnostics.security import Caller
from diagnostics.work import Door
from fleet.plumbing.sheets import SheetRefusedError
from fleet.plumbing.store.register_import import Report, import_register
from fleet.register_rows import TITLES

LARGEST_FILE: Final = 4 * 1024**2
_SCOPE: Final = """
    SELECT set_config('fjarrkoll.all_payers', %s, true), set_config('fjarrkoll.payers', %s, true),
           set_config('fjarrkoll.frames', %s, true), set_config('fjarrkoll.audiences', %s, true)
"""


async def show_register(request: Request) -> Response:
    """The form."""
    with_right(request, Right.ADMINISTER)
    return _shown(request)


async def take_register(request: Request) -> Response:
    """Tries a file, or takes in the one that was tried; its report says what becomes of each row."""
    form, caller = await form_of(request), with_right(request, Right.ADMINISTER)
    upload, resources = form.get("file"), resources_of(request)
    if not isinstance(upload, UploadFile) or not upload.filename:
        await form.close()
        return _shown(request, refused("no_file", "Välj en fil.", "Choose a file."))
    content, name = await upload.read(), printable(upload.filename)[:120]
    await form.close()
    proof = _proof(request, content)
    take = bool(form.get("proof"))
    if take and not hmac.compare_digest(str(form.get("proof")), proof):
        wrong = refused("other_file", "Det är inte filen som prövades.", "This is not the file that was tried.")
        return _shown(request, wrong)
    try:
        async with Door(resources).open(caller) as work:
            need_whole_installation(work)
            await work.record("register.import" if take else "register.try", file=name)
            report = await asyncio.to_thread(_import, resources, caller, content, name, not take)
    except SheetRefusedError as error:
        return _shown(request, refused("no_list", error.reason.sv, error.reason.en))
    except Problem as problem:
        return _shown(request, problem)
    return _shown(request, report=report, proof="" if take else proof)


def _import(resources: Resources, caller: Caller, content: bytes, name: str, dry_run: bool) -> Report:  # noqa: FBT001
    """Reads and writes as the API's role under the caller's scope, on a connection of its own: it may take a while."""
    with psycopg.connect(str(resources.pool.conninfo)) as connection:
        connection.execute(_SCOPE, caller.scope.settings())
        return import_register(
            connection,
            content,
            resources.registry,
            file_name=name,
            actor=caller.name,
            now=resources.clock(),
            dry_run=dry_run,
        )


def _shown(
    request: Request, problem: Problem | None = None, *, report: Report | None = None, proof: str = ""
) -> Response:
    status = 200 if problem is None else int(problem.status)
    titles = list(TITLES.values())
    return page(request, "register.html", status=status, problem=problem, report=report, proof=proof, titles=titles)


def _proof(request: Request, content: bytes) -> str:
    """That this very file was tried in this session."""
    digest = hashlib.sha256(content).digest()
    return hmac.new(signed_in(request).form_key.encode(), b"tried " + digest, hashlib.sha256).hexdigest()
