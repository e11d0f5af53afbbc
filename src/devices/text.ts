/** Foreign text made safe for messages, logs and terminals. */

/** Control characters, and those that change direction or hide, as `\u001b`; cut after `charactersMax`. */
export function printable(text: string, charactersMax = 80): string {
  const escaped = text.replace(
    /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u${character.codePointAt(0)!.toString(16).padStart(4, '0')}`,
  );
  return escaped.length > charactersMax ? `${escaped.slice(0, charactersMax)}…` : escaped;
}
