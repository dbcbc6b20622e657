/** Rewriting a handle in the expressions that use it, as a renamed or pasted block needs. Pure. */

import type { Block, BlockType, ConfigSchema, Flow, Json } from "./wire";
import type { Command } from "./commands";
import { handleOf } from "./flow";

const TOKENS = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|\.?\s*[\p{L}_][\p{L}\p{N}_]*/gu;

/** `text` as an expression, with bare names in `renamed` replaced: not fields after a dot, not inside quotes. */
export function renameInExpression(text: string, renamed: ReadonlyMap<string, string>): string {
  return text.replace(TOKENS, (token) => {
    if (/^["'.]/.test(token)) return token;
    const name = token.trim();
    return renamed.has(name) ? token.replace(name, renamed.get(name)!) : token;
  });
}

/** `text` with the names inside its `{{ … }}` parts replaced. */
export function renameInTemplate(text: string, renamed: ReadonlyMap<string, string>): string {
  return text.replace(/(\\?)\{\{([\s\S]*?)\}\}/g, (whole, escape: string, inner: string) =>
    escape ? whole : `{{${renameInExpression(inner, renamed)}}}`,
  );
}

/** A block's config with handles replaced; its schema tells which fields are expressions without braces. */
export function renameInConfig(
  block: Block,
  type: BlockType | undefined,
  renamed: ReadonlyMap<string, string>,
): Record<string, Json> {
  const code = block.config.language;
  return walk(block.config, type?.configSchema, type?.configSchema, renamed, typeof code === "string" ? code : "") as Record<string, Json>;
}

function walk(
  value: Json,
  schema: ConfigSchema | undefined,
  root: ConfigSchema | undefined,
  renamed: ReadonlyMap<string, string>,
  language: string,
): Json {
  const at = resolve(schema, root);
  if (typeof value === "string") {
    const bare = at?.["x-expression"] === "expression" || at?.["x-expression"] === "deferred";
    const code = at?.["x-code"] ?? (at?.["x-codeFrom"] ? language : undefined);
    if ((bare || (code !== undefined && code !== "json" && code !== "mapping")) && !value.includes("{{")) {
      return renameInExpression(value, renamed);
    }
    return renameInTemplate(value, renamed);
  }
  if (Array.isArray(value)) return value.map((item) => walk(item, at?.items, root, renamed, language));
  if (value && typeof value === "object") {
    // A mapping's code is an object whose values are expressions.
    if (at?.["x-codeFrom"]) return mapStrings(value, (text) => renameInExpression(text, renamed));
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => {
        const extra = typeof at?.additionalProperties === "object" ? at.additionalProperties : undefined;
        return [key, walk(item, at?.properties?.[key] ?? extra, root, renamed, language)];
      }),
    );
  }
  return value;
}

function mapStrings(value: { [key: string]: Json }, change: (text: string) => string): Json {
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, typeof item === "string" ? change(item) : item]));
}

function resolve(schema: ConfigSchema | undefined, root: ConfigSchema | undefined): ConfigSchema | undefined {
  if (!schema) return undefined;
  const name = schema.$ref?.replace("#/$defs/", "");
  if (name) return resolve(root?.$defs?.[name], root);
  const options = schema.anyOf ?? schema.oneOf;
  if (options) return { ...options.map((s) => resolve(s, root)).find((s) => s?.properties || s?.items || s?.["x-expression"]), ...schema };
  return schema;
}

/** Renames a block and rewrites the expressions of all others that use its handle. */
export function renameBlock(flow: Flow, types: ReadonlyMap<string, BlockType>, blockId: string, name: string): Command[] {
  const block = flow.blocks.find((b) => b.id === blockId);
  if (!block || block.name === name) return [];
  const commands: Command[] = [{ type: "UPDATE_BLOCK", blockId, name }];
  const before = handleOf(block.name);
  const after = handleOf(name);
  if (before === after) return commands;
  const renamed = new Map([[before, after]]);
  for (const other of flow.blocks) {
    const config = renameInConfig(other, types.get(other.type), renamed);
    if (JSON.stringify(config) !== JSON.stringify(other.config)) commands.push({ type: "UPDATE_BLOCK", blockId: other.id, config });
  }
  return commands;
}
