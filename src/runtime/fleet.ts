/**
 * What a cloud knows of its edges: who is connected, what is stored of them, and their last word in the stream `states`. Kept in
 * memory as it comes, so that the whole table is an answer without a read of the disk.
 */
import type { Clock, Timer } from '../contract/clock.ts';
import { toProblem } from '../contract/errors.ts';
import type { EdgeHistory, EdgeSummary, FleetChanges, FleetControl } from '../contract/fleet.ts';
import type { Presence, Visit } from '../contract/presence.ts';
import type { Reporter } from '../contract/report.ts';
import { statesStream, type TakenRecord } from '../contract/state-records.ts';
import type { CloudStore, Receipt } from '../contract/store.ts';
import { ChangedEdges } from './fleet-changes.ts';
import { KnownEdge, recordsBackwards } from './fleet-edge.ts';
import { edgesInText, type FleetKeeper, fleetText } from './fleet-file.ts';
import { historyOf } from './fleet-history.ts';

export type { FleetKeeper } from './fleet-file.ts';

/** Between two writings of the file, ms: longer for each edge, for all of them are written. */
const writeEveryMs = 10_000;
const writeEveryMsPerEdge = 50;
/** Records of one segment, and segments of one edge, that are looked at for its last word. */
const recordsMax = 2_000;
const segmentsMax = 8;
/** Of the end of a segment so much is looked at, bytes: it may be large and hold nothing of this kind. */
const lookedAtBytes = 256 * 1024;
/** Edges whose last words are read at once. */
const readsAtOnce = 8;

export interface FleetEnv {
  readonly store: CloudStore;
  readonly clock: Clock;
  readonly report: Reporter;
  /** Absent: what no segment tells is forgotten with the process. */
  readonly keeper?: FleetKeeper | undefined;
  /** Name and state of each session, by the address it is named after. */
  readonly sessions: () => ReadonlyMap<string, { readonly name: string; readonly state: string }>;
}

export class Fleet implements Presence, FleetControl {
  readonly #env: FleetEnv;
  readonly #edges = new Map<string, KnownEdge>();
  readonly #changes: ChangedEdges;
  #timer: Timer | undefined;
  #over = false;
  #writing: Promise<void> = Promise.resolve();
  #failureTold = false;

  constructor(env: FleetEnv) {
    this.#env = env;
    this.#changes = new ChangedEdges(env.clock);
  }

