/** The load of many edges in one process: simulated ones, paced by the clock whatever the cloud does. */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { createTcpTransport } from '../../src/link/tcp.ts';
import { systemClock } from '../../src/runtime/clock.ts';
import { serve } from '../remote.ts';
import { SimulatedEdge } from '../simulated-edge.ts';
import { nowMs } from '../time.ts';

/** What one order led to. */
export interface EdgesOutcome {
  readonly sealed: number;
  readonly acknowledged: number;
  /** From the order until the cloud had greeted all, ms. */
  readonly greetedMs: number;
  /** From the order until nothing waited for an acknowledgement, ms. */
  readonly settledMs: number;
  /** Links that ended unasked, and attempts that failed. */
  readonly lost: number;
  /** Why the last of them did. */
  readonly lastWords: string;
  /** From a segment's first sending to its acknowledgement, ms; one entry a segment. */
  readonly latenciesMs: Float64Array;
}

const dialTimeoutMs = 10_000;
const attemptsMax = 20;
const settleDeadlineMs = 60_000;
/** How often segments that are due are sealed, spread evenly over the second. */
const tickMs = 10;

const transport = createTcpTransport({ clock: systemClock });
const edges: SimulatedEdge[] = [];
let latenciesMs: number[] = [];
let lost = 0;
let lastWords = '';
let settled: (() => void) | undefined;

const sum = (of: (edge: SimulatedEdge) => number) => edges.reduce((total, edge) => total + of(edge), 0);
const unacknowledged = () => sum((edge) => edge.unacknowledged);

function addEdge(port: number): SimulatedEdge {
  const edge: SimulatedEdge = new SimulatedEdge({
    clock: systemClock,
    transport,
    host: '127.0.0.1',
    port,
    name: `bench-${edges.length + 1}`,
    epoch: randomBytes(16).toString('hex'),
    on: {
      acknowledged(ms) {
        latenciesMs.push(ms);
        if (edge.unacknowledged === 0 && settled && unacknowledged() === 0) settled();
      },
      lost(why) {
        noteLoss(why);
        connect(edge).catch(() => {});
      },
    },
  });
  edges.push(edge);
  return edge;
}

function noteLoss(why: string): void {
  lost += 1;
  lastWords = why;
}

/** Again and again, with a backoff that is all jitter, as an uploader's. */
async function connect(edge: SimulatedEdge): Promise<void> {
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    try {
      return await edge.connect(dialTimeoutMs);
    } catch (error) {
      noteLoss((error as Error).message);
      await wait(Math.random() * Math.min(5_000, 500 * 2 ** attempt));
    }
  }
  throw new Error(`an edge could not connect: ${lastWords}`);
}

/** Resolves when nothing waits for an acknowledgement, or at the deadline. */
async function allAcknowledged(): Promise<void> {
  if (unacknowledged() === 0) return;
  let timer: NodeJS.Timeout | undefined;
  await new Promise<void>((resolve) => {
    settled = resolve;
    timer = setTimeout(resolve, settleDeadlineMs);
  });
  clearTimeout(timer);
  settled = undefined;
}

/** Runs an order and says what came of it. */
async function outcomeOf(order: () => Promise<{ greetedMs: number }>): Promise<EdgesOutcome> {
  latenciesMs = [];
  lost = 0;
  lastWords = '';
  const sealedBefore = sum((edge) => edge.sealed);
  const began = nowMs();
  const { greetedMs } = await order();
  await allAcknowledged();
  return {
    sealed: sum((edge) => edge.sealed) - sealedBefore,
    acknowledged: latenciesMs.length,
    greetedMs: greetedMs - began,
    settledMs: nowMs() - began,
    lost,
    lastWords,
    latenciesMs: Float64Array.from(latenciesMs),
  };
}

export type EdgesLoad = typeof load;
const load = serve({
  /** Adds that many edges, all dialling at once. */
  connect: ({ port, count }: { port: number; count: number }) =>
    outcomeOf(async () => {
      await Promise.all(Array.from({ length: count }, () => connect(addEdge(port))));
      return { greetedMs: nowMs() };
    }),

  /** Each edge seals a segment a second, for so many seconds, spread evenly over each second. */
  pace: ({ seconds }: { seconds: number }) =>
    outcomeOf(async () => {
      const began = nowMs();
      const total = seconds * edges.length;
      for (let done = 0; done < total; await wait(tickMs)) {
        const due = Math.min(total, Math.floor(((nowMs() - began) * edges.length) / 1_000));
        for (; done < due; done++) edges[done % edges.length]!.seal();
      }
      return { greetedMs: began };
    }),

  /** Cuts every link, seals a segment on each edge, and has all of them dial at once, without jitter. */
  reconnect: (_: null) =>
    outcomeOf(async () => {
      for (const edge of edges) edge.cut();
      for (const edge of edges) edge.seal();
      await Promise.all(edges.map(connect));
      return { greetedMs: nowMs() };
    }),

  /** Cuts every link for good. */
  cut(_: null): void {
    for (const edge of edges.splice(0)) edge.cut();
  },
});
