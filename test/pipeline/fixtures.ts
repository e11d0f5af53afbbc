/** Small kinds that stand for the real ones, and a short way to check a text. */
import { setup } from 'xstate';
import { z } from 'zod';
import { boolean, duration, number, retryPolicy, secret, size, tcpPort } from '../../src/contract/config.ts';
import { type ActorKind, defineKind } from '../../src/contract/kind.ts';
import { checkPipeline, formatProblem } from '../../src/pipeline/check.ts';

function fake<Config extends z.ZodObject>(
  name: string,
  config: Config,
  ports: Partial<ActorKind> & Pick<ActorKind, 'accepts' | 'emits'>,
): ActorKind {
  return defineKind({
    name,
    purpose: `Stands for ${name}.`,
    config,
    store: null,
    placeable: false,
    onFailed: 'exit',
    example: `${name}: { kind: ${name} }`,
    effects: {},
    statechart: () => setup({}).createMachine({}),
    ...ports,
  }) as ActorKind;
}

const shape = z.discriminatedUnion('shape', [
  z.strictObject({ shape: z.literal('sine'), amplitude: number({ min: 0 }), period: duration() }),
  z.strictObject({ shape: z.literal('steps'), values: z.array(number()).min(2) }),
]);

export const kinds: ReadonlyMap<string, ActorKind> = new Map(
  [
    fake(
      'poller',
      z.strictObject({
        host: z.string().min(1).prefault('127.0.0.1'),
        port: tcpPort().prefault(4223),
        secret: secret().prefault(''),
        every: duration({ min: '10ms', max: '1d' }).prefault('1s').describe('Pace.'),
        type: z.enum(['barometer', 'thermometer']).prefault('barometer'),
        exact: boolean().prefault(false),
        shape: shape.optional(),
        labels: z.array(z.string()).prefault([]),
        window: z.union([number({ min: 1 }), z.literal('none')]).prefault('none'),
        uid: z.string().prefault(''),
        retry: retryPolicy(),
      }),
      { accepts: null, emits: 'readings', placeable: true },
    ),
    fake(
      'file-rotator',
      z.strictObject({ every: duration().prefault('15s'), size: size().prefault('1MiB') }),
      {
        accepts: 'readings',
        emits: 'segments',
        store: 'edge',
        single: true,
      },
    ),
    fake(
      'uploader',
      z.strictObject({ cloud: z.strictObject({ host: z.string(), port: tcpPort() }), retry: retryPolicy() }),
      { accepts: 'segments', emits: 'acknowledgements', store: 'edge', single: true },
    ),
    fake('ack-handler', z.strictObject({}), {
      accepts: 'acknowledgements',
      emits: null,
      store: 'edge',
      single: true,
    }),
    fake('cloud-receiver', z.strictObject({ port: tcpPort({ min: 0 }).prefault(7070) }), {
      accepts: 'messages',
      acceptsOptional: true,
      emits: 'received',
      emitsOptional: true,
      store: 'cloud',
      single: true,
    }),
    fake('forecaster', z.strictObject({}), { accepts: 'received', emits: 'messages', emitsOptional: true }),
    fake('smoother', z.strictObject({}), { accepts: 'readings', emits: 'readings' }),
    fake('emulator', z.strictObject({ secret: secret().prefault('') }), { accepts: null, emits: null }),
    fake(
      'guarded',
      z.strictObject({ token: secret().min(8), more: z.strictObject({ key: secret() }).optional() }),
      {
        accepts: null,
        emits: null,
      },
    ),
  ].map((kind) => [kind.name, kind]),
);

export function check(text: string, variables: Record<string, string | undefined> = {}) {
  const checked = checkPipeline({ file: 'a.yaml', text }, { kinds, variables, cwd: '/srv' });
  return {
    ...checked,
    lines: checked.problems.map(formatProblem),
    warningLines: checked.warnings.map(formatProblem),
  };
}

/** A valid edge; `poller` stands in the place of the poller's config. */
export function edge(poller = ''): string {
  return `fogrun: 1
pipeline: edge
store: { path: state/edge }
actors:
  barometer: { kind: poller, to: rotator${poller === '' ? '' : `, ${poller}`} }
  rotator: { kind: file-rotator, to: uploader }
  uploader: { kind: uploader, cloud: { host: c, port: 1 }, to: acks }
  acks: { kind: ack-handler }
`;
}
