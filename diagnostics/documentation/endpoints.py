"""HTTP: the documentation, the same for everyone and without anybody's data."""

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse, JSONResponse

from diagnostics.documentation.page import POLICY, render

router = APIRouter(include_in_schema=False)


@router.get("/openapi.json")
async def openapi(request: Request) -> JSONResponse:
    """The OpenAPI document."""
    return JSONResponse(request.app.state.openapi)


@router.get("/docs")
async def docs(request: Request) -> HTMLResponse:
    """The documentation as a page; its policy allows its own style sheet and nothing else."""
    return HTMLResponse(render(request.app.state.openapi), headers={"Content-Security-Policy": POLICY})
