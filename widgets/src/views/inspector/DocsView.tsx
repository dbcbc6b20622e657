/** What a block type is, from its catalogue entry. */

import { formatLiteral } from "../../core/inspector/literal";
import { fieldsOf, humanName, resolve, type Field } from "../../core/inspector/schema";
import type { BlockKind, Port } from "../../core/inspector/types";
import { categoryInWords, effectInWords } from "../../core/inspector/words";
import { CopyButton } from "./parts";
import { Prose } from "./Prose";

export interface DocsViewProps {
  kind: BlockKind;
  /** Puts the example's config into the block. */
  onUseExample?(config: Record<string, unknown>): void;
}

export function typeInWords(field: Field): string {
  const { widget } = field;
  const text = (() => {
    switch (widget.kind) {
      case "select":
        return widget.options.map((option) => String(option.value)).join(" | ");
      case "number": {
        const range =
          widget.min !== null && widget.max !== null
            ? ` ${widget.min}–${widget.max}`
            : widget.min !== null
              ? ` ≥ ${widget.min}`
              : widget.max !== null
                ? ` ≤ ${widget.max}`
                : "";
        return `${widget.integer ? "integer" : "number"}${range}`;
      }
      case "toggle":
        return "true or false";
      case "list":
      case "conditions":
        return "list";
      case "map":
      case "object":
      case "group":
      case "choice":
        return "object";
      case "code":
        return widget.languageFrom ? "code" : widget.language;
      case "any":
        return "any value";
      default:
        return "text";
    }
  })();
  return field.mode === "template" ? `${text}, takes {{ }}` : field.mode ? "expression" : text;
}

export function DocsView({ kind, onUseExample }: DocsViewProps) {
  const effect = effectInWords(kind.effect);
  const fields = fieldsOf(resolve(kind.configSchema, kind.configSchema), kind.configSchema);
  const example = kind.example && Object.keys(kind.example).length ? kind.example : null;
  return (
    <article className="wb-docs" aria-label={`About ${kind.title}`}>
      <p className="wb-docs-summary">
        <Prose text={kind.summary} />
      </p>
      {kind.disabledReason && <p className="wb-problem-line wb-tone-warn">! Not available here: {kind.disabledReason}</p>}
      <dl className="wb-facts">
        <dt>Type</dt>
        <dd>
          <code>{kind.type}</code> · {categoryInWords(kind.category)}
          {kind.isTrigger ? " · starts a run" : ""}
          {kind.isScope ? " · owns a region" : ""}
        </dd>
        <dt>Effect</dt>
        <dd>
          <strong>{effect.label}.</strong> {effect.text}
        </dd>
        {kind.inputs.length > 0 && <Ports title="In" ports={kind.inputs} />}
        <Ports title="Out" ports={kind.outputs} />
        {kind.regionNames && kind.regionNames.length > 0 && (
          <>
            <dt>Inside</dt>
            <dd>
              blocks also see{" "}
              {kind.regionNames.map((name, index) => (
                <span key={name}>
                  {index > 0 && ", "}
                  <code>{name}</code>
                </span>
              ))}
            </dd>
          </>
        )}
      </dl>
      {fields.length > 0 && (
        <>
          <h3 className="wb-heading">Config</h3>
          <dl className="wb-config-docs">
            {fields.map((field) => (
              <div key={field.name}>
                <dt>
                  <code>{field.name}</code>
                  {field.required && (
                    <span className="wb-required" title="Required">
                      *
                    </span>
                  )}
                  <span className="wb-type">{typeInWords(field)}</span>
                  {field.hasDefault && field.default !== null && field.default !== "" && (
                    <span className="wb-default-is">= {formatLiteral(field.default)}</span>
                  )}
                </dt>
                {(field.description || field.title !== humanName(field.name)) && (
                  <dd>
                    <Prose text={field.description || field.title} />
                  </dd>
                )}
              </div>
            ))}
          </dl>
        </>
      )}
      {example && (
        <>
          <div className="wb-docs-example">
            <h3 className="wb-heading">Example</h3>
            <CopyButton label="Copy the example" text={() => JSON.stringify(example, null, 2)}>
              copy
            </CopyButton>
            {onUseExample && (
              <button type="button" className="wb-text-button" onClick={() => onUseExample(example)}>
                use it here
              </button>
            )}
          </div>
          <pre className="wb-code-sample" tabIndex={0}>
            {JSON.stringify(example, null, 2)}
          </pre>
        </>
      )}
    </article>
  );
}

function Ports({ title, ports }: { title: string; ports: readonly Port[] }) {
  return (
    <>
      <dt>{title}</dt>
      <dd className="wb-port-list">
        {ports.map((port) => (
          <span key={port.name} className="wb-port">
            <code>{port.name}</code> {port.type}
            {port.region ? ", region" : ""}
          </span>
        ))}
      </dd>
    </>
  );
}
