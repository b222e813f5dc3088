"""Pages: templates filled with what a page needs, the headers that keep strangers' code out, and static files."""

import hashlib
import json
import mimetypes
import re
from collections.abc import Mapping
from functools import cache, partial
from pathlib import Path
from typing import Any, Final

import jinja2
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from diagnostics.console import words, workshop_words
from diagnostics.console.accounts import Session
from diagnostics.console.language import LANGUAGES, Words, iso
from diagnostics.console.spoken import spoken
from diagnostics.problems import Problem
from diagnostics.resources import Resources
from diagnostics.rights import Right, may
from fleet.text import Text

ROOT: Final = "/console"
SESSION_COOKIE: Final = "fjarrkoll_session"
LANGUAGE_COOKIE: Final = "fjarrkoll_language"
_FOLDER: Final = Path(__file__).parent
_STATIC: Final = _FOLDER / "static"
# Nothing from elsewhere, nothing inline: a device's text that slipped into a page could still do nothing.
POLICY: Final = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self' data:; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
# Chosen components of Designsystemet (static/vendor/NOTICE.md), then our own layout.
_COMPONENTS: Final = (
    "theme base heading paragraph link button card tag alert table field label input details divider list skip-link"
    " validation-message"
)
_STYLES: Final = (
    *(f"vendor/designsystemet/{name}.css" for name in _COMPONENTS.split()),
    "vendor/uplot/uPlot.min.css",
    "console.css",
)
_BUNDLES: Final[Mapping[str, tuple[str, ...]]] = {
    "console.css": _STYLES,
    "board.js": ("board.js",),
    "renew.js": ("vendor/htmx/htmx.min.js", "vendor/htmx-ext-sse/sse.min.js", "renew.js"),
    "chart.js": ("vendor/uplot/uPlot.iife.min.js", "chart.js"),
}
# Nothing of a page stays in the browser (a step back asks anew), nothing is evaluated, nothing inline is added.
HTMX: Final[Mapping[str, object]] = {
    "allowEval": False,
    "allowScriptTags": False,
    "attributesToSettle": [],
    "historyCacheSize": 0,
    "includeIndicatorStyles": False,
    "refreshOnHistoryMiss": True,
    "selfRequestsOnly": True,
    "timeout": 15_000,
}
TEMPLATES: Final = jinja2.Environment(
    loader=jinja2.FileSystemLoader(_FOLDER / "templates"),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def words_of(request: Request) -> Words:
    """The language a person chose (`?lang=`, then the cookie), else Swedish."""
    for given in (request.query_params.get("lang"), request.cookies.get(LANGUAGE_COOKIE)):
        if given in LANGUAGES:
            return Words(given, resources_of(request).clock())
    return Words("sv", resources_of(request).clock())


def resources_of(request: Request) -> Resources:
    """What the process holds while it runs."""
    found: Resources = request.app.state.resources
    return found


def session_of(request: Request) -> Session | None:
    """The signed-in person, as the gate found."""
    found: Session | None = request.scope["state"].get("session")
    return found


def page(request: Request, template: str, *, status: int = 200, **context: Any) -> Response:  # noqa: ANN401 - a template's own
    """A filled page in the person's language."""
    speak, session = words_of(request), session_of(request)
    html = TEMPLATES.get_template(template).render(
        w=speak,
        _=speak.say,
        iso=iso,
        root=ROOT,
        names=words,
        shop=workshop_words,
        session=session,
        role=None if session is None else session.caller.role.value,
        rights=frozenset() if session is None else frozenset(r.value for r in Right if may(session.caller.role, r)),
        path=request.url.path,
        asset=asset,
        htmx=json.dumps(HTMX),
        class_title=partial(_class_title, request),
        spoken=partial(_spoken, request),
        other_language=_with(request, lang="en" if speak.language == "sv" else "sv"),
        query=request.query_params,
        link=lambda **changes: _with(request, **changes),
        **context,
    )
    answer = HTMLResponse(html, status, {"Content-Language": speak.language, "Content-Security-Policy": POLICY})
    if request.query_params.get("lang") in LANGUAGES:
        answer.set_cookie(LANGUAGE_COOKIE, speak.language, max_age=31_536_000, path=ROOT, samesite="lax")
    return answer


def _class_title(request: Request, name: str) -> Text:
    """What people call a device class; one that no profile has is shown as it is spelled."""
    profile = resources_of(request).registry.by_name.get(name)
    return Text(name, name) if profile is None else profile.title


def _spoken(request: Request, reason: object, device_class: str) -> str:
    """An alarm's reason with the words of its class in place of keys."""
    text = Text(str(getattr(reason, "sv", reason)), str(getattr(reason, "en", reason)))
    return spoken(text, resources_of(request).registry.by_name.get(device_class), words_of(request).language)


def error_page(request: Request, problem: Problem) -> Response:
    """A refusal or failure, in words and with what to do next."""
    return page(
        request,
        "error.html",
        status=int(problem.status),
        problem=problem,
        # A form's address is one step below the page that it stands on.
        back=None if request.method in {"GET", "HEAD"} else request.url.path.rsplit("/", 1)[0],
        request_id=request.scope["state"].get("request_id", ""),
    )


def seen(address: str) -> Response:
    """To another page after a form was taken (303)."""
    return RedirectResponse(address, 303)


def asset(name: str) -> str:
    """The address of a static file; it changes with the file, so that browsers may keep it for ever."""
    return f"{ROOT}/static/{name}?v={hashlib.sha256(_bundle(name)).hexdigest()[:12]}"


async def static(request: Request) -> Response:
    """A static file: one of a closed list, never a path."""
    name = request.path_params["name"]
    if name not in _BUNDLES:
        return Response(status_code=404)
    return Response(
        _bundle(name),
        media_type=mimetypes.guess_type(name)[0],
        headers={"Cache-Control": "public, max-age=31536000, immutable"},
    )


@cache
def _bundle(name: str) -> bytes:
    """A file's parts together. Paper is white: what a dark screen changes is for screens only, in all of them."""
    whole = "\n".join((_STATIC / part).read_text(encoding="utf-8") for part in _BUNDLES[name])
    for scheme, media in _SCHEMES.items():
        whole = re.sub(rf"@media \(prefers-color-scheme: ?{scheme}\)", f"@media {media}", whole)
    return whole.encode()


_SCHEMES: Final = {
    "dark": "screen and (prefers-color-scheme: dark)",
    "light": "print, (prefers-color-scheme: light)",
}


def _with(request: Request, **changes: object) -> str:
    """This very address with some parameters changed, or removed where None; a list's filters stay in it."""
    address = request.url.include_query_params(**{name: v for name, v in changes.items() if v is not None})
    address = address.remove_query_params([name for name, value in changes.items() if value is None])
    return f"{address.path}?{address.query}" if address.query else address.path
