/** One client of a control socket, once it has greeted: what it may ask, and what it gets. */
import type { ActorAction, Asker, PipelineControl, SegmentRange } from '../contract/control.ts';
import { toProblem } from '../contract/errors.ts';
import { clip, printable } from '../domain/text.ts';
import { text, whole, wrong } from './ipc-control-checks.ts';
import { letterAsks } from './ipc-control-letters.ts';
import { viewAsks } from './ipc-control-views.ts';
import { segmentsPage, sliceBytes } from './ipc-control-wire.ts';
import { type IpcMessage, isIpcMessage } from './ipc-wire.ts';

/** The connection as its session sees it. */
export interface ControlPeer {
  /** Its process, if it said so. */
  readonly pid: number | null;
  send(message: IpcMessage): void;
  /** True while it has not read what it was sent, beyond what waits in any connection. */
  isBehind(): boolean;
  end(): void;
}

/** Questions that may wait for an answer at a time. */
const openMax = 64;
const watchesMax = 16;
const actions: ReadonlySet<unknown> = new Set<ActorAction>(['pause', 'resume', 'retry', 'restart']);

/** What can be asked, each with what it takes to answer. */
export type Asks = Readonly<Record<string, (ask: IpcMessage, id: number) => unknown>>;

export class ControlSession {
  readonly #control: PipelineControl;
  readonly #peer: ControlPeer;
  readonly #views: Asks;
  readonly #watches = new Map<number, () => void>();
  #open = 0;
  #over = false;
  /** What is given out piece by piece, until its last piece or another is asked for. */
  #held: { readonly key: string; readonly value: Promise<unknown> } | null = null;

  constructor(control: PipelineControl, peer: ControlPeer) {
    this.#control = control;
    this.#peer = peer;
    this.#views = viewAsks(control);
  }

