/** What a cloud knows of its edges and no segment tells, as a file beside its store; one that is damaged is begun anew. */
import type { EdgeActorState } from '../contract/fleet.ts';
import type { Health } from '../contract/status.ts';
import { epochPattern, namePattern } from '../domain/segment.ts';
import { printable } from '../domain/text.ts';
import { type EdgeContact, type EdgeWord, KnownEdge } from './fleet-edge.ts';

export const fleetName = 'fleet.json';
const format = 1;
/** Longest text that is believed, in UTF-16 code units. */
const textMax = 256;

/** Where it is kept. Both reject with whatever the disk says. */
export interface FleetKeeper {
  /** `null` when there is none. */
  read(): Promise<string | null>;
  /** Puts it in the place of the one before, at once or not at all. */
  write(text: string): Promise<void>;
}

export function fleetText(edges: Iterable<KnownEdge>): string {
  const kept = Array.from(edges, ({ edge, epoch, contact, word, visit }) => ({
    ...{ edge, epoch, word },
    contact: visit ? { ...contact, lastWordMs: visit.lastWordMs() } : contact,
  }));
  return JSON.stringify({ format, edges: kept });
}

/** Edges in it that make sense; `null` when the file as a whole does not. */
export function edgesInText(text: string): KnownEdge[] | null {
  let read: unknown;
  try {
    read = JSON.parse(text);
  } catch {
    return null;
  }
  const { format: is, edges } = fieldsOf(read);
  if (is !== format || !Array.isArray(edges)) return null;
  return edges.flatMap((one) => edgeIn(fieldsOf(one)) ?? []);
}

type Fields = Readonly<Record<string, unknown>>;

function edgeIn({ edge, epoch, contact, word }: Fields): KnownEdge | null {
  if (typeof edge !== 'string' || !namePattern.test(edge)) return null;
  if (typeof epoch !== 'string' || !epochPattern.test(epoch)) return null;
  const known = new KnownEdge(edge, epoch);
  known.contact = contactIn(fieldsOf(contact));
  known.word = wordIn(fieldsOf(word)) ?? known.word;
  return known;
}

function contactIn(fields: Fields): EdgeContact {
  return {
    connectedMs: numberIn(fields.connectedMs),
    lastWordMs: numberIn(fields.lastWordMs),
    agent: typeof fields.agent === 'string' ? printable(fields.agent, textMax) : null,
    clockOffsetMs: numberIn(fields.clockOffsetMs),
    certificateUntilMs: numberIn(fields.certificateUntilMs),
  };
}

function wordIn({ epoch, seq, backlog, actors, isWhole: whole }: Fields): EdgeWord | null {
  const last = numberIn(seq);
  if (typeof epoch !== 'string' || last === null || !Array.isArray(actors)) return null;
  const { readings, bytes, oldestMs, atMs } = fieldsOf(backlog);
  const [some, size, at] = [numberIn(readings), numberIn(bytes), numberIn(atMs)];
  return {
    epoch,
    seq: last,
    backlog:
      some !== null && size !== null && at !== null
        ? { readings: some, bytes: size, oldestMs: numberIn(oldestMs), atMs: at }
        : null,
    actors: actors.flatMap((one) => actorIn(fieldsOf(one)) ?? []),
    isWhole: whole === true,
  };
}

const healths: readonly unknown[] = ['well', 'paused', 'trouble', 'failed', 'ended'] satisfies Health[];

function actorIn({ actor, state, health, sinceMs, cause }: Fields): EdgeActorState | null {
  const since = numberIn(sinceMs);
  if (typeof actor !== 'string' || typeof state !== 'string' || since === null) return null;
  if (!healths.includes(health)) return null;
  return {
    actor: printable(actor, textMax),
    state: printable(state, textMax),
    health: health as Health,
    sinceMs: since,
    cause: typeof cause === 'string' ? printable(cause, textMax) : null,
  };
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function numberIn(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}
