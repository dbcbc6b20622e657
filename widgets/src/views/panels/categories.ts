/** The palette's order and the words and signs of its groups. */

import type { BlockType } from "../../core/wire";

export const CATEGORIES: readonly { id: string; title: string; icon: string }[] = [
  { id: "triggers", title: "Triggers", icon: "zap" },
  { id: "data", title: "Data", icon: "table" },
  { id: "flow", title: "Flow", icon: "git-branch" },
  { id: "integration", title: "Integration", icon: "plug" },
  { id: "control", title: "Control", icon: "sliders-horizontal" },
  { id: "ai", title: "AI", icon: "sparkles" },
];

export function groupTitle(category: string): string {
  return CATEGORIES.find((c) => c.id === category)?.title ?? category;
}

export function inPaletteOrder(types: readonly BlockType[]): BlockType[] {
  const place = (type: BlockType) => {
    const at = CATEGORIES.findIndex((c) => c.id === type.category);
    return at < 0 ? CATEGORIES.length : at;
  };
  return [...types].sort((a, b) => place(a) - place(b) || a.title.localeCompare(b.title));
}
