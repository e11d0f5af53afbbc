/** The JSON payloads, validated strictly: unknown keys are dropped, everything else must be as expected. */
import { z } from 'zod';
import { FogrunError } from '../contract/errors.ts';
import { type Goodbye, type Hello, type Refusal, streamsMax, type Welcome } from '../contract/link.ts';
import type { CloudMessage } from '../domain/message.ts';
import { epochPattern, namePattern } from '../domain/segment.ts';
import { clip, escapeControls } from '../domain/text.ts';
import { agentLengthMax, frameBytesMaxRange, heartbeatRangeMs, reasonLengthMax } from './limits.ts';

const whole = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const name = z.string().max(64).regex(namePattern, 'expected a name of letters, digits, `.`, `_`, `-`');
const epoch = z.string().regex(epochPattern, 'expected 32 lower-case hexadecimal digits');
const hash = z.string().regex(/^[0-9a-f]{64}$/, 'expected 64 lower-case hexadecimal digits');
const protocol = z.number().int().min(0).max(255);
const text = (lengthMax: number) => z.string().max(lengthMax).transform(escapeControls);

/** Values by stream. Without a prototype: `constructor` is a proper name of a stream. */
function byStream<Value extends z.ZodType>(value: Value) {
  return z.record(name, value).transform((record, context) => {
    const entries = Object.entries(record);
    if (entries.length > streamsMax) {
      context.addIssue({ code: 'custom', message: `expected at most ${streamsMax} streams` });
      return z.NEVER;
    }
    return Object.assign(Object.create(null), record) as Record<string, z.output<Value>>;
  });
}

const hello = z.object({
  protocol,
  edge: name,
  epoch,
  token: whole,
  cloudEpoch: epoch.nullable(),
  streams: byStream(
    z.object({ sealed: whole, sealedHash: hash, acknowledged: whole, acknowledgedHash: hash }),
  ),
  agent: text(agentLengthMax),
  timeMs: whole,
  compression: z
    .array(
      z
        .string()
        .max(16)
        .regex(/^[a-z0-9-]+$/),
    )
    .max(8),
  credential: z
    .string()
    .regex(/^[\x21-\x7e]{1,256}$/, 'expected 1 to 256 printable ASCII characters')
    .optional(),
});

const welcome = z.object({
  protocol,
  cloudEpoch: epoch,
  token: whole.min(1),
  marks: byStream(z.object({ sequence: whole, hash, seq: whole })),
  windowSegments: z.number().int().min(1).max(65_536),
  windowBytes: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER),
  frameBytesMax: z.number().int().min(frameBytesMaxRange.min).max(frameBytesMaxRange.max),
  heartbeatMs: z.number().int().min(heartbeatRangeMs.min).max(heartbeatRangeMs.max),
  agent: text(agentLengthMax),
  timeMs: whole,
  compression: z.enum(['none', 'zstd']),
});

const refusal = z
  .object({
    code: z.enum(['version', 'busy', 'superseded', 'forked', 'denied', 'invalid', 'full', 'failed']),
    reason: text(reasonLengthMax),
    retryAfterMs: whole.max(86_400_000).optional(),
    stream: name.optional(),
    sequence: whole.min(1).optional(),
  })
  .refine((value) => (value.stream === undefined) === (value.sequence === undefined), {
    message: 'expected stream and sequence together',
  });

const goodbye = z.object({ reason: text(reasonLengthMax) });

/** A field that came later: one that is not as expected is as good as missing, and costs nothing else. */
function later<Value extends z.ZodType>(value: Value) {
  return value.optional().catch(undefined);
}

