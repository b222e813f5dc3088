"""Administration: what there is, and accounts of the console."""

from typing import Any, Final

from starlette.datastructures import FormData
from starlette.requests import Request
from starlette.responses import Response

from diagnostics.administration import accounts
from diagnostics.administration.accounts import Wanted
from diagnostics.console.alarms import printable
from diagnostics.console.gate import form_of, with_right
from diagnostics.console.pages import ROOT, page, resources_of, seen
from diagnostics.problems import Problem, invalid
from diagnostics.rights import Right, Role
from diagnostics.work import Door

_FRAMES: Final = ("HSL", "SoL")


async def show_administration(request: Request) -> Response:
    """Where everything is."""
    with_right(request, Right.ADMINISTER)
    return page(request, "administration.html")


async def show_accounts(request: Request) -> Response:
    """Every account in the administrator's scope, and the form of a new one."""
    return await _accounts(request)


async def add_account(request: Request) -> Response:
    """Makes an account and shows its password, this once; what is wrong is said above the form, filled in as it was."""
    form, caller = await form_of(request), with_right(request, Right.ADMINISTER)
    login = _word(form, "login").lower()
    try:
        async with Door(resources_of(request)).open(caller) as work:
            password = await accounts.add_account(work, login, _wanted(form))
    except Problem as problem:
        return await _accounts(request, problem=problem, given=form)
    return await _accounts(request, made=(login, password))


async def show_account(request: Request) -> Response:
    """One account, to be changed."""
    return await _account(request)


async def change_account(request: Request) -> Response:
    """Another role or scope, shut or opened, or a new password, which is shown this once."""
    form, caller = await form_of(request), with_right(request, Right.ADMINISTER)
    login, deed = request.path_params["login"], _word(form, "deed")
    password = None
    try:
        async with Door(resources_of(request)).open(caller) as work:
            if deed == "change":
                await accounts.change_account(work, login, _wanted(form))
            elif deed in {"shut", "open"}:
                await accounts.shut_account(work, login, shut=deed == "shut")
            elif deed == "password":
                password = await accounts.reset_password(work, login)
            else:
                raise invalid([])
    except Problem as problem:
        return await _account(request, problem=problem)
    return (
        await _account(request, made=password) if password else seen(f"{ROOT}/administration/accounts/{login}?saved=1")
    )


async def _accounts(request: Request, **more: Any) -> Response:  # noqa: ANN401 - what a try led to
    problem: Problem | None = more.get("problem")
    async with Door(resources_of(request)).open(with_right(request, Right.ADMINISTER)) as work:
        found = await accounts.list_accounts(work)
        payers = await accounts.payers(work)
    return page(
        request,
        "accounts.html",
        status=200 if problem is None else int(problem.status),
        accounts=found,
        payers=payers,
        roles=[role.value for role in Role],
        frames=_FRAMES,
        **({"problem": None, "made": None, "given": None} | more),
    )


async def _account(request: Request, **more: Any) -> Response:  # noqa: ANN401 - as above
    problem: Problem | None = more.get("problem")
    async with Door(resources_of(request)).open(with_right(request, Right.ADMINISTER)) as work:
        account = await accounts.show_account(work, request.path_params["login"])
        payers = await accounts.payers(work)
    return page(
        request,
        "account.html",
        status=200 if problem is None else int(problem.status),
        account=account,
        payers=payers,
        roles=[role.value for role in Role],
        frames=_FRAMES,
        **({"problem": None, "made": None} | more),
    )


def _wanted(form: FormData) -> Wanted:
    role = _word(form, "role")
    if role not in set(Role):
        raise invalid([])
    payers = None if form.get("every_payer") else tuple(str(code)[:60] for code in form.getlist("payer"))
    frames = tuple(str(frame) for frame in form.getlist("frame") if frame in _FRAMES)
    return Wanted(role=Role(role), care_unit=_word(form, "care_unit"), payers=payers, frames=frames)


def _word(form: FormData, name: str) -> str:
    return printable(str(form.get(name, ""))).strip()
