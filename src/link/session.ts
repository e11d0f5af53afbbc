/** Effects of a session at the receiver: one edge's greeting, its segments, their acknowledgements. */
import type { CloudReceiverConfig } from '../../machines/cloud-receiver.ts';
import type { CloudSessionEffects, SessionEvent } from '../../machines/cloud-session.ts';
import type { Clock } from '../contract/clock.ts';
import { FogrunError, toProblem } from '../contract/errors.ts';
import { type CloudMessage, type Hello, linkProtocolVersion, type Refusal } from '../contract/link.ts';
import type { OutPort, ReceivedSegment } from '../contract/port.ts';
import type { Presence, Visit } from '../contract/presence.ts';
import { rateOf } from '../contract/rate-config.ts';
import type { Reporter } from '../contract/report.ts';
import type { CloudStore, Receipt, StreamHead } from '../contract/store.ts';
import type { Connection } from '../contract/transport.ts';
import type { SegmentHeader } from '../domain/segment.ts';
import type { Budget } from './budget.ts';
import { openCloudLink } from './cloud-link.ts';
import type { Door } from './door.ts';
import type { Admitted, Gate } from './gate.ts';
import { refusalOf } from './refused.ts';
import { storedReports } from './stored-reports.ts';

export interface Session {
  readonly effects: CloudSessionEffects;
  /** A message for this edge: rides along with its acknowledgement, or follows it. */
  deliver(message: CloudMessage): void;
  /** Ends it in favour of a newer connection of the same edge and epoch. */
  supersede(): void;
  /** Ends it when the edge may stay no longer. */
  judge(): void;
}

/** What one session works with. */
export interface SessionEnv {
  readonly store: CloudStore;
  /** Where segments go besides the store, if anywhere. */
  readonly output: OutPort<ReceivedSegment> | null;
  readonly clock: Clock;
  readonly report: Reporter;
  /** Program and version, told to the edge. */
  readonly agent: string;
  readonly config: CloudReceiverConfig;
  /** Memory for what is not on the disk yet, shared by all sessions. */
  readonly budget: Budget;
  /** Through which edges are greeted. */
  readonly door: Door;
  /** Greeted sessions by edge and epoch: a newer one takes the older one's place. */
  readonly greeted: Map<string, Session>;
  /** Who wants to know who is there. */
  readonly presence?: Presence | undefined;
  /** Who may come in; absent where everybody may. */
  readonly gate?: Pick<Gate, 'refuses' | 'admit'> | undefined;
}

interface Received {
  readonly header: SegmentHeader;
  readonly body: Uint8Array;
  readonly stored: PromiseWithResolvers<void>;
}

/** An acknowledgement stays a small frame; what is more follows it. */
const messagesAlongMax = 256;

