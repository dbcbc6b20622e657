/** What every field of one form shares. */

import { createContext, useContext } from "react";
import type { JsonSchema, Problem, ScopeHints } from "../../core/inspector/types";

export interface FormShare {
  /** The whole schema, for `$ref`. */
  root: JsonSchema;
  problems: readonly Problem[];
  hints: ScopeHints | undefined;
  readOnly: boolean;
  /** Starts every element id of the form. */
  idBase: string;
  onFix?: (problem: Problem) => void;
}

export const FormContext = createContext<FormShare>({
  root: {},
  problems: [],
  hints: undefined,
  readOnly: false,
  idBase: "wb",
});

/** What fields can refer to, where there is a server to ask. */
export interface References {
  /** The functions that may be called, by name. */
  functions(): Promise<readonly { id: string; name: string; version: number }[]>;
  /** The secrets that fields may name, without their values. */
  secrets(): Promise<readonly { name: string; description: string | null }[]>;
  /** Makes a secret; its value goes to the server and stays nowhere here. */
  setSecret(name: string, value: string): Promise<void>;
  /** Looks into the function that the form's block calls. */
  openFunction(): void;
}

export const ReferencesContext = createContext<References | null>(null);

export const useForm = (): FormShare => useContext(FormContext);
