"""HTTP: life and wear of models."""

from typing import Annotated

from fastapi import APIRouter, Path, Query

from diagnostics.schemas import Word
from diagnostics.security import WearReader
from diagnostics.wear import service
from diagnostics.wear.schemas import ModelCurve, WearAnswer, WearQuery
from diagnostics.work import Entrance

router = APIRouter(prefix="/wear", tags=["wear"])


@router.get("", summary="Life, repairs and use by model")
async def list_models(query: Annotated[WearQuery, Query()], caller: WearReader, door: Entrance) -> WearAnswer:
    """Of the whole fleet, for those who see all of it: a part of it would miss what was scrapped or lost."""
    async with door.open(caller) as work:
        return await service.list_models(work, query)


@router.get("/{model_key}", summary="One model's survival curve")
async def show_model(model_key: Annotated[Word, Path()], caller: WearReader, door: Entrance) -> ModelCurve:
    """Devices still in service count as far as they got; old ones count from the day they were registered."""
    async with door.open(caller) as work:
        return await service.show_model(work, model_key)
