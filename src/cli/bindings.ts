/** Ties every kind to its effects: the one place that knows both. Loads only what a pipeline uses. */
import { cloudSession } from '../../machines/cloud-session.ts';
import type { BuiltInKind } from '../../machines/index.ts';
import type { ClockTrust } from '../contract/clock-trust.ts';
import { FogrunError } from '../contract/errors.ts';
import type { ActorPlan } from '../contract/plan.ts';
import type { InPort, OutPort } from '../contract/port.ts';
import type { CloudStore, EdgeStore } from '../contract/store.ts';
import { type RetryPolicy, retryDelayMs } from '../domain/backoff.ts';
import type { ActorEnv, Bindings } from '../runtime/pipeline.ts';
import type { Platform } from '../runtime/platform.ts';
import { agent } from './version.ts';

type EffectsOf<Kind extends BuiltInKind> = Parameters<Kind['statechart']>[0];
type ConfigOf<Kind extends BuiltInKind> = Kind['config']['_zod']['output'];
type KindNamed<Name> = Extract<BuiltInKind, { name: Name }>;
type Binder<Name extends string> = (
  env: ActorEnv,
  config: ConfigOf<KindNamed<Name>>,
) => EffectsOf<KindNamed<Name>>;
type Loaders = { [Name in BuiltInKind['name']]: (platform: Platform) => Promise<Binder<Name>> };

