/** Foreign bytes on their way into messages. */

/** The first bytes of something foreign, readable: `HTTP/1.1 400 Bad`. */
export function showBytes(bytes: Uint8Array, bytesMax = 16): string {
  let text = '';
  for (const byte of bytes.subarray(0, bytesMax)) {
    text +=
      byte >= 0x20 && byte < 0x7f && byte !== 0x5c
        ? String.fromCharCode(byte)
        : `\\x${byte.toString(16).padStart(2, '0')}`;
  }
  return text;
}
