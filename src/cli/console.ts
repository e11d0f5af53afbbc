/** The console that this process serves: over its own pipeline, or over those of other processes. Loaded only where one is wanted. */
import { createHub, type Hub } from '../console/hub.ts';
import { probes } from '../console/probes.ts';
import { type RunningConsole, serveConsole, type Upgrade } from '../console/server.ts';
import { sleep } from '../contract/clock.ts';
import type { ConsoleConfig } from '../contract/console-config.ts';
import type { AuditEntry, PipelineControl } from '../contract/control.ts';
import { FogrunError, toProblem } from '../contract/errors.ts';
import type { Plan } from '../contract/plan.ts';
import type { Reporter } from '../contract/report.ts';
import { retryDelayMs } from '../domain/backoff.ts';
import { knownChart } from '../inspect/drawing/known-charts.ts';
import { systemClock, systemRandom } from '../runtime/clock.ts';
import { version } from './version.ts';

export interface ConsoleChoice {
  /** `null`: no page is served. */
  readonly config: ConsoleConfig | null;
  /** An inspector that is dialled and told what happens. */
  readonly push?: { readonly url: URL; readonly report: Reporter } | null;
  readonly report: Reporter;
  readonly audit: (entry: AuditEntry) => void;
  /** Whether it goes on trying where it cannot listen; true unless given. */
  readonly retries?: boolean;
  /** People can open that address now. */
  readonly opened?: ((url: string) => void) | undefined;
}

export interface OwnConsole {
  /** Resolves when it listens at the first attempt, or rejects with why it does not. */
  readonly listening: Promise<void>;
  /** Shows pipelines before they have said anything, with the actors of their files. */
  expect(plans: readonly Plan[]): void;
  attach(control: PipelineControl): void;
  /** Keeps attached to pipelines of other processes, as they come and go. @param state directory, absolute */
  follow(state: string, names: () => Promise<readonly string[]>): void;
  close(): Promise<void>;
}

/** How soon a pipeline that was started again is found, ms. */
const followEveryMs = 500;
const listenRetry = { every: 1_000, factor: 2, max: 30_000, jitter: 0.2 };

/** Listens in the background. Without a console the pipelines run as well, and the log says why there is none. */
export function openConsole(choice: ConsoleChoice): OwnConsole {
  const { report } = choice;
  const hub = createHub(systemClock);
  const over = new AbortController();
  const following: Promise<void>[] = [];
  const inspectors = inspectSocketOver(hub);
  let running: RunningConsole | null = null;
  const { config, push } = choice;
  const listen = async () => {
    if (!config) return;
    const served = await serve(hub, { ...choice, config }, inspectors.upgrade);
    if (over.signal.aborted) return served.close();
    running = served;
    report({ type: 'note', text: `in the browser: ${served.url}` });
    choice.opened?.(served.url);
  };
  const first = listen();
  const pushing = push ? pushTo(hub, push) : null;
  // Whoever wants to know awaits it; nobody has to.
  first.catch(() => {});
  const listening =
    choice.retries === false
      ? first.catch(() => {})
      : keepTrying(first, listen, { report, signal: over.signal });
  return {
    listening: first,
    expect(plans) {
      for (const { name, actors } of plans) {
        hub.expect(
          name,
          actors.map((actor) => ({ name: actor.name, kind: actor.kind.name })),
        );
      }
    },
    attach: (control) => hub.attach(control),
    follow: (state, names) =>
      void following.push(showFollowed(hub, { state, names, signal: over.signal, report })),
    async close() {
      over.abort();
      inspectors.close();
      (await pushing)?.();
      hub.close();
      await listening;
      await Promise.all([running?.close(), ...following]);
    },
  };
}

function serve(
  hub: Hub,
  { config, report, audit }: ConsoleChoice & { readonly config: ConsoleConfig },
  inspect: Upgrade,
): Promise<RunningConsole> {
  const life = Buffer.from(systemRandom.bytes(12)).toString('hex');
  return serveConsole({
    ...config,
    ...{ hub, version, life, report, audit, chart: knownChart, now: () => systemClock.now() },
    probes: probes({ hub, clock: systemClock, version }),
    upgrades: { '/inspect': inspect },
  });
}

/** What others have taken may be free later; each reason is said once. */
async function keepTrying(
  first: Promise<void>,
  listen: () => Promise<void>,
  { report, signal }: { readonly report: Reporter; readonly signal: AbortSignal },
): Promise<void> {
  let said = '';
  let attempt = first;
  for (let count = 1; ; count += 1) {
    try {
      return await attempt;
    } catch (thrown) {
      if (signal.aborted) return;
      const { code, message, advice } = toProblem(thrown);
      if (message !== said)
        report({ type: 'problem', code, message: `no console: ${message}`, advice }, 'warn');
      said = message;
      if (!(thrown instanceof FogrunError)) return;
      await sleep(systemClock, retryDelayMs(listenRetry, count, systemRandom.next()), signal);
      if (signal.aborted) return;
      attempt = listen();
    }
  }
}

/** Its parts are loaded when the first inspector comes. */
function inspectSocketOver(hub: Hub): { readonly upgrade: Upgrade; close(): void } {
  const load = async () => {
    const [{ createInspectSocket }, { createDefinitions }] = await Promise.all([
      import('../console/inspect-socket.ts'),
      import('./definitions.ts'),
    ]);
    return createInspectSocket(hub, createDefinitions());
  };
  let loaded: ReturnType<typeof load> | null = null;
  return {
    upgrade(request, socket, head) {
      loaded ??= load();
      loaded.then(
        (inspectors) => inspectors.upgrade(request, socket, head),
        () => socket.destroy(),
      );
    },
    close: () => void loaded?.then((inspectors) => inspectors.close()),
  };
}

async function pushTo(hub: Hub, { url, report }: NonNullable<ConsoleChoice['push']>): Promise<() => void> {
  const [{ pushInspection }, { createDefinitions }] = await Promise.all([
    import('../console/inspect-push.ts'),
    import('./definitions.ts'),
  ]);
  return pushInspection({
    ...{ hub, url, report, definitionOf: createDefinitions(), clock: systemClock, random: systemRandom },
  });
}

interface Followed {
  readonly state: string;
  readonly names: () => Promise<readonly string[]>;
  readonly signal: AbortSignal;
  readonly report: Reporter;
}

async function showFollowed(hub: Hub, { report, ...followed }: Followed): Promise<void> {
  const { follow } = await import('./follow.ts');
  const following = follow({
    ...followed,
    view: {
      attach: (control) => hub.attach(control),
      isAttached: (name) => hub.isAttached(name),
      line: (who, text) => report({ type: 'note', text: `${who}: ${text}` }, 'warn'),
    },
    entries: true,
    everyMs: followEveryMs,
  });
  await following.close();
}
