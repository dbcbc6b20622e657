"""Renaming a block: the expressions that use its handle are rewritten with it."""

from __future__ import annotations

from workbench.base.errors import InvalidInput, Issue, NotFound
from workbench.flow.catalogue import Catalogue
from workbench.flow.config_paths import replaced_at
from workbench.flow.expressions import ExpressionError, rename
from workbench.flow.handles import handle, is_reserved
from workbench.flow.model import Block, Flow
from workbench.flow.regions import Regions, find_regions


def rename_block(flow: Flow, block_id: str, new_name: str, catalogue: Catalogue) -> Flow:
    """The flow with one block renamed and every expression that names it rewritten.

    Expressions stay as they are where the old handle does not mean this block (it is reserved, another block has it
    too, or a scope around the expression gives that name), and everywhere when the new handle is reserved or taken:
    validation tells of that clash, and the next rename takes nothing away. Raises NotFound for an unknown block,
    InvalidInput when a loop inside an expression already binds the new handle.
    """
    block = flow.block(block_id)
    if block is None:
        raise NotFound(f'No block of this flow has the id "{block_id}".')
    named = Block.model_validate(block.model_dump() | {"name": new_name})
    old, new = handle(block.name), handle(named.name)
    blocks = [named if b.id == block_id else b for b in flow.blocks]
    others = {handle(b.name) for b in flow.blocks if b.id != block_id}
    if old != new and others.isdisjoint({old, new}) and not is_reserved(old) and not is_reserved(new):
        regions = find_regions(flow, catalogue)
        blocks = [b if _hides(regions, b.id, old) else _rewritten(b, old, new, catalogue) for b in blocks]
    return flow.model_copy(update={"blocks": tuple(blocks)})


def _hides(regions: Regions, block_id: str, name: str) -> bool:
    """Whether a scope around the block gives `name`, so that it does not mean a block there."""
    shapes = (regions.shapes[scope] for scope in regions.scopes_around(block_id))
    return any(shape is not None and name in shape.region_names for shape in shapes)


def _rewritten(block: Block, old: str, new: str, catalogue: Catalogue) -> Block:
    config = block.config
    for field in catalogue.expressions(block.type, block.config):
        try:
            text = rename(field.text, "expression" if field.mode == "code" else field.mode, old, new)
        except ExpressionError as error:
            place = f'config.{field.path} of "{block.name}"'
            raise InvalidInput(
                f"`{new}` cannot be the new name in {place}: {error.message}",
                hint="Choose another name.",
                details=[Issue("name", error.message)],
            ) from error
        if text != field.text:
            config = replaced_at(config, field.keys, text)
    return block if config is block.config else block.model_copy(update={"config": config})
