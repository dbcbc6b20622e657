"""The one FastAPI app: the features' routes under `/api/v1/workflow`, in the layers that hold for all of them."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from fastapi import FastAPI
from starlette.middleware import Middleware

from workbench.access.routes import routes as access_routes
from workbench.api import document, errors, streams, system
from workbench.api.layers import PREFIX, BodyLimitLayer, CallerLayer, RequestLayer
from workbench.api.limits import STRICT, RateLimiter
from workbench.api.services import Services


def create_app(services: Services) -> FastAPI:
    """The app over running services. It opens and closes nothing: the assembly does."""
    limiter = RateLimiter(STRICT, services.clock) if services.settings.rate_preset == "strict" else None
    app = FastAPI(
        title="Workflow Workbench",
        description="Flows, runs and everything around them. Every answer stands in the same envelope.",
        version=_version(),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[
            Middleware(RequestLayer, ids=services.ids),
            Middleware(CallerLayer, access=services.access, limiter=limiter),
            Middleware(BodyLimitLayer, limit=services.settings.body_limit),
        ],
    )
    app.state.once = services.access.idempotency
    routers = (
        system.routes(services.health, services.static_dir, app.version),
        access_routes(services.access),
        streams.routes(services.events, services.access.is_valid, services.run_exists),
        *services.routers,
    )
    for router in routers:
        app.include_router(router, prefix=PREFIX)
    errors.install(app)
    document.install(app)
    return app


def _version() -> str:
    try:
        return version("workflow-workbench")
    except PackageNotFoundError:
        return "0.0.0"
