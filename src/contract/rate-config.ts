/** How fast one connection may send: the same setting for all that listen. */
import { z } from 'zod';
import type { Rate } from '../domain/token-bucket.ts';
import { size } from './config.ts';

export const rateLimit = () =>
  z
    .strictObject({
      bytes: size({ min: '1KiB', max: '1TiB' })
        .optional()
        .describe('Bytes a second from one connection; absent: as fast as the store accepts.'),
      burst: size({ min: '64KiB', max: '1GiB' })
        .prefault('1MiB')
        .describe('Bytes that it may send at once after a pause.'),
    })
    .prefault({})
    .describe(
      'A connection that sends faster is read more slowly; the others do not notice, and nothing is dropped.',
    );

/** `null` for no limit. */
export function rateOf({ bytes, burst }: z.output<ReturnType<typeof rateLimit>>): Rate | null {
  return bytes === undefined ? null : { perSecond: bytes, burst };
}
