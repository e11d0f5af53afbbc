/** What machines ask a console: figures for Prometheus, whether it lives, and whether all it shows is ready for work. */
import { type Clock, sleep } from '../contract/clock.ts';
import type { PipelineStatus } from '../contract/status.ts';
import { escapeControls } from '../domain/text.ts';
import type { Hub } from './hub.ts';
import { isDeclared, type Seen } from './metric.ts';
import { contentType, metricsText } from './metrics.ts';

export interface ProbeAnswer {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

export interface Probe {
  readonly path: string;
  readonly methods: readonly 'GET'[];
  /** Answers also those who did not sign in, but tells these no names. */
  readonly open: boolean;
  answer(asked: { readonly signedIn: boolean }): Promise<ProbeAnswer>;
}

export interface ProbesOptions {
  readonly hub: Pick<Hub, 'pipelines' | 'control'>;
  readonly clock: Clock;
  /** Of the program. */
  readonly version: string;
}

/** A pipeline that takes longer to say how it is counts as one that does not answer. */
const answerMsMax = 2_000;

interface Asked extends Seen {
  /** Why it is not reached, for people. */
  readonly absent: string;
}

export function probes({ hub, clock, version }: ProbesOptions): readonly Probe[] {
  const startedMs = clock.monotonic();
  let asking: Promise<readonly Asked[]> | undefined;
  /** Who asks while others do gets the same answer: nobody can have the pipelines asked at will. */
  const ask = () => {
    asking ??= Promise.all(hub.pipelines().map(askOne)).finally(() => {
      asking = undefined;
    });
    return asking;
  };
  const askOne = async ({
    pipeline,
    cause,
  }: {
    readonly pipeline: string;
    readonly cause: { readonly message: string } | null;
  }): Promise<Asked> => {
    const absent = (why: string): Asked => ({ pipeline, status: null, fleet: null, absent: why });
    const control = hub.control(pipeline);
    if (!control) return absent(cause?.message ?? 'not attached');
    const over = new AbortController();
    const late = sleep(clock, answerMsMax, over.signal);
    try {
      const status = await Promise.race([control.status(), late.then(() => null)]);
      if (!status) return absent(`no answer within ${answerMsMax / 1_000} s`);
      const edges =
        status.store?.role === 'cloud'
          ? await Promise.race([control.fleet.edges().catch(() => null), late.then(() => null)])
          : null;
      const fleet = edges && {
        edges: edges.length,
        connected: edges.filter(({ session }) => session !== null).length,
      };
      return { pipeline, status, fleet, absent: '' };
    } catch (thrown) {
      return absent(thrown instanceof Error ? thrown.message : String(thrown));
    } finally {
      over.abort();
    }
  };

  const methods = ['GET'] as const;
  return [
    {
      ...{ path: '/metrics', methods, open: false },
      answer: async () => textAnswer(200, contentType, metricsText(await ask(), version)),
    },
    {
      ...{ path: '/healthz', methods, open: true },
      async answer({ signedIn }) {
        const asked = await ask();
        const wrong = asked.flatMap((one) => [...unready(one), ...troubles(one.status)]);
        return json(200, {
          status: 'alive',
          version: signedIn ? version : undefined,
          upSeconds: Math.floor((clock.monotonic() - startedMs) / 1_000),
          pipelines: asked.length,
          wrong: signedIn ? wrong : wrong.length,
        });
      },
    },
    {
      ...{ path: '/readyz', methods, open: true },
      async answer({ signedIn }) {
        const asked = await ask();
        const wrong = asked.length === 0 ? [{ what: 'no pipeline is known' }] : asked.flatMap(unready);
        const ready = wrong.length === 0;
        return json(ready ? 200 : 503, {
          status: ready ? 'ready' : 'not ready',
          pipelines: asked.length,
          wrong: signedIn ? wrong : wrong.length,
        });
      },
    },
  ];
}

interface Wrong {
  readonly pipeline?: string;
  readonly actor?: string;
  readonly what: string;
}

/** Why a pipeline is not ready for work. */
function unready({ pipeline, status, absent }: Asked): Wrong[] {
  if (!status) return [{ pipeline, what: `cannot be reached: ${escapeControls(absent)}` }];
  const { store, ending, actors } = status;
  return [
    ...(ending ? [{ pipeline, what: 'it is ending' }] : []),
    ...(store && store.state !== 'open'
      ? [{ pipeline, what: `its store is ${escapeControls(store.state)}${told(store.cause)}` }]
      : []),
    // What strangers do to a session of theirs must not make the whole pipeline unready.
    ...actors
      .filter(isDeclared)
      .flatMap(({ name, health, cause }) =>
        health === 'failed' ? [{ pipeline, actor: name, what: `failed${told(cause)}` }] : [],
      ),
  ];
}

/** What is wrong with actors that work on all the same. */
function troubles(status: PipelineStatus | null): Wrong[] {
  if (!status) return [];
  return status.actors
    .filter(isDeclared)
    .flatMap(({ name, health, state, cause, alarm }) => [
      ...(health === 'trouble'
        ? [{ pipeline: status.pipeline, actor: name, what: `${escapeControls(state)}${told(cause)}` }]
        : []),
      ...(alarm ? [{ pipeline: status.pipeline, actor: name, what: escapeControls(alarm) }] : []),
    ]);
}

const told = (cause: { readonly code: string; readonly message: string } | null) =>
  cause ? `: ${cause.code}: ${escapeControls(cause.message)}` : '';

const textAnswer = (status: number, type: string, body: string): ProbeAnswer => ({
  ...{ status, body, headers: { 'content-type': type, 'cache-control': 'no-store' } },
});
const json = (status: number, value: unknown) =>
  textAnswer(status, 'application/json; charset=utf-8', `${JSON.stringify(value)}\n`);
