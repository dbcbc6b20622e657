/** A free object as rows of name and value, in the order in which they were written. */

import { useState } from "react";
import { blank } from "../../core/inspector/blank";
import { formatPath, type Step } from "../../core/inspector/paths";
import { problemsUnder } from "../../core/inspector/problems";

import type { ExpressionMode, JsonSchema } from "../../core/inspector/types";
import { useForm } from "./formContext";
import { AddButton, RowButtons, rowKeyDown, singular } from "./ListEditor";
import { ProblemLines } from "./ProblemLines";
import { useRowKeys } from "./useRowKeys";
import { EVERYTHING_IS_TEXT, innerShape, ValueField } from "./ValueField";

export interface MapEditorProps {
  schema: JsonSchema;
  steps: readonly Step[];
  value: unknown;
  onChange(value: unknown): void;
  label: string;
  mode: ExpressionMode | null;
}

type Pair = [string, unknown];

/** Rows as typed: two rows may have one name for a moment, which an object cannot hold; the later one counts. */
function usePairs(value: unknown): [Pair[], (pairs: Pair[]) => void] {
  const object = value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
  const [pairs, setPairs] = useState<Pair[]>(() => Object.entries(object));
  const same = JSON.stringify(fromPairs(pairs)) === JSON.stringify(object);
  if (same) return [pairs, setPairs];
  const fresh = Object.entries(object);
  setPairs(fresh);
  return [fresh, setPairs];
}

const fromPairs = (pairs: readonly Pair[]) => Object.fromEntries(pairs.filter(([name]) => name !== ""));

export function MapEditor({ schema, steps, value, onChange, label, mode }: MapEditorProps) {
  const { root, problems, readOnly, onFix } = useForm();
  const [pairs, setPairs] = usePairs(value);
  const keys = useRowKeys(pairs.length);
  const noun = singular(label);
  const shape = innerShape(schema, root, mode);
  const plain = shape.widget.kind === "any" || shape.widget.kind === "text";
  const change = (next: Pair[]) => {
    setPairs(next);
    onChange(fromPairs(next));
  };
  const move = (from: number, to: number) => {
    const next = pairs.slice();
    const [pair] = next.splice(from, 1);
    next.splice(to, 0, pair!);
    keys.move(from, to);
    change(next);
  };
  return (
    <div className="wb-list wb-map">
      {pairs.map(([name, inner], index) => {
        const tools = {
          index,
          count: pairs.length,
          noun,
          readOnly,
          onMove: (to: number) => move(index, to),
          onRemove: () => {
            keys.remove(index);
            change(pairs.filter((_, at) => at !== index));
          },
        };
        const at = [...steps, name];
        const twice = name !== "" && pairs.some(([other], where) => other === name && where !== index);
        return (
          <div
            key={keys.keys[index]}
            className="wb-list-row"
            role="group"
            aria-label={`${noun} ${name || index + 1}`}
            onKeyDown={rowKeyDown(tools)}
          >
            <div className="wb-list-main">
              <div className="wb-pair">
                <input
                  className="wb-input wb-pair-name"
                  value={name}
                  readOnly={readOnly}
                  placeholder="name"
                  spellCheck={false}
                  aria-label={`${noun} ${index + 1}, name`}
                  aria-invalid={twice || undefined}
                  onChange={(event) => change(pairs.map((pair, where) => (where === index ? [event.target.value, pair[1]] : pair)))}
                />
                <ValueField
                  shape={shape}
                  steps={at}
                  siblings={EVERYTHING_IS_TEXT}
                  value={inner}
                  required
                  onChange={(next) => change(pairs.map((pair, where) => (where === index ? [pair[0], next ?? ""] : pair)))}
                  id={formatPath(at)}
                  label={`${name || noun}, value`}
                  placeholder="value"
                />
              </div>
              <RowButtons {...tools} />
            </div>
            {twice && <p className="wb-problem-line wb-tone-warn">! Two rows are named {name}; the later one counts.</p>}
            <ProblemLines problems={problemsUnder(problems, at)} onFix={onFix} />
          </div>
        );
      })}
      {!readOnly && (
        <AddButton
          label={label}
          onClick={() => {
            keys.insert(pairs.length);
            setPairs([...pairs, ["", plain ? "" : blank(schema, root)]]);
          }}
        />
      )}
    </div>
  );
}
