/** Actors that `process:` places outside their pipeline's process, each with a stand-in that the pipeline runs instead. */
import type { Clock } from '../contract/clock.ts';
import type { Memory } from '../contract/memory.ts';
import type { ActorPlan, Plan } from '../contract/plan.ts';
import type { InPort, OutPort, ReceivedSegment } from '../contract/port.ts';
import type { Reporter } from '../contract/report.ts';
import type { Inspection } from '../inspect/inspection.ts';
import type { Log } from './log.ts';
import type { OpenedStore } from './pipeline.ts';
import { PlacedActor } from './placed-actor.ts';
import { type PlacedProcess, type Processes, startPlacedProcess } from './placed-process.ts';
import type { ToPlaced } from './placed-wire.ts';
import type { Supervised } from './supervisor.ts';

export interface PlacementOptions {
  /** The one that counts now. */
  readonly plan: () => Plan;
  readonly processes: Processes;
  readonly clock: Clock;
  readonly log: Log;
  readonly inspection: Inspection;
  readonly store: OpenedStore;
}

export interface Placement {
  /** Starts the actor in the process that its plan names, and that process if it does not run. */
  start(
    actor: ActorPlan,
    env: {
      readonly input: InPort<never> | null;
      readonly output: OutPort<never> | null;
      readonly report: Reporter;
      readonly memory: Memory;
      readonly from?: string | undefined;
    },
  ): Supervised;
  /** It has ended, and its process shall know of it no longer. */
  forget(actor: string): void;
  /** Ends the processes that no actor of the plan is placed in. */
  tidy(deadlineMs: number): Promise<void>;
  /** Ends the processes that still run. */
  close(deadlineMs: number): Promise<void>;
}

/** Names processes in the log; no actor is named like that. */
const processActor = (name: string) => `process/${name}`;

export function createPlacement(options: PlacementOptions): Placement {
  const { plan, processes, clock, log, store, inspection } = options;
  const running = new Map<string, PlacedProcess>();
  /** Of processes that take actors now. */
  const sends = new Map<string, (message: ToPlaced, body?: Uint8Array) => void>();
  /** By what they are called on the way. */
  const actors = new Map<string, PlacedActor>();
  const keys = new Map<string, string>();
  let count = 0;
  const placedIn = (name: string) => plan().actors.filter(({ process }) => process === name);
  const startedIn = (name: string) => [...actors.values()].filter(({ process }) => process.name === name);

  const unsubscribe = (store.edge ?? store.cloud)?.subscribe((event) => {
    if (event.type === 'state') for (const send of sends.values()) send({ type: 'store', state: event.to });
  });
  const inspect = (on: boolean) => {
    for (const send of sends.values()) send({ type: 'inspect', on });
  };
  inspection.switched.add(inspect);
  const processNamed = (name: string) => {
    const known = running.get(name);
    if (known && !known.over) return known;
    const process = startPlacedProcess({
      name,
      kinds: () => [...new Set(placedIn(name).map(({ kind }) => kind.name))],
      processes,
      clock,
      report: log.reporter(plan().name, processActor(name)),
      on: {
        ready(send) {
          sends.set(name, send);
          if (inspection.active) send({ type: 'inspect', on: true });
          for (const actor of startedIn(name)) actor.begin(send);
        },
        heard: (message, body) => {
          if ('actor' in message) actors.get(message.actor)?.heard(message, body);
          else if (message.type === 'frames') {
            for (const frame of message.frames) {
              const actor = actors.get(keys.get(frame.actor) ?? '');
              if (actor?.process.name === name) actor.relay(frame);
            }
            sends.get(name)?.({ type: 'taken' });
          }
        },
        down(report) {
          sends.delete(name);
          for (const actor of startedIn(name)) actor.down(report);
        },
      },
    });
    running.set(name, process);
    return process;
  };
  return {
    start(actor, { input, output, ...env }) {
      const name = actor.process!;
      const key = `${actor.name}#${++count}`;
      processNamed(name);
      const placed = new PlacedActor({
        ...env,
        plan: actor,
        key,
        process: () => running.get(name)!,
        revive: () => void processNamed(name),
        input: input as InPort<ReceivedSegment> | null,
        output: output as OutPort<object> | null,
        clock,
        store,
        inspection,
      });
      actors.set(key, placed);
      keys.set(actor.name, key);
      const send = sends.get(name);
      if (send) placed.begin(send);
      return placed;
    },
    forget(actor) {
      const key = keys.get(actor);
      if (key === undefined) return;
      actors.get(key)?.leave();
      actors.delete(key);
      keys.delete(actor);
    },
    async tidy(deadlineMs) {
      const empty = [...running].filter(([name]) => placedIn(name).length === 0);
      for (const [name] of empty) running.delete(name);
      await Promise.all(empty.map(([, process]) => process.stop(deadlineMs)));
    },
    async close(deadlineMs) {
      unsubscribe?.();
      inspection.switched.delete(inspect);
      await Promise.all([...running.values()].map((process) => process.stop(deadlineMs)));
      await processes.close();
    },
  };
}