  /** Learns what an earlier process knew, and reads what it did not. Resolves when that is done; never rejects. */
  async open(): Promise<void> {
    const { store, keeper } = this.#env;
    try {
      const kept = await keeper?.read().catch((thrown) => this.#tell('read', thrown));
      const edges = kept ? edgesInText(kept) : [];
      if (edges === null) this.#note('what was known of edges is damaged in its file: begun anew');
      for (const known of edges ?? []) this.#learn(known);
      const stale = store.edges().flatMap((edge) => this.#compare(edge) ?? []);
      const worker = async () => {
        for (let next = stale.pop(); next && !this.#over; next = stale.pop()) await this.#read(next);
      };
      await Promise.all(Array.from({ length: readsAtOnce }, worker));
    } catch (thrown) {
      this.#tell('read', thrown);
    }
  }

  /** Writes what it knows for the last time; never rejects. */
  async close(): Promise<void> {
    this.#over = true;
    this.#env.clock.clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#write();
    await this.#writing;
  }

  came(visit: Visit): () => void {
    const { store, clock } = this.#env;
    const known = this.#of(visit.edge, visit.epoch);
    if (known.epoch !== visit.epoch) {
      known.epoch = visit.epoch;
      known.readings = store.mark(visit.edge, visit.epoch, 'readings')?.seq ?? 0;
    }
    known.came(visit, clock.now());
    this.#changed();
    return () => {
      known.gone(visit);
      this.#changed();
    };
  }

  stored({ header }: Receipt, body: Uint8Array): void {
    const { edge, epoch, stream, type, fromSeq, count } = header;
    const known = this.#of(edge, epoch);
    if (type === 'gap') known.lost = this.#env.store.lost(edge);
    if (stream === 'readings' && epoch === known.epoch) known.readings = fromSeq + count - 1;
    if (stream !== statesStream || type === 'gap') return;
    known.take(epoch, lastRecords(body));
    this.#changed();
  }

  async edges(): Promise<readonly EdgeSummary[]> {
    const sessions = this.#env.sessions();
    const names = [...this.#edges.keys()].sort();
    return names.map((name) => this.#edges.get(name)!.summary(sessions));
  }

  async changes(since?: string): Promise<FleetChanges> {
    return this.#changes.since(await this.edges(), since);
  }

  history(
    edge: string,
    options?: { readonly before?: string; readonly countMax?: number },
  ): Promise<EdgeHistory> {
    return historyOf(this.#env.store, edge, options);
  }

  #of(edge: string, epoch: string): KnownEdge {
    const known = this.#edges.get(edge) ?? new KnownEdge(edge, epoch);
    this.#edges.set(edge, known);
    return known;
  }

  /** One that has come meanwhile is known better. */
  #learn(kept: KnownEdge): void {
    if (!this.#edges.has(kept.edge)) this.#edges.set(kept.edge, kept);
  }

  /** An edge with what the store has of it; `null` when its last word is known. */
  #compare(edge: string): KnownEdge | null {
    const { store } = this.#env;
    const epoch = store.epochs(edge).at(-1);
    if (epoch === undefined) return null;
    const known = this.#of(edge, epoch);
    // One that is connected has said which it is.
    if (!known.visit) known.epoch = epoch;
    known.readings = store.mark(edge, known.epoch, 'readings')?.seq ?? 0;
    known.lost = store.lost(edge);
    const last = store.mark(edge, known.epoch, statesStream)?.seq ?? 0;
    const { word } = known;
    const isKnown = word.isWhole && word.epoch === known.epoch && word.seq >= last;
    return last === 0 || isKnown ? null : known;
  }

  /** Reads back to the last word on the whole edge; once more when something came meanwhile. */
  async #read(known: KnownEdge, triesLeft = 3): Promise<void> {
    const { edge, epoch, word } = known;
    const found = await this.#lastWords(edge, epoch);
    if (this.#over) return;
    if (known.word !== word && triesLeft > 0) return this.#read(known, triesLeft - 1);
    const anew = new KnownEdge(edge, epoch);
    anew.take(epoch, found);
    if (anew.word.seq >= known.word.seq || known.word.epoch !== epoch) known.word = anew.word;
    this.#changed();
  }

  async #lastWords(edge: string, epoch: string): Promise<TakenRecord[]> {
    const { store } = this.#env;
    const found: TakenRecord[][] = [];
    const ref = { edge, epoch, stream: statesStream, sequence: Number.MAX_SAFE_INTEGER };
    for (const receipt of store.receiptsBefore(ref)) {
      if (found.length >= segmentsMax || this.#over) break;
      if (receipt.header.type === 'gap') continue;
      // What is damaged is told by others; the last word is then an older one.
      const body = await store.body(receipt).catch(() => null);
      const records = body ? lastRecords(body) : [];
      found.push(records);
      if (records.some(({ type }) => type === 'status')) break;
    }
    return found.reverse().flat();
  }

  #changed(): void {
    if (!this.#env.keeper || this.#over || this.#timer !== undefined) return;
    const delayMs = writeEveryMs + this.#edges.size * writeEveryMsPerEdge;
    this.#timer = this.#env.clock.setTimeout(() => {
      this.#timer = undefined;
      this.#write();
    }, delayMs);
  }

  #write(): void {
    const { keeper } = this.#env;
    if (!keeper || this.#edges.size === 0) return;
    this.#writing = this.#writing
      .then(() => keeper.write(fleetText(this.#edges.values())))
      .then(
        () => {
          this.#failureTold = false;
        },
        (thrown) => this.#tell('written', thrown),
      );
  }

  #tell(what: 'read' | 'written', thrown: unknown): void {
    if (!this.#failureTold)
      this.#note(`what is known of edges could not be ${what}: ${toProblem(thrown).message}`);
    this.#failureTold = true;
  }

  #note(text: string): void {
    this.#env.report({ type: 'note', text }, 'warn');
  }
}

/** In their order. */
function lastRecords(body: Uint8Array): TakenRecord[] {
  const records: TakenRecord[] = [];
  for (const record of recordsBackwards(body.subarray(-lookedAtBytes))) {
    records.push(record);
    // Whatever stands before a word on the whole edge is contained in it.
    if (record.type === 'status' || records.length >= recordsMax) break;
  }
  return records.reverse();
}
