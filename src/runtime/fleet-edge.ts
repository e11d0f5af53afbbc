/** What a cloud remembers of one edge. */
import type { EdgeActorState, EdgeSummary } from '../contract/fleet.ts';
import type { Visit } from '../contract/presence.ts';
import { actorsMax, decodeRecord, type StatusRecord, type TakenRecord } from '../contract/state-records.ts';
import type { LostCounts } from '../domain/gap.ts';

/** What no segment tells: kept in a file of its own. */
export interface EdgeContact {
  readonly connectedMs: number | null;
  readonly lastWordMs: number | null;
  readonly agent: string | null;
  readonly clockOffsetMs: number | null;
  readonly certificateUntilMs: number | null;
}

/** The last word of an edge in its stream `states`. */
export interface EdgeWord {
  readonly epoch: string;
  /** Of the last record that counts in it; 0 for none. */
  readonly seq: number;
  readonly backlog: EdgeSummary['backlog'];
  readonly actors: readonly EdgeActorState[];
  /** False until a word on the whole edge was among what was heard. */
  readonly isWhole: boolean;
}

const noContact: EdgeContact = {
  connectedMs: null,
  lastWordMs: null,
  agent: null,
  clockOffsetMs: null,
  certificateUntilMs: null,
};

export class KnownEdge {
  readonly edge: string;
  epoch: string;
  contact: EdgeContact = noContact;
  word: EdgeWord;
  /** Readings stored in this epoch, by their numbers. */
  readings = 0;
  lost: LostCounts = {};
  visit: Visit | null = null;

  constructor(edge: string, epoch: string) {
    this.edge = edge;
    this.epoch = epoch;
    this.word = { epoch, seq: 0, backlog: null, actors: [], isWhole: false };
  }

  came(visit: Visit, nowMs: number): void {
    this.visit = visit;
    const { agent, clockOffsetMs, certificateUntilMs } = visit;
    this.contact = { connectedMs: nowMs, lastWordMs: nowMs, agent, clockOffsetMs, certificateUntilMs };
  }

  gone(visit: Visit): void {
    if (this.visit !== visit) return;
    this.visit = null;
    this.contact = { ...this.contact, lastWordMs: visit.lastWordMs() };
  }

  /** Takes records in their order; those that were taken before change nothing. */
  take(epoch: string, records: readonly TakenRecord[]): void {
    let { backlog, actors, isWhole } = this.word;
    let seq = this.word.epoch === epoch ? this.word.seq : 0;
    for (const taken of records) {
      if (taken.seq <= seq) continue;
      seq = taken.seq;
      if (taken.type === 'status') {
        backlog = { ...taken.record.backlog, atMs: taken.record.timeMs };
        actors = actorsBy(taken.record);
        isWhole = true;
      } else {
        const { actor, to: state, health, timeMs: sinceMs, cause } = taken.record;
        const now = { actor, state, health, sinceMs, cause };
        const at = actors.findIndex((one) => one.actor === actor);
        actors = at < 0 ? [...actors, now].slice(-actorsMax) : actors.with(at, now);
      }
    }
    this.word = { epoch, seq, backlog, actors, isWhole };
  }

  /** @param sessions name and state of each session, by the address it is named after */
  summary(sessions: ReadonlyMap<string, { readonly name: string; readonly state: string }>): EdgeSummary {
    const { edge, epoch, contact, word, visit, readings, lost } = this;
    const session = visit ? sessions.get(visit.remote) : undefined;
    return {
      edge,
      epoch,
      session: session?.name ?? null,
      sessionState: session?.state ?? null,
      ...contact,
      lastWordMs: visit ? Math.round(visit.lastWordMs()) : contact.lastWordMs,
      backlog: word.backlog,
      readings,
      lost,
      actors: word.actors,
    };
  }
}

/** After an orderly end nothing of it runs, whatever state each of them was in. */
function actorsBy({ reason, actors }: StatusRecord): readonly EdgeActorState[] {
  return reason === 'end' ? actors.map((actor) => ({ ...actor, health: 'ended', cause: null })) : actors;
}

const newline = 0x0a;

/** Lines of a segment's body as records, the last first; what says something else is passed over. */
export function* recordsBackwards(body: Uint8Array): Iterable<TakenRecord> {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  for (let end = bytes.length; end > 0; ) {
    // The newline at `end - 1` belongs to the line.
    const start = end < 2 ? 0 : bytes.lastIndexOf(newline, end - 2) + 1;
    const record = end - start > lineBytesMax ? null : decodeRecord(bytes.toString('utf8', start, end));
    if (record) yield record;
    end = start;
  }
}

/** Longer lines are not looked at, bytes. */
const lineBytesMax = 32 * 1024;
