/** The mark of readings whose time was taken from a clock that could not be right. */

const mark = Buffer.from('"clock":"unsynced",');
const newline = 0x0a;

/**
 * Puts `"clock":"unsynced",` behind each line's opening brace.
 * @param lines NDJSON, each line a non-empty object ended by `\n`
 */
export function markUnsynced(lines: Uint8Array, count: number): Uint8Array {
  const out = Buffer.allocUnsafe(lines.length + count * mark.length);
  let written = 0;
  for (let start = 0; start < lines.length; ) {
    const end = lines.indexOf(newline, start) + 1 || lines.length;
    out[written++] = lines[start]!;
    out.set(mark, written);
    written += mark.length;
    out.set(lines.subarray(start + 1, end), written);
    written += end - start - 1;
    start = end;
  }
  return out.subarray(0, written);
}
