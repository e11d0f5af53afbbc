/** What people and programs ask of pipelines through the console. */
import type { ActorAction, Asker, PipelineControl } from '../contract/control.ts';
import { printable } from '../domain/text.ts';
import { type Asked, type ConsoleRoute, jsonAnswer, Refused } from './answer.ts';
import type { Hub } from './hub.ts';
import type { FleetAnswer, HelloEvent, KnownChart } from './wire.ts';

export interface ApiOptions {
  readonly hub: Pick<Hub, 'control'>;
  readonly hello: () => HelloEvent;
  /** The statechart of that kind, with where it is drawn if that is known; `null` for one that is not known. */
  readonly chart: (name: string) => Promise<KnownChart | null>;
}

const actions: readonly ActorAction[] = ['pause', 'resume', 'retry', 'restart'];
const lettersMax = 10_000;

export function apiRoutes({ hub, hello, chart }: ApiOptions): readonly ConsoleRoute[] {
  const controlOf = (pipeline: string): PipelineControl => {
    const control = hub.control(pipeline);
    if (control) return control;
    throw new Refused(
      503,
      'control-absent',
      `the pipeline ${printable(pipeline, 60)} cannot be reached from this console now`,
    );
  };
  const named = ({ url }: Asked) => controlOf(parameter(url, 'pipeline'));
  const asker = (user: string, what: string): Asker => ({ user, command: `console: ${what}` });
  const route = (
    method: 'GET' | 'POST',
    path: string,
    work: (asked: Asked) => Promise<unknown> | unknown,
  ): ConsoleRoute => ({
    path,
    methods: [method],
    open: false,
    answer: async (asked) => jsonAnswer(await work(asked)),
  });

  return [
    route('GET', '/api/hello', hello),
    route('POST', '/api/act', async ({ json, user }) => {
      const body = objectIn(await json());
      const [pipeline, actor] = [textIn(body, 'pipeline'), textIn(body, 'actor')];
      const action = actions.find((one) => one === body.action);
      if (!action) throw wrong(`\`action\` is one of ${actions.join(', ')}`);
      return controlOf(pipeline).act(actor, action, asker(user, `${action} ${pipeline}/${actor}`));
    }),
    route('GET', '/api/letters', async (asked) => ({ letters: await named(asked).letters.list() })),
    route('POST', '/api/letters', async ({ json, user }) => {
      const body = objectIn(await json());
      const [pipeline, ids] = [textIn(body, 'pipeline'), idsIn(body)];
      const { letters } = controlOf(pipeline);
      const by = (what: string) => asker(user, `${what} dead letters ${ids.join(', ')} of ${pipeline}`);
      if (body.action === 'requeue') return letters.requeue(ids, by('requeue'));
      if (body.action === 'discard') return letters.discard(ids, by('discard'));
      throw wrong('`action` is one of requeue, discard');
    }),
    route('GET', '/api/fleet', async (asked) => {
      const only = edgeIn(asked);
      const answer = await named(asked).fleet.changes(asked.url.searchParams.get('since') ?? undefined);
      return only === undefined ? answer : ofEdge(answer, only);
    }),
    route('GET', '/api/fleet/', async (asked) => {
      const edge = /^\/api\/fleet\/([^/]{1,600})\/history$/.exec(asked.url.pathname)?.[1];
      if (edge === undefined) throw nothing(asked.url);
      const { searchParams } = asked.url;
      const before = searchParams.get('before');
      const countMax = wholeIn(searchParams, 'count', 200, 1_000);
      const name = decoded(edge);
      return named(asked).fleet.history(name, { countMax, ...(before !== null && { before }) });
    }),
    route('GET', '/api/weather', async (asked) =>
      named(asked).weather(
        wholeIn(asked.url.searchParams, 'since', 0, Number.MAX_SAFE_INTEGER),
        edgeIn(asked),
      ),
    ),
    route('GET', '/api/charts/', async ({ url }) => {
      const name = decoded(url.pathname.slice('/api/charts/'.length));
      const found = await chart(name);
      if (found) return found;
      throw new Refused(404, 'console-request', `no statechart of ${printable(name, 60)} is known here`);
    }),
  ];
}

export function nothing(url: URL): Refused {
  return new Refused(404, 'console-request', `there is nothing at ${printable(url.pathname, 100)}`);
}

function wrong(message: string): Refused {
  return new Refused(400, 'console-request', message);
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw wrong(`${printable(text, 60)} is not encoded as an address is`);
  }
}

/** The one that is asked about; `undefined` for all of them. */
const edgeIn = ({ url }: Asked): string | undefined => url.searchParams.get('edge') || undefined;

function ofEdge(answer: FleetAnswer, only: string): FleetAnswer {
  const heard = Object.entries(answer.heardMs).filter(([edge]) => edge === only);
  return {
    ...answer,
    edges: answer.edges.filter(({ edge }) => edge === only),
    heardMs: Object.fromEntries(heard),
  };
}

function parameter(url: URL, name: string): string {
  const value = url.searchParams.get(name);
  if (value === null || value === '') throw wrong(`the parameter \`${name}\` is missing`);
  return value;
}

function wholeIn(parameters: URLSearchParams, name: string, preset: number, max: number): number {
  const text = parameters.get(name);
  if (text === null || text === '') return preset;
  const value = Math.floor(Number(text));
  if (!Number.isFinite(value) || value < 0) throw wrong(`\`${name}\` is a whole number from 0 on`);
  return Math.min(value, max);
}

function objectIn(value: unknown): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw wrong('the body is no JSON object');
}

function textIn(body: Record<string, unknown>, name: string): string {
  const value = body[name];
  if (typeof value === 'string' && value !== '' && value.length <= 500) return value;
  throw wrong(`\`${name}\` is missing or no text`);
}

function idsIn({ ids }: Record<string, unknown>): number[] {
  const isId = (id: unknown) => Number.isSafeInteger(id) && (id as number) > 0;
  if (Array.isArray(ids) && ids.length > 0 && ids.length <= lettersMax && ids.every(isId)) return ids;
  throw wrong('`ids` is a list of numbers of dead letters');
}
