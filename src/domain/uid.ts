/** TinkerForge UIDs: unsigned 32-bit numbers, written in base58. */

const alphabet = '123456789abcdefghijkmnopqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ';
const charactersMax = 8;

/** Addresses every device at once. */
export const broadcastUid = 0;
/** The brick daemon itself. */
export const daemonUid = 1;

/** The number behind the text, or why no device can have it. */
export function readUid(text: string): number | { readonly wrong: string } {
  if (text === '') return { wrong: 'it is empty' };
  if (text.length > charactersMax) return { wrong: `it is longer than ${charactersMax} characters` };
  let value = 0;
  for (const [at, character] of [...text].entries()) {
    const digit = alphabet.indexOf(character);
    if (digit < 0)
      return { wrong: `character ${at + 1} is not base58: digits and letters without 0, I, O and l` };
    value = value * alphabet.length + digit;
  }
  if (value > 0xffff_ffff) return { wrong: 'it is too large; the largest is 7xwQ9g' };
  if (value === broadcastUid) return { wrong: 'it stands for every device' };
  if (value === daemonUid) return { wrong: 'it stands for the brick daemon' };
  return value;
}

/** Base58 text of a UID. */
export function formatUid(uid: number): string {
  let text = '';
  for (let rest = uid; rest > 0 || text === ''; rest = Math.floor(rest / alphabet.length)) {
    text = alphabet[rest % alphabet.length]! + text;
  }
  return text;
}
