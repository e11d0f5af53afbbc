/**
 * What tells bytes that changed on the way from those that were sent: a key at the end of the JSON of a greeting and,
 * once both sides have shown that they know it, four bytes behind each frame. TCP's own sum lets some damage pass.
 */
import { crc32 } from 'node:zlib';
import { FogrunError } from '../contract/errors.ts';
import { u32Bytes } from './bytes.ts';
import { frameTypes, typeText } from './frames.ts';

/** Set in the type of a frame that has its sum behind its payload. */
const checkedBit = 0x80;
/** Bytes of a sum behind a payload. */
export const sumBytes = 4;

const keyStart = Buffer.from(',"check":"');
const keyEnd = Buffer.from('"}');
const digits = 8;
const keyBytes = keyStart.length + digits + keyEnd.length;
/** From so many bytes of the key's text on, it was meant to be one: damage to itself must not pass for its absence. */
const likenessMin = (keyStart.length + keyEnd.length) / 2;

/**
 * The bytes of a JSON object with a check as its last key.
 * @param asked `greetingSum` of what it answers, as it was read: the check covers that too
 */
export function withCheck(object: Uint8Array, asked = 0): Uint8Array {
  const start = object.subarray(0, -1);
  return Buffer.concat([start, keyStart, sumText(start, asked), keyEnd]);
}

/**
 * Whether a JSON payload has a check, and it is right; throws `link-damaged` when it is not.
 * @param asked `greetingSum` of what it answers, as it was sent
 */
export function isChecked(frame: string, payload: Uint8Array, asked = 0): boolean {
  const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  const start = bytes.subarray(0, -keyBytes);
  const tail = bytes.subarray(start.length);
  if (tail.length < keyBytes) return false;
  const alike =
    equalBytes(tail.subarray(0, keyStart.length), keyStart) +
    equalBytes(tail.subarray(-keyEnd.length), keyEnd);
  if (alike <= likenessMin) return false;
  if (!tail.equals(Buffer.concat([keyStart, sumText(start, asked), keyEnd]))) throw damaged(frame);
  return true;
}

/** What the check of an answer goes on from: the payload of HELLO, its own check included. */
export function greetingSum(hello: Uint8Array): number {
  return crc32(hello);
}

function sumText(bytes: Uint8Array, asked: number): Uint8Array {
  return Buffer.from(crc32(bytes, asked).toString(16).padStart(digits, '0'));
}

function equalBytes(bytes: Uint8Array, others: Uint8Array): number {
  return bytes.filter((byte, i) => byte === others[i]).length;
}

function damaged(frame: string): FogrunError {
  return new FogrunError('link-damaged', `${frame} did not arrive as it was sent: its check does not match`);
}

/** The sums of one link's frames after the greeting. */
export class FrameChecks {
  /** Whether both sides agreed on them: from then on, what this side sends has them. */
  agreed = false;
  #peerBegan = false;

  /** @param peerBegan whether all that comes from now on has them; otherwise what was on its way may come without */
  agree(peerBegan: boolean): void {
    this.agreed = true;
    this.#peerBegan = peerBegan;
  }

  /** How a frame is sent: its type, and what follows its payload. */
  seal(type: number, payload: readonly Uint8Array[]): { type: number; sum: Uint8Array } {
    if (!this.agreed) return { type, sum: Buffer.alloc(0) };
    const checked = type | checkedBit;
    return { type: checked, sum: u32Bytes(sumOf(checked, payload)) };
  }

  /** The frame that was sent. Throws `link-damaged`. */
  open(type: number, payload: Uint8Array): { type: number; payload: Uint8Array } {
    if (!this.agreed) return { type, payload };
    if ((type & checkedBit) === 0) {
      const mayLackIt =
        (type === frameTypes.heartbeat && payload.length === 0) || type === frameTypes.goodbye;
      if (this.#peerBegan || !mayLackIt) throw damaged(typeText(type));
      return { type, payload };
    }
    const plain = type & ~checkedBit;
    const bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    const inner = bytes.subarray(0, -sumBytes);
    if (bytes.length < sumBytes || bytes.readUInt32BE(inner.length) !== sumOf(type, [inner])) {
      throw damaged(typeText(plain));
    }
    this.#peerBegan = true;
    return { type: plain, payload: inner };
  }
}

function sumOf(type: number, payload: readonly Uint8Array[]): number {
  return payload.reduce((sum, part) => crc32(part, sum), crc32(Buffer.of(type)));
}
