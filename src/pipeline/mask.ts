/**
 * `${VAR}` in plain text inside `{ }` or `[ ]`. There YAML would take its braces for a mapping, so the characters
 * that mean something to YAML are replaced, one by one, by code points that are never assigned (U+FDD0 to U+FDEF),
 * and put back once the text is parsed. Lengths and therefore places stay the same.
 */
const special = '{}[],:#&*!|>%@`-? ';
const firstMask = 0xfdd0;

const maskOf = new Map([...special].map((c, i) => [c, String.fromCharCode(firstMask + i)]));
const specialOf = new Map([...maskOf].map(([c, mask]) => [mask, c]));

/** Where the text holds a code point that masking needs for itself, or -1. */
export function findMask(text: string): number {
  return text.search(/[\ufdd0-\ufdef]/);
}

/** Quotes and backslashes are left alone: inside quotes they must go on meaning what they mean. */
export function maskVariables(text: string): string {
  return text.replace(/\$\{[^{}\r\n\t"'\\]*\}/g, (span) => span.replace(/[^$]/g, (c) => maskOf.get(c) ?? c));
}

export function unmask(text: string): string {
  return text.replace(/[\ufdd0-\ufdef]/g, (mask) => specialOf.get(mask) ?? mask);
}
