/**
 * What a pipeline knows beyond its status, over a control socket: edges, their past, the weather. Each answer is one JSON text that is
 * pulled piece by piece, as it may be long.
 */
import type { PipelineControl } from '../contract/control.ts';
import { FogrunError } from '../contract/errors.ts';
import type { FleetControl } from '../contract/fleet.ts';
import type { Weather } from '../contract/weather.ts';
import { readBody } from './ipc-control-answers.ts';
import { text, whole, wrong } from './ipc-control-checks.ts';
import type { Asks } from './ipc-control-session.ts';
import { checkChanges, checkEdges, checkHistory, checkWeather } from './ipc-control-view-answers.ts';
import { sliceBytes } from './ipc-control-wire.ts';
import type { IpcMessage } from './ipc-wire.ts';

/** Texts that are being pulled at a time; before another one the oldest is forgotten. */
const heldMax = 8;
const historyMax = 1_000;
/** Moments that dates can have, ms. */
const timeMsMax = 8.64e15;

export function viewAsks(control: PipelineControl): Asks {
  const held = new Map<number, Promise<Buffer>>();
  const pull = async ({ read, from }: IpcMessage, get: () => Promise<unknown>) => {
    const [number, first] = [whole(read, 'read'), whole(from, 'from')];
    if (first === 0) {
      held.delete(number);
      held.set(
        number,
        get().then((value) => Buffer.from(JSON.stringify(value))),
      );
      for (const oldest of held.keys()) if (held.size > heldMax) held.delete(oldest);
    }
    const answer = held.get(number);
    if (!answer) throw wrong('too much is asked for at a time: ask again');
    const bytes = await answer.catch((thrown) => {
      held.delete(number);
      throw thrown;
    });
    const slice = bytes.subarray(first, first + sliceBytes);
    if (first + slice.length >= bytes.length) held.delete(number);
    return { total: bytes.length, base64: slice.toString('base64') };
  };
  return {
    // With `since`, even an empty one, the answer is what changed.
    edges: (ask) =>
      pull(ask, () =>
        ask.since === undefined ? control.fleet.edges() : control.fleet.changes(text(ask.since, 'since')),
      ),
    history: (ask) =>
      pull(ask, () =>
        control.fleet.history(text(ask.edge, 'edge'), {
          ...(ask.before === undefined ? {} : { before: text(ask.before, 'before') }),
          ...(ask.countMax === undefined
            ? {}
            : { countMax: Math.min(historyMax, whole(ask.countMax, 'countMax')) }),
        }),
      ),
    weather: (ask) =>
      pull(ask, () => {
        const { sinceMs } = ask;
        if (typeof sinceMs !== 'number' || Math.abs(sinceMs) > timeMsMax)
          throw wrong('`sinceMs` should be a moment');
        return control.weather(sinceMs, ask.edge === undefined ? undefined : text(ask.edge, 'edge'));
      }),
  };
}

/** @param name of the pipeline, for people */
export function remoteViews(
  ask: (ask: IpcMessage) => Promise<unknown>,
  name: () => string,
): { readonly fleet: FleetControl; weather: PipelineControl['weather'] } {
  let reads = 0;
  const read = async (question: IpcMessage): Promise<unknown> => {
    reads += 1;
    const number = reads;
    try {
      const bytes = await readBody((from) => ask({ ...question, read: number, from }));
      return JSON.parse(Buffer.from(bytes).toString());
    } catch (thrown) {
      if (thrown instanceof SyntaxError)
        throw new FogrunError('control-lost', `${name()} answered with no JSON`);
      throw tooOld(thrown, name());
    }
  };
  return {
    fleet: {
      edges: async () => checkEdges(await read({ ask: 'edges' })),
      changes: async (since = '') => checkChanges(await read({ ask: 'edges', since })),
      history: async (edge, options) => checkHistory(await read({ ask: 'history', edge, ...options })),
    },
    async weather(sinceMs, edge) {
      const asked = edge === undefined ? {} : { edge };
      return onlyOf(checkWeather(await read({ ask: 'weather', sinceMs, ...asked })), edge);
    },
  };
}

/** An older pipeline answers with that of all edges. */
function onlyOf(weather: Weather, edge: string | undefined): Weather {
  if (edge === undefined) return weather;
  const own = <T extends { readonly edge: string }>(all: readonly T[]) =>
    all.filter((one) => one.edge === edge);
  const { series, gaps, forecasts } = weather;
  return { series: own(series), gaps: own(gaps), forecasts: own(forecasts) };
}

/** What an older pipeline says when it does not know a question. */
const unknownQuestion = /cannot be asked `/;

/** Tells a pipeline that is too old for a question from one that will not answer it now. */
export function tooOld(thrown: unknown, name: string): unknown {
  const { code, message } = thrown as { code?: unknown; message?: unknown };
  if (code !== 'control-refused' || !unknownQuestion.test(String(message))) return thrown;
  return new FogrunError('control-version', `${name} is of an older fogrun: ${message}`);
}
