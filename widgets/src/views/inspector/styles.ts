/** The inspector's styles as one text, for whoever puts styles into the page. */

import base from "./base.css?inline";
import debug from "./debug.css?inline";
import fields from "./fields.css?inline";
import form from "./form.css?inline";
import inspector from "./inspector.css?inline";
import lists from "./lists.css?inline";
import panels from "./panels.css?inline";
import value from "./value.css?inline";

export const INSPECTOR_CSS = [base, form, fields, lists, value, panels, debug, inspector].join("\n");
