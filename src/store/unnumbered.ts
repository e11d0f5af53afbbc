/** Numbered lines as they were before the store gave them their numbers. */

const lineStart = Buffer.from('{"seq":', 'latin1');
const newline = 0x0a;
const comma = 0x2c;

/** @param body lines as `numberLines` makes them */
export function withoutNumbers(body: Uint8Array): { readonly lines: Uint8Array; readonly count: number } {
  const from = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const lines = Buffer.allocUnsafe(body.length);
  let [count, at, written] = [0, 0, 0];
  while (at < from.length) {
    const end = from.indexOf(newline, at) + 1;
    const afterNumber = from.indexOf(comma, at + lineStart.length) + 1;
    const isNumbered = from.subarray(at, at + lineStart.length).equals(lineStart);
    if (end === 0 || afterNumber === 0 || afterNumber > end || !isNumbered) break;
    lines[written] = from[at]!;
    written += 1 + from.copy(lines, written + 1, afterNumber, end);
    count++;
    at = end;
  }
  return { lines: lines.subarray(0, written), count };
}