  /** Takes what the client sent. One that asks for too much at a time, or what is no question, is ended. */
  take(data: unknown): void {
    if (this.#over) return;
    const { id, ask } = isIpcMessage(data) ? data : ({} as IpcMessage);
    if (!Number.isSafeInteger(id) || typeof ask !== 'string' || this.#open >= openMax) {
      this.#peer.end();
      return;
    }
    this.#open += 1;
    void this.#answer(data as IpcMessage, id as number, ask);
  }

  close(): void {
    this.#over = true;
    this.#held = null;
    for (const stop of this.#watches.values()) stop();
    this.#watches.clear();
  }

  async #answer(data: IpcMessage, id: number, ask: string): Promise<void> {
    let message: IpcMessage;
    try {
      const asks = Object.hasOwn(this.#asks, ask) ? this.#asks : this.#views;
      const serve = Object.hasOwn(asks, ask) ? asks[ask] : undefined;
      if (!serve) throw wrong(`this pipeline cannot be asked \`${printable(ask, 40)}\``);
      // Called at once, so that what is asked in turn is looked at in turn.
      message = { id, answer: (await serve(data, id)) ?? null };
    } catch (thrown) {
      message = { id, problem: toProblem(thrown) };
    }
    this.#open -= 1;
    if (!this.#over) this.#peer.send(message);
  }

  readonly #asks: Asks = {
    status: () => this.#control.status(),
    act: ({ actor, action, by }) => {
      if (!actions.has(action)) throw wrong('there is no such action');
      return this.#control.act(text(actor, 'actor'), action as ActorAction, this.#asker(by));
    },
    stop: ({ by }) => this.#control.stop(this.#asker(by)),
    reload: ({ by, dryRun }) => this.#control.reload(this.#asker(by), { dryRun: dryRun === true }),
    watch: (ask, id) => this.#watch(ask, id),
    inspect: (_, id) => this.#inspect(id),
    unwatch: ({ watch }) => {
      this.#watches.get(watch as number)?.();
      this.#watches.delete(watch as number);
    },
    segments: ({ from }) => this.#page('segments', from, () => this.#control.segments()),
    where: ({ stream, seq }) => this.#control.where(text(stream, 'stream'), whole(seq, 'seq')),
    body: async ({ stream, sequence, from }) => {
      const [name, number] = [text(stream, 'stream'), whole(sequence, 'sequence')];
      return this.#slice(`${number} ${name}`, from, () => this.#control.segmentBody(name, number));
    },
    discard: ({ range, by, reason }) => {
      const { stream, from, to, seqs } = isIpcMessage(range) ? range : ({} as IpcMessage);
      const wanted: SegmentRange = {
        stream: text(stream, 'stream'),
        from: whole(from, 'from'),
        to: whole(to, 'to'),
        ...(isIpcMessage(seqs) ? { seqs: { from: whole(seqs.from, 'from'), to: whole(seqs.to, 'to') } } : {}),
      };
      return this.#control.discard(wanted, this.#asker(by), typeof reason === 'string' ? reason : '');
    },
    ...letterAsks({
      letters: () => this.#control.letters,
      page: (key, from, get) => this.#page(key, from, get),
      slice: (key, from, get) => this.#slice(key, from, get),
      asker: (by) => this.#asker(by),
    }),
  };

  async #page(key: string, from: unknown, get: () => Promise<readonly unknown[]>): Promise<unknown> {
    const first = whole(from, 'from');
    const all = (await this.#hold(key, first === 0, get)) as readonly unknown[];
    const list = all.slice(first, first + segmentsPage);
    if (first + list.length >= all.length) this.#held = null;
    return { total: all.length, list };
  }

  async #slice(key: string, from: unknown, get: () => Promise<Uint8Array>): Promise<unknown> {
    const first = whole(from, 'from');
    const body = (await this.#hold(key, first === 0, get)) as Uint8Array;
    const slice = body.subarray(first, first + sliceBytes);
    if (first + slice.length >= body.length) this.#held = null;
    return { total: body.length, base64: Buffer.from(slice).toString('base64') };
  }

  /** @returns tells that watch something */
  #teller(id: number): (watch: string, value: unknown) => void {
    if (this.#watches.size >= watchesMax || this.#watches.has(id)) throw wrong('too many watches');
    return (watch, value) => {
      if (!this.#over) this.#peer.send({ id, watch, value });
    };
  }

  #inspect(id: number): void {
    const tell = this.#teller(id);
    const stop = this.#control.inspect({
      frames: (frames) => tell('frames', frames),
      isBehind: () => this.#peer.isBehind(),
      over: (cause) => {
        this.#watches.delete(id);
        tell('over', cause);
      },
    });
    this.#watches.set(id, stop);
  }

  #watch({ everyMs, entriesMax }: IpcMessage, id: number): void {
    const tell = this.#teller(id);
    const stop = this.#control.watch(
      {
        // The next one tells the same, and newer.
        status: (status) => void (this.#peer.isBehind() || tell('status', status)),
        entry: (entry) => tell('entry', entry),
        over: (cause) => {
          this.#watches.delete(id);
          tell('over', cause);
        },
      },
      {
        ...(everyMs === undefined ? {} : { everyMs: whole(everyMs, 'everyMs') }),
        ...(entriesMax === undefined ? {} : { entriesMax: whole(entriesMax, 'entriesMax') }),
      },
    );
    this.#watches.set(id, stop);
    // The connection may have ended in the middle of the past.
    if (this.#over) stop();
  }

  #hold(key: string, anew: boolean, get: () => Promise<unknown>): Promise<unknown> {
    if (anew || this.#held?.key !== key) this.#held = { key, value: get() };
    return this.#held.value;
  }

  #asker(by: unknown): Asker {
    const { user, command } = isIpcMessage(by) ? by : ({} as IpcMessage);
    const { pid } = this.#peer;
    return {
      user: clip(text(user, 'user'), 100),
      command: clip(text(command, 'command'), 400),
      ...(pid === null ? {} : { pid }),
    };
  }
}
