/** What an edge says of itself in the stream `states`: one reading for each transition, and one now and then for the whole. */
import { printable } from '../domain/text.ts';
import type { EdgeActorState, StateRecord } from './fleet.ts';
import type { Health } from './status.ts';

export const statesStream = 'states';

/** Which transitions an edge tells its cloud: those that make something wrong or well, all, or none. */
export type StatesTold = 'changes' | 'all' | 'none';

/** The edge as a whole, in its records of the sensor `status`. */
const whole = 'edge';

/** Why it was said: after a start, once trouble was over, from time to time, at an orderly end. */
export type StatusReason = 'start' | 'mended' | 'regular' | 'end';

export interface StatusRecord {
  /** On the edge's clock, ms since 1970. */
  readonly timeMs: number;
  readonly reason: StatusReason;
  /** Of the program. */
  readonly version: string;
  /** Readings that wait for the cloud; states are not among them. */
  readonly backlog: { readonly readings: number; readonly bytes: number; readonly oldestMs: number | null };
  readonly actors: readonly EdgeActorState[];
}

/** Longest texts, in UTF-16 code units, and most actors, of what is written and of what is believed. */
const lengthMax = { name: 64, state: 100, event: 60, cause: 200, version: 40 };
export const actorsMax = 64;
/** Largest number that is believed, so that each can be shown as a moment. */
const countMax = 8.64e15;
/** Longer lines are not looked at, bytes. */
const lineBytesMax = 32 * 1024;

const healths: ReadonlySet<string> = new Set([
  'well',
  'paused',
  'trouble',
  'failed',
  'ended',
] satisfies Health[]);
const reasons: ReadonlySet<string> = new Set(['start', 'mended', 'regular', 'end'] satisfies StatusReason[]);

/** One line without `seq`, ended by `\n`. */
export function encodeState({ actor, timeMs, ...record }: StateRecord): string {
  const { from, to, event, health, cause, attempt, retryInMs } = record;
  const value = {
    from: printable(from, lengthMax.state),
    to: printable(to, lengthMax.state),
    event: printable(event, lengthMax.event),
    health,
    ...(cause === null ? {} : { cause: printable(cause, lengthMax.cause) }),
    ...(attempt === null ? {} : { attempt }),
    ...(retryInMs === null ? {} : { retryInMs }),
  };
  return line(printable(actor, lengthMax.name), 'state', timeMs, value);
}

/** One line without `seq`, ended by `\n`. */
export function encodeStatus({ timeMs, reason, version, backlog, actors }: StatusRecord): string {
  const told = actors.slice(0, actorsMax).map(({ actor, state, health, sinceMs, cause }) => [
    printable(actor, lengthMax.name),
    {
      state: printable(state, lengthMax.state),
      health,
      sinceMs,
      ...(cause === null ? {} : { cause: printable(cause, lengthMax.cause) }),
    },
  ]);
  const value = { reason, version, backlog, actors: Object.fromEntries(told) };
  return line(whole, 'status', timeMs, value);
}

function line(device: string, sensor: string, timeMs: number, value: object): string {
  return `${JSON.stringify({ device, sensor, time: new Date(timeMs).toISOString(), value })}\n`;
}

export type TakenRecord =
  | { readonly type: 'state'; readonly seq: number; readonly record: StateRecord }
  | { readonly type: 'status'; readonly seq: number; readonly record: StatusRecord };

/** A line as it is stored, with `seq`; `null` for one that says something else. What comes from an edge is foreign text. */
export function decodeRecord(text: string): TakenRecord | null {
  if (text.length > lineBytesMax) return null;
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return null;
  }
  const { seq, device, sensor, time, value } = objectIn(read);
  const timeMs = typeof time === 'string' ? Date.parse(time) : Number.NaN;
  if (typeof device !== 'string' || !Number.isFinite(timeMs) || count(seq) === null) return null;
  const said = objectIn(value);
  if (sensor === 'state') {
    const record = stateIn(printable(device, lengthMax.name), timeMs, said);
    return record && { type: 'state', seq: Number(seq), record };
  }
  if (sensor !== 'status' || device !== whole) return null;
  const record = statusIn(timeMs, said);
  return record && { type: 'status', seq: Number(seq), record };
}

type Fields = Readonly<Record<string, unknown>>;

function stateIn(actor: string, timeMs: number, said: Fields): StateRecord | null {
  const { from, to, event, health, cause, attempt, retryInMs } = said;
  if (typeof from !== 'string' || typeof to !== 'string' || !isHealth(health)) return null;
  return {
    actor,
    timeMs,
    from: printable(from, lengthMax.state),
    to: printable(to, lengthMax.state),
    event: typeof event === 'string' ? printable(event, lengthMax.event) : '',
    health,
    cause: textOrNull(cause, lengthMax.cause),
    attempt: count(attempt),
    retryInMs: count(retryInMs),
  };
}

function statusIn(timeMs: number, said: Fields): StatusRecord | null {
  const { reason, version, backlog, actors } = said;
  const { readings, bytes, oldestMs } = objectIn(backlog);
  const told = Object.entries(objectIn(actors)).slice(0, actorsMax);
  return {
    timeMs,
    reason: typeof reason === 'string' && reasons.has(reason) ? (reason as StatusReason) : 'regular',
    version: typeof version === 'string' ? printable(version, lengthMax.version) : '',
    backlog: { readings: count(readings) ?? 0, bytes: count(bytes) ?? 0, oldestMs: count(oldestMs) },
    actors: told.flatMap(([name, about]) => {
      const { state, health, sinceMs, cause } = objectIn(about);
      if (typeof state !== 'string' || !isHealth(health)) return [];
      return {
        actor: printable(name, lengthMax.name),
        state: printable(state, lengthMax.state),
        health,
        sinceMs: count(sinceMs) ?? timeMs,
        cause: textOrNull(cause, lengthMax.cause),
      };
    }),
  };
}

function objectIn(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function isHealth(value: unknown): value is Health {
  return typeof value === 'string' && healths.has(value);
}

function count(value: unknown): number | null {
  return typeof value === 'number' && value >= 0 && value <= countMax ? value : null;
}

function textOrNull(value: unknown, max: number): string | null {
  return typeof value === 'string' ? printable(value, max) : null;
}
