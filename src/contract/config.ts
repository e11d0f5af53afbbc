/** Building blocks for the config schemas of kinds: text in YAML, numbers in code. */
import { z } from 'zod';
import { formatDuration, formatSize, parseDurationMs, parseSizeBytes } from '../domain/quantities.ts';
import { printable } from '../domain/text.ts';
import { readUid } from '../domain/uid.ts';

/** A duration such as `15s`, parsed to ms. Bounds are durations too. */
export function duration(options: { min?: string; max?: string } = {}) {
  const min = parseDurationMs(options.min ?? '1ms')!;
  const max = parseDurationMs(options.max ?? '366d')!;
  return z
    .string()
    .transform((text, context) => {
      const ms = parseDurationMs(text);
      if (ms === undefined) {
        context.addIssue({
          code: 'custom',
          message: `\`${text}\` is not a duration (such as 250ms, 1s, 15m, 2h)`,
        });
        return z.NEVER;
      }
      if (ms < min || ms > max) {
        context.addIssue({
          code: 'custom',
          message: `\`${text}\` is not between ${formatDuration(min)} and ${formatDuration(max)}`,
        });
        return z.NEVER;
      }
      return ms;
    })
    .meta({ quantity: 'duration' });
}

/** A size such as `64MiB`, parsed to bytes. Bounds are sizes too. */
export function size(options: { min?: string; max?: string } = {}) {
  const min = parseSizeBytes(options.min ?? '1B')!;
  const max = parseSizeBytes(options.max ?? '4096TiB')!;
  return z
    .string()
    .transform((text, context) => {
      const bytes = parseSizeBytes(text);
      if (bytes === undefined) {
        context.addIssue({
          code: 'custom',
          message: `\`${text}\` is not a size (such as 512B, 64KiB, 256MiB)`,
        });
        return z.NEVER;
      }
      if (bytes < min || bytes > max) {
        context.addIssue({
          code: 'custom',
          message: `\`${text}\` is not between ${formatSize(min)} and ${formatSize(max)}`,
        });
        return z.NEVER;
      }
      return bytes;
    })
    .meta({ quantity: 'size' });
}

/** A number that may also come as text, as it does from `${VAR}`. */
export function number(options: { min?: number; max?: number; integer?: boolean } = {}) {
  let inner = z.number();
  if (options.integer) inner = inner.int();
  if (options.min !== undefined) inner = inner.min(options.min);
  if (options.max !== undefined) inner = inner.max(options.max);
  const fromText = (value: unknown) =>
    typeof value === 'string' && value.trim() !== '' && Number.isFinite(Number(value))
      ? Number(value)
      : value;
  return z.preprocess(fromText, inner);
}

/** UID of a TinkerForge device; with `{ orEmpty: true }` it may be left empty. */
export function deviceUid(options: { orEmpty?: boolean } = {}) {
  return z.string().superRefine((text, context) => {
    if (text === '' && options.orEmpty) return;
    const uid = readUid(text);
    if (typeof uid === 'number') return;
    context.addIssue({
      code: 'custom',
      message: `\`${printable(text, 20)}\` is not a UID: ${uid.wrong}`,
    });
  });
}

/** Name or address of a host: whether it exists shows when it is used. */
export function hostName() {
  return z
    .string()
    .regex(
      /^[A-Za-z0-9._:%-]{1,253}$/,
      'expected the name of a host or an IP address, without spaces or a port',
    );
}

/** A TCP port to connect to, or with `{ min: 0 }` one to listen on. */
export function tcpPort(options: { min?: 0 | 1 } = {}) {
  return number({ min: options.min ?? 1, max: 65_535, integer: true });
}

/** The longest wait, where none is given, as a multiple of the first. */
const longestWaits = 10;

/** How waits between attempts grow; see src/domain/backoff.ts. */
export function retryPolicy() {
  return z
    .strictObject({
      every: duration({ min: '10ms', max: '1d' })
        .prefault('1s')
        .describe('Wait before the first new attempt.'),
      factor: number({ min: 1, max: 10 })
        .prefault(1.5)
        .describe('Each wait is this many times the one before, up to `max`.'),
      max: duration({ min: '10ms', max: '7d' })
        .optional()
        .describe(`Longest wait; ${longestWaits} times \`every\` unless given.`),
      jitter: number({ min: 0, max: 1 })
        .prefault(0.2)
        .describe(
          'Share of each wait that is left to chance, so that many devices do not come back at once.',
        ),
    })
    .transform((policy) => ({ ...policy, max: policy.max ?? policy.every * longestWaits }))
    .prefault({})
    .describe('Waits between attempts.');
}

/** A secret: never printed, and better taken from `${VAR}` than written into the file. */
export function secret(form: z.ZodString = z.string()) {
  return form.meta({ secret: true });
}

/** A choice between yes and no that may also come as the text `true` or `false`, as it does from `${VAR}`. */
export function boolean() {
  const fromText = (value: unknown) => (value === 'true' ? true : value === 'false' ? false : value);
  return z.preprocess(fromText, z.boolean());
}
