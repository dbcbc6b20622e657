/** A block type's icon by its lucide name. */

import {
  ArrowDownWideNarrow, ArrowUpDown, BookOpen, Bookmark, Bot, Box, Braces, Calendar, CalendarClock, ChartColumn, CircleAlert, CircleHelp, CircleStop,
  Clock, Code, Columns3, Combine, CopyMinus, CornerDownLeft, Database, FileInput, FileOutput, FileSearch, FileSpreadsheet, FileText, Filter, Flag, GitBranch,
  GitFork, GitMerge, Globe, Hourglass, Layers, Link, List, Mail, Merge, MessageSquare, Network, Notebook, Play, Plug, RefreshCw,
  Repeat, RotateCw, Save, Search, Send, Server, Share2, Shield, ShieldAlert, Sigma, SlidersHorizontal, Sparkles, Split, Table,
  TableProperties, Timer, TimerOff, Variable, WandSparkles, Webhook, Workflow, Wrench, Zap,
  type LucideIcon,
} from "lucide-react";

const ICONS: Record<string, LucideIcon> = {
  "arrow-up-down": ArrowUpDown, "book-open": BookOpen, bookmark: Bookmark, bot: Bot, box: Box, braces: Braces, calendar: Calendar,
  "calendar-clock": CalendarClock, "chart-column": ChartColumn, "bar-chart-3": ChartColumn, "circle-alert": CircleAlert,
  "alert-circle": CircleAlert, "circle-help": CircleHelp, "circle-stop": CircleStop, clock: Clock, code: Code, columns: Columns3,
  "columns-3": Columns3, "copy-minus": CopyMinus, "corner-down-left": CornerDownLeft, database: Database, "file-input": FileInput,
  "file-output": FileOutput, "file-search": FileSearch, "file-text": FileText, filter: Filter, funnel: Filter, flag: Flag,
  "git-branch": GitBranch, "git-fork": GitFork, "git-merge": GitMerge, globe: Globe, hourglass: Hourglass, layers: Layers,
  link: Link, list: List, mail: Mail, merge: Merge, combine: Combine, "file-spreadsheet": FileSpreadsheet, "arrow-down-wide-narrow": ArrowDownWideNarrow, "message-square": MessageSquare, network: Network,
  notebook: Notebook, play: Play, plug: Plug, "refresh-cw": RefreshCw, repeat: Repeat, "rotate-cw": RotateCw, save: Save,
  search: Search, send: Send, server: Server, "share-2": Share2, shield: Shield, "shield-alert": ShieldAlert, sigma: Sigma,
  "sliders-horizontal": SlidersHorizontal, sparkles: Sparkles, split: Split, table: Table, "table-2": Table,
  "table-properties": TableProperties, timer: Timer, "timer-off": TimerOff, variable: Variable, "wand-2": WandSparkles,
  "wand-sparkles": WandSparkles, webhook: Webhook, workflow: Workflow, wrench: Wrench, zap: Zap,
};

export function BlockIcon({ name, size = 16 }: { name: string | undefined; size?: number }) {
  const Icon = ICONS[name ?? ""] ?? Box;
  return <Icon size={size} strokeWidth={1.75} aria-hidden="true" />;
}
