/** Variables of the environment that pipeline files name. */

export interface NamedVariable {
  readonly name: string;
  /** What stands in its place when it is not set; `null` when it must be. */
  readonly otherwise: string | null;
}

const use = /(\$?)\$\{([A-Za-z_][A-Za-z0-9_]*)(?::([-?])([^}]*))?\}/g;

/** In the order of the text, each once. Comments count as well: what they name is worth knowing. */
export function namedVariables(text: string): NamedVariable[] {
  const found = new Map<string, NamedVariable>();
  for (const [, escaped, name, how, rest] of text.matchAll(use)) {
    if (escaped !== '' || found.has(name!)) continue;
    found.set(name!, { name: name!, otherwise: how === '-' ? (rest ?? '') : null });
  }
  return [...found.values()];
}
