import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect';
import test, { type ExecutionContext } from 'ava';
import { WebSocket, WebSocketServer } from 'ws';
import { freePort, moved, shipped, startFogrun, world } from '../helpers/fogrun.ts';

/** Both sides in one, with a console; the log of all. */
async function running(t: ExecutionContext, words: readonly string[] = []) {
  const env = await world(t);
  const port = await freePort();
  const files = [shipped('cloud.yaml'), shipped('edge.yaml')];
  const all = startFogrun(t, [...files, '--log', 'json', '--console', String(port), ...words], env);
  return { env, all, url: `ws://127.0.0.1:${port}/inspect` };
}

function told(events: AsyncIterable<StatelyInspectionEvent>) {
  const all: StatelyInspectionEvent[] = [];
  return {
    all,
    async until(fits: (event: StatelyInspectionEvent) => boolean) {
      for await (const event of events) {
        all.push(event);
        if (fits(event)) return event;
      }
      throw new Error('it ended before');
    },
  };
}

async function* eventsOf(url: string): AsyncGenerator<StatelyInspectionEvent> {
  const queue: StatelyInspectionEvent[] = [];
  let wake: () => void = () => {};
  const { unsubscribe } = createWebSocketReceiver({ server: url }).subscribe((event) => {
    queue.push(event);
    wake();
  });
  try {
    for (;;) {
      yield* queue.splice(0);
      if (queue.length > 0) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  } finally {
    unsubscribe();
  }
}

const stateOf = (event: StatelyInspectionEvent) =>
  event.type === '@xstate.snapshot' ? (event.snapshot as unknown as { value: unknown }).value : undefined;

test("Stately's receiver is told the actors, events and snapshots of a live run, with their statecharts", async (t) => {
  const { all, url } = await running(t);
  await all.line(moved('uploader', 'awaitingAck'));
  const { all: events, until } = told(eventsOf(url));
  await until((event) => event.sessionId === 'edge/uploader' && stateOf(event) === 'awaitingAck');
  const actors = events.filter((event) => event.type === '@xstate.actor');
  const ids = actors.map(({ sessionId }) => sessionId);
  for (const id of [
    'cloud/receiver',
    'cloud/forecaster',
    'edge/barometer',
    'edge/rotator',
    'edge/uploader',
  ]) {
    t.true(ids.includes(id), `${id} of ${ids}`);
  }
  t.is(events[0]!.type, '@xstate.actor');
  const uploader = actors.find(({ sessionId }) => sessionId === 'edge/uploader')!;
  const { id, states } = JSON.parse(String(uploader.definition)) as { id: string; states: object };
  t.is(id, 'uploader');
  t.true('waitingToRetry' in states);
  const session = actors.find(({ sessionId }) => sessionId.startsWith('cloud/receiver/'));
  t.is(session?.parentId, 'cloud/receiver');
  t.true(events.some((event) => event.type === '@xstate.event' && event.sourceId === 'edge/uploader#link'));
  t.is((await all.end()).code, 0);
});

test('a page of a strange origin is not told', async (t) => {
  const { all, url } = await running(t);
  await all.line(({ type, text }) => type === 'note' && /in the browser/.test(text));
  const stranger = new WebSocket(url, { origin: 'https://example.org' });
  const [, answer] = (await once(stranger, 'unexpected-response')) as [unknown, { statusCode: number }];
  t.is(answer.statusCode, 403);
  answer satisfies object;
});

test('an inspector that is dialled is told a live run, also when it comes only later', async (t) => {
  const port = await freePort();
  const { all } = await running(t, ['--inspect-push', `ws://127.0.0.1:${port}`]);
  await all.line(moved('inspect-push', 'waitingToRetry'));
  const server = new WebSocketServer({ host: '127.0.0.1', port });
  t.teardown(() => server.close());
  const [peer] = (await once(server, 'connection')) as [WebSocket];
  t.is((server.address() as AddressInfo).port, port);
  const ids = new Set<string>();
  peer.on('message', (data) => ids.add((JSON.parse(String(data)) as StatelyInspectionEvent).sessionId));
  while (!ids.has('edge/uploader') || !ids.has('cloud/receiver')) await once(peer, 'message');
  t.is((await all.end()).code, 0);
});

test('an address that is none, or plain text to another machine, is refused before anything starts', async (t) => {
  for (const url of ['localhost:8080', 'ws://192.0.2.1:8080']) {
    const refused = startFogrun(t, [shipped('cloud.yaml'), '--inspect-push', url]);
    t.is((await refused.ended).code, 2);
    t.regex(refused.stderr(), /usage/);
  }
});
