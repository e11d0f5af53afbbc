/** Values in payloads, little-endian. */
import { type RawType, rawType } from '../../domain/bricklets.ts';

export interface RawValue {
  readonly raw: RawType;
  readonly value: number;
}

export function readRaw(payload: Buffer, at: number, raw: RawType): number {
  switch (raw) {
    case 'i16':
      return payload.readInt16LE(at);
    case 'u16':
      return payload.readUInt16LE(at);
    case 'i32':
      return payload.readInt32LE(at);
    case 'u32':
      return payload.readUInt32LE(at);
    default:
      return payload[at]!;
  }
}

/** One after the other. */
export function writeRaw(values: readonly RawValue[]): Buffer {
  const bytes = Buffer.alloc(bytesOf(values));
  let at = 0;
  for (const { raw, value } of values) {
    if (raw === 'i16') bytes.writeInt16LE(value, at);
    else if (raw === 'u16') bytes.writeUInt16LE(value, at);
    else if (raw === 'i32') bytes.writeInt32LE(value, at);
    else if (raw === 'u32') bytes.writeUInt32LE(value, at);
    else bytes[at] = value;
    at += rawType(raw).bytes;
  }
  return bytes;
}

export function bytesOf(values: readonly { readonly raw: RawType }[]): number {
  return values.reduce((sum, { raw }) => sum + rawType(raw).bytes, 0);
}

/** Values of these types from a payload of their length. */
export function readRaws(payload: Buffer, types: readonly { readonly raw: RawType }[]): number[] {
  let at = 0;
  return types.map(({ raw }) => {
    const value = readRaw(payload, at, raw);
    at += rawType(raw).bytes;
    return value;
  });
}
