/** The byte order mark that some editors put before UTF-8 text: three bytes that mean nothing, and that JSON does not know. */

const mark = Buffer.of(0xef, 0xbb, 0xbf);

export const byteOrderMarkBytes: number = mark.length;

/** @param bytes from the very start of a text; elsewhere the same bytes are a character */
export function withoutByteOrderMark<Bytes extends Uint8Array>(bytes: Bytes): Bytes {
  return mark.equals(bytes.subarray(0, mark.length)) ? (bytes.subarray(mark.length) as Bytes) : bytes;
}
