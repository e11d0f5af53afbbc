/** One greeted connection of an uploader: what is on its way, and what came back. */
import type { UploadEvent, UploaderConfig } from '../../machines/uploader.ts';
import type { Clock } from '../contract/clock.ts';
import type { ClockTrust } from '../contract/clock-trust.ts';
import { FogrunError, type Problem, toProblem } from '../contract/errors.ts';
import type { Refusal } from '../contract/link.ts';
import type { Acknowledgement, OutPort } from '../contract/port.ts';
import { type Reporter, segmentReport } from '../contract/report.ts';
import type { EdgeStore } from '../contract/store.ts';
import type { Connection } from '../contract/transport.ts';
import { type SegmentHeader, sameHash } from '../domain/segment.ts';
import { openEdgeLink } from './edge-link.ts';
import { Outbox } from './outbox.ts';
import { createJudge } from './poison.ts';
import { isSegmentRefusal } from './refused.ts';
import { compareClocks, forkReason, hello } from './upload-greeting.ts';
import type { Compress } from './zstd.ts';

export interface Upload {
  /** Greets; resolves to `GREETED`, `FORKED` or `REFUSED`, rejects when the link ends. */
  greet(): Promise<UploadEvent>;
  /** Sends what is sealed, within the window; tells `ALL_SENT` at the end. */
  send(): Promise<void>;
  goodbye(): Promise<void>;
  destroy(): void;
}

/** What one connection works with. */
export interface UploadEnv {
  /** Name of the cursor in the store: the actor's. */
  readonly cursor: string;
  readonly store: EdgeStore;
  readonly output: OutPort<Acknowledgement>;
  readonly clock: Clock;
  readonly trust: ClockTrust;
  readonly compress: Compress;
  readonly report: Reporter;
  /** Program and version, told to the cloud. */
  readonly agent: string;
  readonly config: UploaderConfig;
  /** The token to greet with, if this edge has one. */
  readonly credential?: string | undefined;
  readonly emit: (event: UploadEvent) => void;
  /** Something failed that no new connection mends. */
  readonly fail: (thrown: unknown) => void;
  readonly lost: (cause: Problem) => void;
}

/** Messages that may wait along with one acknowledgement; of more, the newest. */
const messagesMax = 1_024;

/** Refusals that trying again soon does not mend. */
const lastingRefusals: ReadonlySet<Refusal['code']> = new Set(['version', 'denied', 'invalid']);

