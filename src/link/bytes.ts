/** Reads the fields of a binary payload; what does not fit is a `link-protocol` error that names the field. */
import { FogrunError } from '../contract/errors.ts';
import { hashBytes, namePattern } from '../domain/segment.ts';
import { showBytes } from './text.ts';

export class FieldReader {
  readonly #bytes: Buffer;
  readonly #frame: string;
  #at = 0;

  /** @param frame its name, for messages */
  constructor(frame: string, payload: Uint8Array) {
    this.#frame = frame;
    this.#bytes = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
  }

  #take(field: string, size: number): Buffer {
    const left = this.#bytes.length - this.#at;
    if (left < size) {
      throw new FogrunError(
        'link-protocol',
        `${this.#frame} ends in the field ${field}: ${size} bytes expected, ${left} there`,
      );
    }
    this.#at += size;
    return this.#bytes.subarray(this.#at - size, this.#at);
  }

  u8(field: string): number {
    return this.#take(field, 1)[0]!;
  }

  u32(field: string): number {
    return this.#take(field, 4).readUInt32BE(0);
  }

  /** Refuses what a number cannot hold exactly. */
  u64(field: string, min = 0): number {
    const bytes = this.#take(field, 8);
    const value = bytes.readBigUInt64BE(0);
    if (value > BigInt(Number.MAX_SAFE_INTEGER) || value < BigInt(min)) {
      throw new FogrunError(
        'link-protocol',
        `${this.#frame} has ${value} in the field ${field}, expected ${min} to ${Number.MAX_SAFE_INTEGER}`,
      );
    }
    return Number(value);
  }

  /** A name of namePattern after its length. */
  name(field: string): string {
    const bytes = this.#take(field, this.u8(field));
    const name = bytes.toString('latin1');
    if (!namePattern.test(name)) {
      throw new FogrunError(
        'link-protocol',
        `${this.#frame} has \`${showBytes(bytes, 64)}\` in the field ${field}, which is no name`,
      );
    }
    return name;
  }

  /** A copy, so that keeping it does not keep the frame. */
  hash(field: string): Uint8Array {
    return Uint8Array.from(this.#take(field, hashBytes));
  }

  /** Everything that is left, as a view. */
  rest(): Buffer {
    return this.#take('rest', this.#bytes.length - this.#at);
  }
}

/** A name after its length, as `FieldReader.name` reads it. */
export function nameBytes(name: string): Uint8Array {
  if (!namePattern.test(name)) throw new RangeError(`\`${name}\` is no name of a stream`);
  return Buffer.concat([Buffer.of(name.length), Buffer.from(name, 'latin1')]);
}

/** Big-endian u64 each; throws RangeError for what is no safe, non-negative integer. */
export function u64Bytes(...values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(values.length * 8);
  values.forEach((value, i) => {
    if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is no safe integer`);
    bytes.writeBigUInt64BE(BigInt(value), i * 8);
  });
  return bytes;
}

/** Big-endian u32 each. */
export function u32Bytes(...values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(values.length * 4);
  values.forEach((value, i) => {
    bytes.writeUInt32BE(value, i * 4);
  });
  return bytes;
}