const forecast = z.object({
  type: z.literal('forecast'),
  stream: name,
  sequence: whole.min(1),
  forecast: z.object({
    sensor: text(128),
    readings: whole,
    mean: z.number().nullable(),
    unit: text(32),
    tendency: z.number().nullable(),
    tendencyWord: text(64).nullable(),
    spanMs: whole,
    text: text(1024),
    altitude: later(z.number()),
    seaLevel: later(z.number()),
    characteristic: later(z.object({ code: whole.max(8), text: text(64) })),
    zambretti: later(
      z.object({
        letter: z.string().regex(/^[A-Z]$/),
        number: whole.min(1).max(32),
        text: text(64),
      }),
    ),
    confidence: later(z.object({ hasMs: whole, needsMs: whole })),
  }),
});

const messagesMax = 1_024;

// A byte order mark stays, and is then no JSON.
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function wrong(frame: string, what: string): FogrunError {
  return new FogrunError('link-protocol', `${frame}: ${what}`);
}

function parse(frame: string, payload: Uint8Array): unknown {
  try {
    return JSON.parse(utf8.decode(payload));
  } catch (cause) {
    throw new FogrunError('link-protocol', `${frame} does not contain JSON in UTF-8`, { cause });
  }
}

function check<Schema extends z.ZodType>(frame: string, schema: Schema, value: unknown): z.output<Schema> {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const path = escapeControls(issue.path.join('.').slice(0, 100));
  throw wrong(frame, `${path === '' ? '' : `\`${path}\`: `}${issue.message}`);
}

/** Throws `link-protocol`, as all of these do. */
export function decodeHello(payload: Uint8Array): Hello {
  return present(check('HELLO', hello, parse('HELLO', payload))) as Hello;
}

export function decodeWelcome(payload: Uint8Array): Welcome {
  return check('WELCOME', welcome, parse('WELCOME', payload));
}

export function decodeRefusal(payload: Uint8Array): Refusal {
  const value = check('REFUSE', refusal, parse('REFUSE', payload));
  return present(value) as Refusal;
}

type Present<Value> = { [Key in keyof Value]: Exclude<Value[Key], undefined> };

/** zod writes optional keys as `undefined`; the contracts want them absent. */
function present<Value extends object>(value: Value): Present<Value> {
  return Object.fromEntries(Object.entries(value).filter(([, item]) => item !== undefined)) as Present<Value>;
}

export function decodeGoodbye(payload: Uint8Array): Goodbye {
  return check('GOODBYE', goodbye, parse('GOODBYE', payload));
}

/**
 * The message, or `null` for one that is not understood here: a newer cloud may send it. A message only rides along;
 * no acknowledgement may be lost over one that is wrong.
 */
function toMessage(value: unknown): CloudMessage | null {
  const { data } = forecast.safeParse(value);
  return data ? { ...data, forecast: present(data.forecast) } : null;
}

export function decodeMessage(payload: Uint8Array): CloudMessage | null {
  return toMessage(parse('MESSAGE', payload));
}

/** The messages of an ACK that are understood. Never throws: the acknowledgement counts whatever rides along. */
export function decodeMessages(payload: Uint8Array): CloudMessage[] {
  let value: unknown;
  try {
    value = parse('ACK', payload);
  } catch {
    return [];
  }
  if (!Array.isArray(value)) return [];
  return value
    .slice(0, messagesMax)
    .map(toMessage)
    .filter((item) => item !== null);
}

/** UTF-8 of any of these. */
export function encodeJson(value: Hello | Welcome | Refusal | Goodbye | CloudMessage): Uint8Array {
  return Buffer.from(JSON.stringify(value), 'utf8');
}

/** A reason that surely fits: too long a one is cut. */
export function fitReason(reason: string): string {
  return clip(reason, reasonLengthMax);
}

/** Checks what this side is about to send as the other side will. Throws `internal`: it is a programming error. */
export function checkOwn(frame: 'HELLO' | 'WELCOME' | 'REFUSE', value: Hello | Welcome | Refusal): void {
  const schema = { HELLO: hello, WELCOME: welcome, REFUSE: refusal }[frame];
  const result = schema.safeParse(value);
  if (result.success) return;
  const issue = result.error.issues[0]!;
  throw new FogrunError('internal', `own ${frame}: \`${issue.path.join('.')}\`: ${issue.message}`);
}
