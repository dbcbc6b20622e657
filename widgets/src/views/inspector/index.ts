/** The inspector's components, for the canvas and the run widgets. */

export { CodeField, type CodeFieldProps } from "./CodeField";
export { ConfigForm, type ConfigFormProps } from "./ConfigForm";
export { DebugPanel, type ConsoleLine, type DebugPanelProps } from "./DebugPanel";
export { DocsView, type DocsViewProps } from "./DocsView";
export { Inspector, type Execution, type InspectedBlock, type InspectorProps, type InspectorTab, type ValueSource } from "./Inspector";
export { LogsView, type LogsViewProps } from "./LogsView";
export { ProblemsList, type ProblemsListProps } from "./ProblemsList";
export { RunTimeline, type RunTimelineProps } from "./RunTimeline";
export { StepStrip, type HistoryStep } from "./StepStrip";
export { INSPECTOR_CSS } from "./styles";
export { ValueView, type ValueViewProps } from "./ValueView";
