"""Routes of keys: for those whose key has the scope `admin`; they see and change the keys of their own tenant."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path
from pydantic import BaseModel, ConfigDict, Field

from app.auth import Admin
from app.database import now
from app.documentation import problems
from app.keys import service
from app.services import Provided
from app.strict import PLAIN, StrictModel, StrictRoute
from app.tables import ApiKey

router = APIRouter(prefix="/v1/keys", tags=["keys"], route_class=StrictRoute)

Scope = Literal["read", "write", "admin"]
KeyId = Annotated[str, Path(description="The `id` of a key.", max_length=60, examples=["key_0199a1b2c3d47e5f8a9b0c1d2e3f4a5d"])]


class NewKeyBody(StrictModel):
    """A key to make."""

    name: str = Field(min_length=1, max_length=100, pattern=PLAIN, description="What it is for.")
    scopes: list[Scope] = Field(default=["read", "write"], min_length=1, max_length=3)
    days: float | None = Field(None, gt=0, le=3_650, description="How long it lasts; null: until it is revoked.")
    credits: int | None = Field(None, ge=0, le=10**15, description="What it may spend on worlds; null: no limit.")

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "render farm", "scopes": ["read", "write"], "days": 90}]})


class KeyBody(BaseModel):
    """A key, without what opens."""

    id: str
    name: str
    hint: str = Field(description="How it begins and ends.")
    scopes: list[Scope]
    status: Literal["active", "expired", "revoked"]
    credits: int | None
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None


class CreatedKeyBody(KeyBody):
    """A new key; `key` is shown this once."""

    key: str


class KeyList(BaseModel):
    """The keys of your tenant, the newest first."""

    keys: list[KeyBody]


def _body(key: ApiKey) -> dict[str, object]:
    shown = {name: getattr(key, name) for name in ("id", "name", "hint", "scopes", "credits", "created_at", "expires_at", "last_used_at")}
    return {**shown, "status": service.status_of(key, now())}


@router.post("", operation_id="create_key", summary="Make a key", status_code=201)
def create_key(body: NewKeyBody, services: Provided, caller: Admin) -> CreatedKeyBody:
    """Keep it safe: only its HMAC is stored here."""
    row, key = service.create_key(services.database, services.signer, tenant_id=caller.tenant_id, **body.model_dump())
    return CreatedKeyBody.model_validate({**_body(row), "key": key})


@router.get("", operation_id="list_keys", summary="Your tenant's keys")
def list_keys(services: Provided, caller: Admin) -> KeyList:
    """Revoked and expired ones, too."""
    return KeyList(keys=[KeyBody.model_validate(_body(row)) for row, _ in service.list_keys(services.database, tenant_id=caller.tenant_id)])


@router.delete("/{key_id:id}", operation_id="revoke_key", summary="Revoke a key", responses=problems(404))
def revoke_key(key_id: KeyId, services: Provided, caller: Admin) -> KeyBody:
    """It opens nothing from now on. Asking twice changes nothing."""
    return KeyBody.model_validate(_body(service.revoke_key(services.database, key_id, tenant_id=caller.tenant_id)))