export function createSession(connection: Connection, env: SessionEnv): Session {
  const { store, config } = env;
  const received: Received[] = [];
  /** Committed, not yet acknowledged: the last one of each stream. */
  const committed = new Map<string, SegmentHeader>();
  const acknowledged = new Map<string, number>();
  let messages: CloudMessage[] = [];
  let token = 0;
  let emit: (event: SessionEvent) => void = () => {};
  let admitted: Admitted | undefined;

  const link = openCloudLink(connection, {
    clock: env.clock,
    limits: { rate: rateOf(env.config.rate) },
    on: {
      segment: (header, body) => {
        const stored = Promise.withResolvers<void>();
        stored.promise.catch(() => {});
        received.push({ header, body, stored });
        memory.take(body.length);
        offer(header, body, stored.promise);
        emit({ type: 'RECEIVED' });
      },
      goodbye: () => {
        // What it sent before is committed and acknowledged first: the link answers when nothing is left.
        if (received.length === 0 && !committing) leave('goodbye');
        else leaving = true;
      },
      closed: (cause) => emit({ type: 'CLOSED', ...(cause ? { cause } : {}) }),
    },
  });
  const memory = env.budget.join((on) => link.holdBack(on));
  /** The edge said goodbye and waits for the rest of its acknowledgements. */
  let leaving = false;
  let committing = false;
  let underWay: Promise<unknown> = Promise.resolve();
  /** The last word is written: what remains is to let it go out. */
  let over = false;

  const leave = (reason: string) => {
    over = true;
    link.goodbye(reason);
  };
  const refuse = (refusal: Refusal) => {
    link.refuse(refusal);
    leave(refusal.reason);
  };
  /** With the reason on both sides. */
  const turnOut = (fault: FogrunError) => {
    refuse({ code: 'denied', reason: fault.message });
    emit({ type: 'CLOSED', cause: toProblem(fault) });
  };
  const offer = (header: SegmentHeader, body: Uint8Array, stored: Promise<void>) => {
    const { output } = env;
    if (!output || output.blocked) return;
    const { fromSeq, count, type } = header;
    const gap = type === 'gap' ? ({ gap: true } as const) : {};
    void output.send({ ref: header, fromSeq, count, body, ...gap, stored });
  };
  const acknowledge = (header: Pick<SegmentHeader, 'stream' | 'sequence' | 'hash'>) => {
    const ready = messages.filter((m) => m.stream === header.stream && m.sequence <= header.sequence);
    messages = messages.filter((m) => !ready.includes(m));
    acknowledged.set(header.stream, header.sequence);
    link.acknowledge(header.stream, header.sequence, header.hash, ready.slice(0, messagesAlongMax));
    for (const message of ready.slice(messagesAlongMax)) link.message(message);
  };
  const acknowledgeCommitted = () => {
    for (const header of committed.values()) acknowledge(header);
    committed.clear();
  };

  const session: Session = {
    deliver(message) {
      if (message.sequence <= (acknowledged.get(message.stream) ?? 0)) link.message(message);
      else messages.push(message);
    },
    supersede() {
      refuse({ code: 'superseded', reason: 'a newer connection of the same edge and epoch took over' });
    },
    judge() {
      const fault = over ? null : admitted?.fault();
      if (fault) turnOut(fault);
      else if (!over && admitted?.outdated()) leave('the authority of this cloud was replaced: greet again');
    },
    effects: {
      async link(io) {
        emit = io.emit;
        let key = '';
        let gone: (() => void) | undefined;
        io.receive((command) => {
          if (command.type === 'DROP') link.destroy();
          else leave('the receiver was told to stop');
        });
        const ended = new Promise<void>((resolve) => {
          const end = () => {
            // Also while it waits for a greeting: nobody would hear it.
            if (!over) link.destroy();
            resolve();
          };
          io.signal.addEventListener('abort', end, { once: true });
        });
        try {
          const stranger = env.gate?.refuses(connection.peer);
          if (stranger) return turnOut(stranger);
          const hello = await link.hello.catch((thrown) => toProblem(thrown));
          if ('code' in hello) return io.emit({ type: 'CLOSED', cause: hello });
          try {
            admitted = env.gate?.admit(connection.peer, hello, link.remote);
          } catch (thrown) {
            if (thrown instanceof FogrunError) return turnOut(thrown);
            throw thrown;
          }
          const refusal = await admit(hello);
          if (refusal) {
            refuse(refusal);
            const message = `refused edge ${hello.edge}: ${refusal.reason}`;
            const code = refusal.code === 'forked' ? 'edge-forked' : 'link-refused';
            return io.emit({ type: 'CLOSED', cause: toProblem(new FogrunError(code, message)) });
          }
          key = `${hello.edge}/${hello.epoch}`;
          env.greeted.get(key)?.supersede();
          env.greeted.set(key, session);
          welcome(hello);
          gone = env.presence?.came(visitOf(hello));
          env.report({
            type: 'note',
            text: `edge ${hello.edge} (${hello.agent}) greeted, epoch ${hello.epoch}${admitted ? `, ${admitted.by}` : ''}`,
            about: hello.edge,
          });
          io.emit({ type: 'GREETED', edge: hello.edge });
          if (received.length > 0) io.emit({ type: 'RECEIVED' });
          await ended;
        } finally {
          if (env.greeted.get(key) === session) env.greeted.delete(key);
          gone?.();
          const why = new FogrunError('link-lost', `the link to ${link.remote} ended before this was stored`);
          for (const item of received.splice(0)) {
            item.stored.reject(why);
            memory.give(item.body.length);
          }
          memory.leave();
        }
      },
      commit() {
        committing = true;
        const commit = commitReceived();
        underWay = commit;
        return commit;
      },
      async acknowledge() {
        acknowledgeCommitted();
        committing = received.length > 0;
        if (leaving && !committing) leave('goodbye');
        return { waiting: received.length };
      },
      async finish() {
        // A commit that fails has said so to the edge by itself.
        await underWay.catch(() => {});
        acknowledgeCommitted();
      },
    },
  };
  return session;

  async function commitReceived(): Promise<{ committed: number }> {
    const batch = received.splice(0);
    const outcomes = await Promise.allSettled(batch.map((item) => store.put(token, item.header, item.body)));
    const fresh: Receipt[] = [];
    for (const [i, outcome] of outcomes.entries()) {
      const item = batch[i]!;
      memory.give(item.body.length);
      if (outcome.status === 'fulfilled') {
        committed.set(item.header.stream, item.header);
        item.stored.resolve();
        const { receipt, known } = outcome.value;
        if (known) continue;
        fresh.push(receipt);
        env.presence?.stored(receipt, item.body);
      } else {
        item.stored.reject(outcome.reason);
      }
    }
    for (const report of storedReports(fresh)) env.report(report);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) {
      acknowledgeCommitted();
      refuse(refusalOf(failed.reason, batch[outcomes.indexOf(failed)]!.header));
      throw failed.reason;
    }
    return { committed: batch.length };
  }

  async function admit(hello: Hello): Promise<Refusal | null> {
    const heads: StreamHead[] = Object.entries(hello.streams).map(([stream, head]) => ({
      stream,
      sealed: head.sealed,
      sealedHash: Buffer.from(head.sealedHash, 'hex'),
      acknowledged: head.acknowledged,
      acknowledgedHash: Buffer.from(head.acknowledgedHash, 'hex'),
    }));
    const place = env.door.enter();
    if ('retryAfterMs' in place) return { code: 'busy', reason: 'too many edges greet at once', ...place };
    try {
      const admission = await store.admit(hello.edge, hello.epoch, hello.token, heads);
      if (!admission.admitted) return { code: 'forked', reason: admission.reason };
      token = admission.token;
      return null;
    } catch (thrown) {
      return refusalOf(thrown);
    } finally {
      place.leave();
    }
  }

  function visitOf({ edge, epoch, agent, timeMs }: Hello): Visit {
    return {
      ...{ edge, epoch, agent, remote: connection.remote },
      clockOffsetMs: timeMs - env.clock.now(),
      certificateUntilMs: connection.peer?.expiresMs ?? null,
      lastWordMs: () => env.clock.now() - (env.clock.monotonic() - link.heardAt),
    };
  }

  function welcome(hello: Hello): void {
    const marks: Record<string, { sequence: number; hash: string; seq: number }> = {};
    const again: { stream: string; sequence: number; hash: Uint8Array }[] = [];
    for (const stream of Object.keys(hello.streams)) {
      const mark = store.mark(hello.edge, hello.epoch, stream);
      if (!mark) continue;
      marks[stream] = {
        sequence: mark.sequence,
        hash: Buffer.from(mark.hash).toString('hex'),
        seq: mark.seq,
      };
      acknowledged.set(stream, mark.sequence);
      if (mark.sequence > hello.streams[stream]!.acknowledged) {
        again.push({ stream, sequence: mark.sequence, hash: mark.hash });
      }
    }
    link.welcome({
      protocol: linkProtocolVersion,
      cloudEpoch: store.epoch,
      token,
      marks,
      windowSegments: config.window.segments,
      windowBytes: config.window.bytes,
      frameBytesMax: config['frame-max'],
      heartbeatMs: config.heartbeat,
      agent: env.agent,
      timeMs: env.clock.now(),
      compression: config.compression && hello.compression.includes('zstd') ? 'zstd' : 'none',
    });
    // Their acknowledgements were lost on the way: said again, quoting the hash.
    for (const mark of again) acknowledge(mark);
  }
}
