"""Floor 5: the FastAPI app. Auth, envelope, errors, limits, events, the OpenAPI document; mounts features' routes."""
