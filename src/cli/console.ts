/** The console that this process serves: over its own pipeline, or over those of other processes. Loaded only where one is wanted. */
import { createHub, type Hub } from '../console/hub.ts';
import { probes } from '../console/probes.ts';
import { type RunningConsole, serveConsole } from '../console/server.ts';
import type { PipelineControl } from '../contract/control.ts';
import { toProblem } from '../contract/errors.ts';
import type { Plan } from '../contract/plan.ts';
import type { Reporter } from '../contract/report.ts';
import { systemClock, systemRandom } from '../runtime/clock.ts';
import type { RemoteControl } from '../runtime/ipc-control.ts';
import { keepAttached } from './attach.ts';
import type { ConsoleAddress } from './console-address.ts';
import { agent, version } from './version.ts';

export interface ConsoleChoice {
  readonly address: ConsoleAddress;
  readonly report: Reporter;
}

export interface OwnConsole {
  /** Shows pipelines before they have said anything, with the actors of their files. */
  expect(plans: readonly Plan[]): void;
  attach(control: PipelineControl): void;
  /** Keeps attached to pipelines of other processes, as they come and go. @param state directory, absolute */
  follow(state: string, names: () => Promise<readonly string[]>): void;
  close(): Promise<void>;
}

/** How soon a pipeline that was started again is found, ms. */
const followEveryMs = 500;

/** Listens in the background. Without a console the pipelines run as well, and the log says why there is none. */
export function openConsole({ address, report }: ConsoleChoice): OwnConsole {
  const hub = createHub(systemClock);
  const over = new AbortController();
  const remotes = new Set<RemoteControl>();
  const serving = serve(hub, address, report);
  const following: Promise<void>[] = [];
  return {
    expect(plans) {
      for (const { name, actors } of plans) {
        hub.expect(
          name,
          actors.map((actor) => ({ name: actor.name, kind: actor.kind.name })),
        );
      }
    },
    attach: (control) => hub.attach(control),
    follow: (state, names) => void following.push(follow(hub, { state, names, over, remotes, report })),
    async close() {
      over.abort();
      hub.close();
      const server = await serving;
      await Promise.all([server?.close(), ...following, ...[...remotes].map((remote) => remote.close())]);
    },
  };
}

async function serve(hub: Hub, address: ConsoleAddress, report: Reporter): Promise<RunningConsole | null> {
  try {
    const life = Buffer.from(systemRandom.bytes(12)).toString('hex');
    const running = await serveConsole({
      ...address,
      ...{ hub, version, life, now: () => systemClock.now() },
      probes: probes({ hub, clock: systemClock, version }),
    });
    report({ type: 'note', text: `console: ${running.url}` });
    return running;
  } catch (thrown) {
    report({ type: 'problem', ...toProblem(thrown) }, 'warn');
    return null;
  }
}

interface Following {
  readonly state: string;
  readonly names: () => Promise<readonly string[]>;
  readonly over: AbortController;
  readonly remotes: Set<RemoteControl>;
  readonly report: Reporter;
}

async function follow(hub: Hub, { state, names, over, remotes, report }: Following): Promise<void> {
  const { connectControl, controlSocketPath } = await import('../runtime/ipc-control.ts');
  await keepAttached({
    view: {
      attach: (control) => hub.attach(control),
      isAttached: (name) => hub.isAttached(name),
      line: (who, text) => report({ type: 'note', text: `${who}: ${text}` }, 'warn'),
    },
    names,
    async connect(name) {
      const remote = await connectControl(controlSocketPath(state, name), { clock: systemClock, agent });
      if (over.signal.aborted) await remote.close();
      else {
        remotes.add(remote);
        void remote.gone.then(() => remotes.delete(remote));
      }
      return remote;
    },
    entries: true,
    everyMs: followEveryMs,
    clock: systemClock,
    signal: over.signal,
  });
}