export function openUpload(connection: Connection, env: UploadEnv): Upload {
  const { store, cursor, emit } = env;
  let sending = false;
  let over = false;
  let greeted = false;
  /** Why this side ends the link, if that is worth telling. */
  let ending: Problem | undefined;
  let outbox: Outbox | undefined;
  /** Last sequence that is in the cloud or was sent there, by stream. */
  const sent = new Map<string, number>();
  const ready = Promise.withResolvers<void>();
  /** What is being found out about a segment; the end of the link is no news meanwhile. */
  let judging = false;
  let destroyed = false;
  const judge = createJudge(env);
  /** Acknowledgements that wait for their turn: the newest of each stream, for it answers for those before. */
  const arrived = new Map<string, Acknowledgement>();
  /** They are taken one by one, and none before the greeting is dealt with. */
  let taken: Promise<void> = ready.promise;

  const link = openEdgeLink(connection, {
    clock: env.clock,
    hello: hello(store, cursor, env),
    window: env.config.window,
    on: {
      acknowledged: (ack) => {
        const before = arrived.get(ack.stream);
        arrived.set(ack.stream, before ? newest(before, ack) : ack);
        taken = taken.then(takeArrived).catch(env.fail);
      },
      message: (message) => {
        void env.output.send({
          stream: message.stream,
          sequence: 0,
          hash: new Uint8Array(),
          messages: [message],
        });
      },
      refused: (refusal) => {
        if (over) return;
        const told = refused(refusal, env);
        const about = isSegmentRefusal(refusal) && refusal.code === 'invalid';
        const header = about ? headerOf(refusal.stream, refusal.sequence) : undefined;
        if (header === 'damaged') return;
        if (header && told.type === 'REFUSED') judged(judge.refused(header, told));
        else emit(told);
      },
      closed: (problem) => {
        end();
        if (judging) return;
        const orderly = () =>
          toProblem(new FogrunError('link-lost', `the cloud at ${connection.remote} ended the link`));
        env.lost(ending ?? problem ?? orderly());
      },
    },
  });

  const end = () => {
    if (over) return;
    over = true;
    // Fails only with the store, which says so itself.
    if (greeted) void store.policies.linkEnded(cursor).catch(() => {});
  };
  /** Ends the link with what a segment turns out to be. */
  const judged = (verdict: Promise<UploadEvent>): void => {
    end();
    judging = true;
    verdict
      .then((event) => {
        if (!destroyed) emit(event);
      })
      .catch(env.fail);
  };
  /** What is damaged is made good where that can be, and the next link begins with what is there then. */
  const headerOf = (stream: string, sequence: number): SegmentHeader | undefined | 'damaged' => {
    try {
      return store.header(stream, sequence);
    } catch (thrown) {
      if (!(thrown instanceof FogrunError) || thrown.code !== 'store-corrupt') throw thrown;
      if (!over) judged(judge.unreadable(thrown));
      return 'damaged';
    }
  };
  const takeArrived = async (): Promise<void> => {
    const acks = [...arrived.values()];
    arrived.clear();
    for (const ack of acks) await take(ack);
  };
  const take = async (ack: Acknowledgement): Promise<void> => {
    const own = headerOf(ack.stream, ack.sequence);
    if (own === 'damaged') return;
    const { sealed } = store.head(cursor, ack.stream);
    const wrong = own
      ? !sameHash(own.hash, ack.hash)
      : ack.sequence > Math.min(sealed, sent.get(ack.stream) ?? 0);
    if (wrong) {
      // After the end of the link the store may have gone on to another epoch: then it is merely late.
      if (over) return;
      const never = ack.sequence > sealed ? 'sealed' : 'sent';
      const what = own ? 'under a hash that is not ours' : `which was never ${never}`;
      const message = `the cloud acknowledged segment ${ack.sequence} of ${ack.stream}, ${what}`;
      return emit({ type: 'FORKED', cause: toProblem(new FogrunError('edge-forked', message)) });
    }
    await env.output.send(ack);
    // The statechart may be with the next link by now, and what waits there is another matter.
    if (!over) emit({ type: 'ACKNOWLEDGED', waiting: waiting() });
  };
  /** Segments that the cloud should have and that have not been deleted on its word. */
  const waiting = () => {
    let count = 0;
    for (const stream of store.streams()) {
      const { acknowledged } = store.head(cursor, stream);
      count += Math.max(0, (sent.get(stream) ?? 0) - acknowledged);
    }
    return count;
  };
  const send = async (): Promise<void> => {
    if (sending || over) return;
    sending = true;
    let header: SegmentHeader | undefined;
    try {
      for (let coming = outbox?.take(); coming; coming = outbox?.take()) {
        header = coming.header;
        const { body, compression } = await coming.packed;
        if (over) return;
        sent.set(header.stream, header.sequence);
        await link.send(header, body, compression);
        env.report(segmentReport('sent', header));
        if (over) return;
      }
      if (!over) emit({ type: 'ALL_SENT', waiting: waiting() });
    } catch (thrown) {
      // When the link ends under it, or is about to after a goodbye, `closed` tells why.
      if (over || (thrown instanceof FogrunError && thrown.code.startsWith('link-'))) return;
      if (!(thrown instanceof FogrunError)) throw thrown;
      // It must be settled before anything behind it can be sent, and only a greeting can do that.
      if (thrown.code === 'segment-discarded') {
        ending = toProblem(thrown);
        return link.destroy();
      }
      const cause = toProblem(thrown);
      if (header && thrown.code === 'segment-corrupt') judged(judge.damaged(header, cause));
      else if (thrown.code === 'store-corrupt') judged(judge.unreadable(thrown));
      else if (header && thrown.code === 'segment-refused') {
        judged(judge.refused(header, { type: 'REFUSED', cause, lasting: true }));
      } else throw thrown;
    } finally {
      sending = false;
    }
  };

  return {
    async greet() {
      try {
        const welcome = await link.greeting;
        const fork = forkReason(store, cursor, welcome);
        if (fork) return { type: 'FORKED', cause: toProblem(new FogrunError('edge-forked', fork)) };
        const stored = new Map(Object.entries(welcome.marks).map(([name, mark]) => [name, mark.sequence]));
        const { cloudEpoch, token, timeMs } = welcome;
        await store.rememberCloud(cursor, { cloudEpoch, token, cloudTimeMs: timeMs }, stored);
        compareClocks(env, timeMs);
        const { compress, config } = env;
        const packs = welcome.compression === 'zstd';
        outbox = new Outbox(store, cursor, packs ? { compress, level: config['compression-level'] } : null);
        for (const stream of store.streams()) {
          const mark = stored.get(stream) ?? 0;
          sent.set(stream, mark);
          outbox.startAt(stream, mark + 1);
        }
        greeted = true;
        ready.resolve();
        return { type: 'GREETED', backlog: store.backlog(cursor).segments };
      } catch (thrown) {
        const refusal = (thrown as { refusal?: Refusal }).refusal;
        if (refusal) return refused(refusal, env);
        if (thrown instanceof FogrunError && thrown.code === 'store-corrupt') return judge.unreadable(thrown);
        throw thrown;
      }
    },
    send,
    async goodbye() {
      if (over) return;
      await link.goodbye('the uploader was told to stop');
      // What came before the end is still taken; without a greeting nothing can have come.
      if (greeted) await taken;
    },
    destroy() {
      end();
      destroyed = true;
      link.destroy();
    },
  };
}

/** Both in one, as the cloud may send them. */
function newest(before: Acknowledgement, after: Acknowledgement): Acknowledgement {
  const last = after.sequence < before.sequence ? before : after;
  return { ...last, messages: [...before.messages, ...after.messages].slice(-messagesMax) };
}

function refused(refusal: Refusal, env: UploadEnv): UploadEvent {
  const { host, port } = env.config.cloud;
  const about = refusal.sequence ? ` segment ${refusal.sequence} of ${refusal.stream}` : '';
  const message = `the cloud at ${host}:${port} refused${about} (${refusal.code}): ${refusal.reason}`;
  if (refusal.code === 'forked')
    return { type: 'FORKED', cause: toProblem(new FogrunError('edge-forked', message)) };
  const code = refusal.code === 'superseded' ? 'link-superseded' : about ? 'segment-refused' : 'link-refused';
  return {
    type: 'REFUSED',
    cause: toProblem(new FogrunError(code, message)),
    lasting: lastingRefusals.has(refusal.code),
    ...(refusal.retryAfterMs ? { retryAfterMs: refusal.retryAfterMs } : {}),
  };
}
