/** A block's name as a heading that turns into a text field. */

import { useEffect, useState } from "react";

export interface BlockNameProps {
  name: string;
  readOnly: boolean;
  onRename(name: string): void;
}

export function BlockName({ name, readOnly, onRename }: BlockNameProps) {
  const [text, setText] = useState(name);
  const [editing, setEditing] = useState(false);
  useEffect(() => {
    if (!editing) setText(name);
  }, [name, editing]);
  const save = () => {
    setEditing(false);
    const next = text.trim();
    if (next && next !== name) onRename(next);
    else setText(name);
  };
  if (readOnly) return <h2 className="wb-name">{name}</h2>;
  return (
    <input
      className="wb-name"
      aria-label="Name"
      title="Rename: expressions that use the name follow"
      value={text}
      maxLength={200}
      spellCheck={false}
      onFocus={() => setEditing(true)}
      onChange={(event) => setText(event.target.value)}
      onBlur={save}
      onKeyDown={(event) => {
        if (event.key === "Enter") event.currentTarget.blur();
        if (event.key !== "Escape") return;
        setText(name);
        setEditing(false);
        event.preventDefault();
      }}
    />
  );
}
