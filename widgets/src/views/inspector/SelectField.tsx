/** One of several values: side by side when they are few and short, else a list to choose from. */

import type { Option } from "../../core/inspector/schema";

export interface SelectFieldProps {
  id: string;
  label: string;
  options: readonly Option[];
  nullable?: boolean;
  value: unknown;
  readOnly: boolean;
  onChange(value: unknown): void;
  describedBy?: string;
  /** Always the list, as in a narrow row. */
  compact?: boolean;
}

const fitsInOneLine = (options: readonly Option[]) =>
  options.length > 1 && options.length <= 5 && options.reduce((sum, option) => sum + option.label.length + 3, 0) <= 38;

export function SelectField({
  id,
  label,
  options,
  nullable = false,
  value,
  readOnly,
  onChange,
  describedBy,
  compact = false,
}: SelectFieldProps) {
  const index = options.findIndex((option) => option.value === value);
  if (!compact && !nullable && fitsInOneLine(options)) {
    return (
      <div className="wb-segments" role="radiogroup" aria-label={label} aria-describedby={describedBy}>
        {options.map((option, at) => (
          <label key={at} className={`wb-segment${at === index ? " wb-on" : ""}`}>
            <input
              type="radio"
              id={at === Math.max(0, index) ? id : undefined}
              name={id}
              checked={at === index}
              disabled={readOnly}
              onChange={() => onChange(option.value)}
            />
            {option.label}
          </label>
        ))}
      </div>
    );
  }
  const stranger = index < 0 && value !== undefined && value !== null;
  return (
    <select
      id={id}
      className="wb-input wb-select"
      aria-label={label}
      aria-describedby={describedBy}
      aria-invalid={describedBy ? true : undefined}
      disabled={readOnly}
      value={index < 0 ? (stranger ? "stranger" : "") : String(index)}
      onChange={(event) => onChange(event.target.value === "" ? undefined : options[Number(event.target.value)]?.value)}
    >
      {(nullable || index < 0) && <option value="">–</option>}
      {stranger && <option value="stranger">{typeof value === "string" ? value : JSON.stringify(value)}</option>}
      {options.map((option, at) => (
        <option key={at} value={String(at)}>
          {option.label}
        </option>
      ))}
    </select>
  );
}
