/** Small helpers for records and messages. */
import { FogrunError } from '../contract/errors.ts';

/** Foreign text made safe for messages: control characters escaped, cut at 200 characters. */
export function safeText(text: string): string {
  const cut = text.length > 200 ? `${text.slice(0, 200)}…` : text;
  return cut.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (c) => {
    return `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}

/** What was thrown, as text for a message. */
export function reasonOf(thrown: unknown): string {
  return safeText(thrown instanceof Error ? thrown.message : String(thrown));
}

export function encodeRecord(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value), 'utf8');
}

/** Throws `store-corrupt` when the bytes are no record. */
export function decodeRecord<T>(bytes: Uint8Array): T {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
  try {
    return JSON.parse(text) as T;
  } catch (error) {
    throw new FogrunError('store-corrupt', `a record of the store is not JSON: ${safeText(text)}`, {
      cause: error,
    });
  }
}

export function toHex(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex');
}

export function fromHex(text: string): Uint8Array {
  return Buffer.from(text, 'hex');
}

export function sameHex(a: string, b: string): boolean {
  return a.length === b.length && a.toLowerCase() === b.toLowerCase();
}
