/** Ties every kind to its effects: the one place that knows both. Loads only what a pipeline uses. */
import { readFile } from 'node:fs/promises';
import { cloudSession } from '../../machines/cloud-session.ts';
import type { BuiltInKind } from '../../machines/index.ts';
import type { Clock, Random } from '../contract/clock.ts';
import { FogrunError } from '../contract/errors.ts';
import type { ActorPlan, StorePlan } from '../contract/plan.ts';
import type { InPort, OutPort } from '../contract/port.ts';
import type { CloudStore, EdgeStore } from '../contract/store.ts';
import { type RetryPolicy, retryDelayMs } from '../domain/backoff.ts';
import type { ActorEnv, Bindings, OpenedStore } from '../runtime/pipeline.ts';
import { agent } from './version.ts';

export interface World {
  readonly clock: Clock;
  readonly random: Random;
}

type EffectsOf<Kind extends BuiltInKind> = Parameters<Kind['statechart']>[0];
type ConfigOf<Kind extends BuiltInKind> = Kind['config']['_zod']['output'];
type KindNamed<Name> = Extract<BuiltInKind, { name: Name }>;
type Binder<Name extends string> = (
  env: ActorEnv,
  config: ConfigOf<KindNamed<Name>>,
) => EffectsOf<KindNamed<Name>>;
type Loaders = { [Name in BuiltInKind['name']]: (world: World) => Promise<Binder<Name>> };

const loaders: Loaders = {
  'tinkerforge-emulator': async (world) => {
    const { emulatorEffects } = await import('../devices/emulator-effects.ts');
    const readText = (file: string) => readFile(file, 'utf8');
    return (env, config) =>
      emulatorEffects({ ...world, report: env.report, readText, retryInMs: retry(config.retry, world) });
  },
  'sensor-poller': async (world) => {
    const [{ pollerEffects }, { awaitDevice, connectDevice }] = await Promise.all([
      import('../devices/poller-effects.ts'),
      import('../devices/client.ts'),
    ]);
    const { clock } = world;
    return (env, config) =>
      pollerEffects({
        clock,
        output: output(env),
        report: env.report,
        memory: env.memory,
        retryInMs: retry(config.retry, world),
        connect: (target, wish, { signal }) => connectDevice(target, wish, { clock, signal }),
        awaitDevice: (target, wish, { signal }) => awaitDevice(target, wish, { clock, signal }),
      });
  },
  'simulated-sensor': async (world) => {
    const { simulatedSensorEffects } = await import('../connectors/simulated-sensor-effects.ts');
    return (env) => simulatedSensorEffects({ output: output(env), clock: world.clock, memory: env.memory });
  },
  'tcp-source': async (world) => {
    const [{ tcpSourceEffects }, { createTcpTransport }] = await Promise.all([
      import('../connectors/tcp-source-effects.ts'),
      import('../link/tcp.ts'),
    ]);
    return (env, config) =>
      tcpSourceEffects({
        output: output(env),
        clock: world.clock,
        report: env.report,
        retryInMs: retry(config.retry, world),
        transport: (turnedAway) =>
          createTcpTransport({
            clock: world.clock,
            caps: {
              maxConnections: config.connections.max,
              maxConnectionsPerAddress: config.connections['per-address'],
            },
            turnedAway,
          }),
      });
  },
  'http-source': async (world) => {
    const { httpSourceEffects } = await import('../connectors/http-source-effects.ts');
    return (env, config) =>
      httpSourceEffects({
        output: output(env),
        clock: world.clock,
        report: env.report,
        retryInMs: retry(config.retry, world),
        storeState: () => env.store.edge?.status().state ?? 'open',
      });
  },
  'file-source': async (world) => {
    const [{ fileSourceEffects }, { nodeSourceFiles }] = await Promise.all([
      import('../connectors/file-source-effects.ts'),
      import('../connectors/source-files.ts'),
    ]);
    return (env, config) =>
      fileSourceEffects({
        name: env.plan.name,
        store: edgeStore(env),
        output: output(env),
        files: nodeSourceFiles,
        clock: world.clock,
        report: env.report,
        retryInMs: retry(config.retry, world),
      });
  },
  'csv-source': async (world) => {
    const [{ csvSourceEffects }, { nodeSourceFiles }] = await Promise.all([
      import('../connectors/csv-source-effects.ts'),
      import('../connectors/source-files.ts'),
    ]);
    return (env, config) =>
      csvSourceEffects({
        name: env.plan.name,
        store: edgeStore(env),
        output: output(env),
        files: nodeSourceFiles,
        clock: world.clock,
        report: env.report,
        retryInMs: retry(config.retry, world),
      });
  },
  'file-rotator': async (world) => {
    const { rotatorEffects } = await import('../store/rotator-effects.ts');
    return (env) =>
      rotatorEffects({
        store: edgeStore(env),
        input: input(env),
        output: output(env),
        clock: world.clock,
        report: env.report,
      });
  },
  uploader: async (world) => {
    const [{ uploaderEffects }, { createTcpTransport }, { zstdCompress }] = await Promise.all([
      import('../link/uploader-effects.ts'),
      import('../link/tcp.ts'),
      import('../link/zstd.ts'),
    ]);
    return (env, config) =>
      uploaderEffects({
        cursor: env.cursor,
        store: edgeStore(env),
        transport: createTcpTransport({ clock: world.clock }),
        input: input(env),
        output: output(env),
        clock: world.clock,
        compress: zstdCompress,
        report: env.report,
        agent,
        retryInMs: retry(config.retry, world),
      });
  },
  'ack-handler': async () => {
    const { ackEffects } = await import('../store/ack-effects.ts');
    return (env) =>
      ackEffects({ store: edgeStore(env), cursor: env.cursor, input: input(env), report: env.report });
  },
  'cloud-receiver': async (world) => {
    const [{ receiverEffects }, { createTcpTransport }] = await Promise.all([
      import('../link/receiver-effects.ts'),
      import('../link/tcp.ts'),
    ]);
    return (env, config) =>
      receiverEffects({
        store: cloudStore(env),
        transport: createTcpTransport({
          clock: world.clock,
          caps: {
            maxConnections: config.connections.max,
            maxConnectionsPerAddress: config.connections['per-address'],
            maxUngreeted: config.connections.ungreeted,
          },
          turnedAway: (remote, why) =>
            env.report({ type: 'note', text: `${remote} was turned away: ${why}` }, 'warn'),
        }),
        input: env.input,
        output: env.output,
        clock: world.clock,
        report: env.report,
        agent,
        retryInMs: retry(config.retry, world),
        startSession: (name, effects) => env.startChild(name, cloudSession, effects),
      });
  },
  forecaster: async (world) => {
    const { forecasterEffects } = await import('../store/forecaster-effects.ts');
    return (env, config) =>
      forecasterEffects({
        consumer: env.plan.name,
        store: cloudStore(env),
        input: input(env),
        output: env.output,
        report: env.report,
        retryInMs: retry(config.retry, world),
      });
  },
};

