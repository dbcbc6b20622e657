"""A small line drawing for each block type, on a 16 by 16 grid; unknown types show their first letter."""

from __future__ import annotations

_CLOCK = "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M8 5v3l2 1.5"
_SEARCH = "M7 2.5a4.5 4.5 0 1 0 0 9a4.5 4.5 0 1 0 0-9M10.3 10.3L13.5 13.5"
_TABLE = "M2.5 3.5h11v9h-11zM2.5 6.5h11M2.5 9.5h11M6.5 6.5v6"

GLYPHS: dict[str, str] = {
    "start": "M5 3.5v9l7.5-4.5z",
    "schedule_trigger": _CLOCK,
    "webhook_trigger": "M9 2L4 9h3.5L6.5 14L12 7H8.5z",
    "entity_trigger": "M8 2.5l5 3v5l-5 3l-5-3v-5z",
    "condition": "M8 2.5L13.5 8L8 13.5L2.5 8z",
    "loop": "M3 7V6a2 2 0 0 1 2-2h8M11 2l2 2l-2 2M13 9v1a2 2 0 0 1-2 2H3M5 14l-2-2l2-2",
    "parallel": "M2.5 8h3M5.5 3.5v9M5.5 3.5h8M5.5 8h8M5.5 12.5h8",
    "split": "M2.5 8h4L10 4h3.5M6.5 8L10 12h3.5M11.5 2l2 2l-2 2M11.5 10l2 2l-2 2",
    "merge": "M2.5 4H6l3.5 4h4M2.5 12H6l3.5-4M11.5 6l2 2l-2 2",
    "wait": "M4.5 2.5h7M4.5 13.5h7M5 2.5c0 3 3 4 3 5.5s-3 2.5-3 5.5M11 2.5c0 3-3 4-3 5.5s3 2.5 3 5.5",
    "delay": _CLOCK,
    "transform": "M10.5 3C8.5 3 8.5 4.5 8.2 6.5L7.5 11C7.2 12.5 6.8 13.3 5.5 13.3M5.5 7h5",
    "filter": "M2.5 3.5h11L9.5 8.5v4.5l-3-1.5v-3z",
    "aggregate": "M12 4.5V3H4l4 5l-4 5h8v-1.5",
    "sort": "M5 3v10M2.5 10.5L5 13l2.5-2.5M11 13V3M8.5 5.5L11 3l2.5 2.5",
    "join": "M6 4a4 4 0 1 0 0 8a4 4 0 1 0 0-8M10 4a4 4 0 1 0 0 8a4 4 0 1 0 0-8",
    "deduplicate": "M2.5 5.5h8v8h-8zM5.5 5.5v-3h8v8h-3",
    "set_variables": "M2.5 4l5 8M7.5 4l-5 8M10 6.5h4M10 9.5h4",
    "read_table": _TABLE,
    "write_table": "M13.5 6.5v-3h-11v9H7M2.5 6.5h11M6.5 6.5v6M9 13l.5-2L13 7.5l1.5 1.5L11 12.5z",
    "ontology": "M8 2.5l5 3v5l-5 3l-5-3v-5zM3 5.5l5 3l5-3M8 8.5v5",
    "entity_lookup": "M8 2.5l5 3v5l-5 3l-5-3v-5z",
    "graph_neighbors": "M4 10.5a1.5 1.5 0 1 0 0 3a1.5 1.5 0 1 0 0-3M12 10.5a1.5 1.5 0 1 0 0 3a1.5 1.5 0 1 0 0-3"
    "M8 2.5a1.5 1.5 0 1 0 0 3a1.5 1.5 0 1 0 0-3M7.2 5.3L4.7 10.7M8.8 5.3l2.5 5.4",
    "http_request": "M8 2.5a5.5 5.5 0 1 0 0 11a5.5 5.5 0 1 0 0-11M2.5 8h11M8 2.5c-3 3-3 8 0 11c3-3 3-8 0-11",
    "tool": "M10 2.5a3 3 0 0 0-3 4L2.5 11l2.5 2.5L9.5 9a3 3 0 0 0 4-3.5l-2 1.5l-2-2z",
    "subflow": "M2.5 3h5v4h-5zM8.5 9h5v4h-5zM5 7v4h3.5",
    "send_email": "M2.5 4h11v8.5h-11zM2.5 4.5L8 9l5.5-4.5",
    "notebook": "M4 2.5h9v11H4zM6.5 2.5v11M2.5 5h2M2.5 8h2M2.5 11h2",
    "prompt": "M8 2.5l1.5 4L13.5 8l-4 1.5L8 13.5l-1.5-4L2.5 8l4-1.5z",
    "semantic_query": _SEARCH,
    "hybrid_search": _SEARCH,
    "vector_search": _SEARCH,
    "search_documentation": _SEARCH,
    "knowledge_answer": "M2.5 3h11v8H8l-3 2.5V11H2.5z",
    "error_handler": "M8 2.5l5 2v3.5c0 3-2.5 4.8-5 5.5c-2.5-.7-5-2.5-5-5.5V4.5z",
    "retry": "M13 8a5 5 0 1 1-1.5-3.5M13 2.5v3h-3",
    "timeout": "M8 4a5 5 0 1 0 0 10a5 5 0 1 0 0-10M8 6.5V9M6.5 2h3",
    "checkpoint": "M4 14V2.5h8l-2 3l2 3H4",
    "return": "M13 3.5v4a2 2 0 0 1-2 2H3M6 6.5l-3 3l3 3",
}