const loaders: Loaders = {
  'tinkerforge-emulator': async (platform) => {
    const [{ emulatorEffects }, startEmulator] = await Promise.all([
      import('../devices/emulator-effects.ts'),
      platform.emulator(),
    ]);
    return (env, config) =>
      emulatorEffects({
        clock: platform.clock,
        random: platform.random,
        report: env.report,
        readText: (file) => platform.readText(file),
        startEmulator,
        retryInMs: retry(config.retry, platform),
      });
  },
  'sensor-poller': async (platform) => {
    const [{ pollerEffects }, devices] = await Promise.all([
      import('../devices/poller-effects.ts'),
      platform.devices(),
    ]);
    return (env, config) =>
      pollerEffects({
        clock: platform.clock,
        output: output(env),
        report: env.report,
        memory: env.memory,
        retryInMs: retry(config.retry, platform),
        connect: (...wanted) => devices.connect(...wanted),
        awaitDevice: (...wanted) => devices.awaitDevice(...wanted),
      });
  },
  'simulated-sensor': async (platform) => {
    const { simulatedSensorEffects } = await import('../connectors/simulated-sensor-effects.ts');
    return (env) =>
      simulatedSensorEffects({ output: output(env), clock: platform.clock, memory: env.memory });
  },
  'tcp-source': async (platform) => {
    const [{ tcpSourceEffects }, createTransport] = await Promise.all([
      import('../connectors/tcp-source-effects.ts'),
      platform.transports(),
    ]);
    return (env, config) =>
      tcpSourceEffects({
        output: output(env),
        clock: platform.clock,
        report: env.report,
        retryInMs: retry(config.retry, platform),
        transport: (turnedAway) =>
          createTransport({
            caps: {
              maxConnections: config.connections.max,
              maxConnectionsPerAddress: config.connections['per-address'],
              // Nobody greets a source: there are no strangers to be told from others.
              maxUngreeted: config.connections.max,
            },
            turnedAway,
          }),
      });
  },
  'http-source': async (platform) => {
    const [{ httpSourceEffects }, createServer] = await Promise.all([
      import('../connectors/http-source-effects.ts'),
      platform.http(),
    ]);
    return (env, config) =>
      httpSourceEffects({
        createServer,
        output: output(env),
        clock: platform.clock,
        report: env.report,
        retryInMs: retry(config.retry, platform),
        storeState: () => env.store.edge?.status().state ?? 'open',
      });
  },
  'file-source': async (platform) => {
    const [{ fileSourceEffects }, files] = await Promise.all([
      import('../connectors/file-source-effects.ts'),
      platform.sourceFiles(),
    ]);
    return (env, config) =>
      fileSourceEffects({
        name: env.plan.name,
        store: edgeStore(env),
        output: output(env),
        files,
        clock: platform.clock,
        report: env.report,
        retryInMs: retry(config.retry, platform),
      });
  },
  'csv-source': async (platform) => {
    const [{ csvSourceEffects }, files] = await Promise.all([
      import('../connectors/csv-source-effects.ts'),
      platform.sourceFiles(),
    ]);
    return (env, config) =>
      csvSourceEffects({
        name: env.plan.name,
        store: edgeStore(env),
        output: output(env),
        files,
        clock: platform.clock,
        report: env.report,
        retryInMs: retry(config.retry, platform),
      });
  },
  'file-rotator': async (platform) => {
    const { rotatorEffects } = await import('../store/rotator-effects.ts');
    return (env) =>
      rotatorEffects({
        store: edgeStore(env),
        input: input(env),
        output: output(env),
        clock: platform.clock,
        trust: trust(env),
        report: env.report,
      });
  },
  uploader: async (platform) => {
    const [{ uploaderEffects }, createTransport, compress, identities] = await Promise.all([
      import('../link/uploader-effects.ts'),
      platform.transports(),
      platform.compress(),
      platform.identities?.(),
    ]);
    return (env, config) => {
      const { clock } = platform;
      const edge = () => edgeStore(env).edge;
      const identity = identities?.createEdgeIdentity(config, { clock, report: env.report, edge });
      return uploaderEffects({
        cursor: env.cursor,
        store: edgeStore(env),
        transport: createTransport({ secure: identity?.secure }),
        identity,
        input: input(env),
        output: output(env),
        clock: platform.clock,
        trust: trust(env),
        compress,
        report: env.report,
        agent,
        retryInMs: retry(config.retry, platform),
      });
    };
  },
  'ack-handler': async () => {
    const { ackEffects } = await import('../store/ack-effects.ts');
    return (env) =>
      ackEffects({ store: edgeStore(env), cursor: env.cursor, input: input(env), report: env.report });
  },
  'cloud-receiver': async (platform) => {
    const [{ receiverEffects }, createTransport, identities] = await Promise.all([
      import('../link/receiver-effects.ts'),
      platform.transports(),
      platform.identities?.(),
    ]);
    return (env, config) => {
      const { clock } = platform;
      const { audit, target } = env;
      const gate = identities?.createGate(config, { clock, audit, target });
      return receiverEffects({
        store: cloudStore(env),
        gate,
        presence: env.presence,
        transport: createTransport({
          secure: gate?.secure,
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
        clock: platform.clock,
        report: env.report,
        agent,
        retryInMs: retry(config.retry, platform),
        startSession: (name, effects) => env.startChild(name, cloudSession, effects),
      });
    };
  },
  forecaster: async (platform) => {
    const { forecasterEffects } = await import('../store/forecaster-effects.ts');
    return (env, config) =>
      forecasterEffects({
        consumer: env.plan.name,
        store: cloudStore(env),
        input: input(env),
        output: env.output,
        report: env.report,
        retryInMs: retry(config.retry, platform),
      });
  },
};

/** Loads what the plan needs and gives the runtime its bindings. */
export async function bindingsFor(
  plan: { readonly actors: readonly Pick<ActorPlan, 'kind'>[] },
  platform: Platform,
): Promise<Bindings> {
  const binders = new Map<string, Binder<string>>();
  for (const { kind } of plan.actors) {
    const load = loaders[kind.name as keyof Loaders] as
      | ((platform: Platform) => Promise<Binder<string>>)
      | undefined;
    if (!load) throw new FogrunError('effect-missing', `nothing is bound to the kind ${kind.name}`);
    if (!binders.has(kind.name)) binders.set(kind.name, await load(platform));
  }
  return {
    openStore: (store, about) => platform.openStore(store, about),
    effects: (env) => ({ ...binders.get(env.plan.kind.name)!(env, env.plan.config as never) }),
  };
}

function retry(policy: RetryPolicy, platform: Platform): (attempt: number) => number {
  return (attempt) => retryDelayMs(policy, attempt, platform.random.next());
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
/** With what the store knows of a cloud's clock. */
function trust(env: ActorEnv): ClockTrust {
  env.trust.learnPast(edgeStore(env).cloud(env.cursor).cloudTimeMs ?? 0);
  return env.trust;
}
function missing(env: ActorEnv, what: string): never {
  throw new FogrunError('effect-missing', `${env.plan.name} (${env.plan.kind.name}) has no ${what}`);
}