/** Loads what the plan needs and gives the runtime its bindings. */
export async function bindingsFor(
  plan: { readonly actors: readonly Pick<ActorPlan, 'kind'>[] },
  world: World,
): Promise<Bindings> {
  const binders = new Map<string, Binder<string>>();
  for (const { kind } of plan.actors) {
    const load = loaders[kind.name as keyof Loaders] as
      | ((world: World) => Promise<Binder<string>>)
      | undefined;
    if (!load) throw new FogrunError('effect-missing', `nothing is bound to the kind ${kind.name}`);
    if (!binders.has(kind.name)) binders.set(kind.name, await load(world));
  }
  return {
    openStore: (store, about) => openStore(store, about, world),
    effects: (env) => ({ ...binders.get(env.plan.kind.name)!(env, env.plan.config as never) }),
  };
}

async function openStore(
  plan: StorePlan,
  about: { edge: string; cursor: string; consumers: readonly string[] },
  world: World,
): Promise<OpenedStore> {
  const common = { dir: plan.path, bytesMax: plan.bytesMax, ...world };
  if (plan.role === 'edge') {
    const { openEdgeStore } = await import('../store/open-edge-store.ts');
    const edge = await openEdgeStore({ ...common, edge: about.edge, cursors: [about.cursor] });
    return { edge, cloud: null, recovered: edge.recovered };
  }
  const { openCloudStore } = await import('../store/open-cloud-store.ts');
  const cloud = await openCloudStore({ ...common, consumers: about.consumers });
  return { edge: null, cloud, recovered: cloud.recovered };
}

function retry(policy: RetryPolicy, world: World): (attempt: number) => number {
  return (attempt) => retryDelayMs(policy, attempt, world.random.next());
}

// The pipeline check has made sure of what these ask for; a gap in it must not become a crash elsewhere.
function input(env: ActorEnv): InPort<never> {
  return env.input ?? missing(env, 'input');
}
function output(env: ActorEnv): OutPort<never> {
  return env.output ?? missing(env, 'output');
}
function edgeStore(env: ActorEnv): EdgeStore {
  return env.store.edge ?? missing(env, 'edge store');
}
function cloudStore(env: ActorEnv): CloudStore {
  return env.store.cloud ?? missing(env, 'cloud store');
}
function missing(env: ActorEnv, what: string): never {
  throw new FogrunError('effect-missing', `${env.plan.name} (${env.plan.kind.name}) has no ${what}`);
}
