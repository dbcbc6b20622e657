/** Names a secret in a secret field, or makes one: its value is sent once and kept nowhere here. */

import { use, useEffect, useId, useRef, useState } from "react";
import { ReferencesContext } from "./formContext";
import { IconButton } from "./parts";

type Known = readonly { name: string; description: string | null }[];
const NONE: Known = [];

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,63}$/;

/** The secrets that there are, where `wanted`; asked for once. */
export function useSecrets(wanted: boolean): Known {
  const references = use(ReferencesContext);
  const [known, setKnown] = useState<Known>(NONE);
  useEffect(() => {
    let left = false;
    if (wanted) references?.secrets().then((found) => !left && setKnown(found), () => undefined);
    return () => {
      left = true;
    };
  }, [references, wanted]);
  return known;
}

/** The button of a secret field; without a server to ask there is none. */
export function SecretButton({ label, open, onToggle }: { label: string; open: boolean; onToggle(): void }) {
  return use(ReferencesContext) && <IconButton icon="key" label={`Use a secret for ${label}`} pressed={open} testId="secret-open" onClick={onToggle} />;
}

/** The secrets to choose from, below the field; `onPick` gets what stands in the field then. */
export function SecretMenu({ onPick, onClose }: { onPick(text: string): void; onClose(): void }) {
  const references = use(ReferencesContext);
  const box = useRef<HTMLDivElement>(null);
  const [known, setKnown] = useState<Known | null>(null);
  const [making, setMaking] = useState(false);
  const pick = (name: string) => onPick(`{{ secrets.${name} }}`);
  useEffect(() => {
    void box.current?.scrollIntoView({ block: "nearest" }); // a promise in some browsers, which is no clean-up
  }, [making, known]);
  useEffect(() => {
    let left = false;
    references?.secrets().then((found) => !left && setKnown(found), () => !left && setKnown([]));
    return () => {
      left = true;
    };
  }, [references]);
  return (
    <div
      ref={box}
      className="wb-secret-menu"
      role="dialog"
      aria-label="Secrets"
      data-testid="secret-menu"
      onKeyDown={(event) => {
        if (event.key === "Escape") {
          event.stopPropagation();
          onClose();
        } else if (!making && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
          event.preventDefault();
          const entries = [...(box.current?.querySelectorAll("button") ?? [])];
          const next = entries.indexOf(event.target as HTMLButtonElement) + (event.key === "ArrowDown" ? 1 : entries.length - 1);
          entries[next % entries.length]?.focus();
        }
      }}
    >
      {making ? (
        <NewSecret taken={known ?? []} onMade={pick} onCancel={() => setMaking(false)} />
      ) : (
        <>
          {known === null && <p className="wb-help">…</p>}
          {known?.length === 0 && <p className="wb-help">There are no secrets yet.</p>}
          {known?.map((secret, index) => (
            <button
              key={secret.name}
              type="button"
              className="wb-secret-name"
              title={secret.description ?? `Use secrets.${secret.name}`}
              autoFocus={index === 0}
              onClick={() => pick(secret.name)}
            >
              {secret.name}
            </button>
          ))}
          {known !== null && (
            <button type="button" className="wb-text-button" data-testid="secret-new" autoFocus={known.length === 0} onClick={() => setMaking(true)}>
              New secret…
            </button>
          )}
        </>
      )}
    </div>
  );
}

function NewSecret({ taken, onMade, onCancel }: { taken: Known; onMade(name: string): void; onCancel(): void }) {
  const references = use(ReferencesContext);
  const id = useId();
  const [name, setName] = useState("");
  const [value, setValue] = useState("");
  const [said, setSaid] = useState("");
  const [busy, setBusy] = useState(false);
  const isTaken = taken.some((secret) => secret.name === name);
  const fits = NAME.test(name) && value !== "" && !isTaken;
  const hint = name && !NAME.test(name) ? "Letters, digits and _ only, no digit first." : isTaken ? "There is one of this name: choose it, or another name." : said;
  const send = async () => {
    if (!fits || busy) return;
    setBusy(true);
    try {
      await references?.setSecret(name, value);
      setValue("");
      onMade(name);
    } catch (problem) {
      setSaid(problem instanceof Error ? problem.message : String(problem));
      setBusy(false);
    }
  };
  return (
    <div
      className="wb-secret-new"
      onKeyDown={(event) => {
        if (event.key !== "Enter" || (event.target as HTMLElement).tagName !== "INPUT") return;
        event.preventDefault();
        void send();
      }}
    >
      <label className="wb-label" htmlFor={`${id}-name`}>
        Name
      </label>
      <input
        id={`${id}-name`}
        className="wb-input"
        value={name}
        autoFocus
        spellCheck={false}
        autoComplete="off"
        placeholder="api_token"
        data-testid="secret-name"
        onChange={(event) => setName(event.target.value.trim())}
      />
      <label className="wb-label" htmlFor={`${id}-value`}>
        Value
      </label>
      <input
        id={`${id}-value`}
        className="wb-input"
        type="password"
        value={value}
        autoComplete="new-password"
        data-testid="secret-value"
        onChange={(event) => setValue(event.target.value)}
      />
      <p className={said ? "wb-help wb-secret-trouble" : "wb-help"} role={said ? "alert" : undefined}>
        {hint || "It is kept encrypted and never shown again."}
      </p>
      <div className="wb-secret-foot">
        <button type="button" className="wb-text-button" onClick={onCancel}>
          Cancel
        </button>
        <button type="button" className="wb-button" disabled={!fits || busy} data-testid="secret-save" onClick={() => void send()}>
          Set
        </button>
      </div>
    </div>
  );
}
