import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createWebSocketReceiver, type StatelyInspectionEvent } from '@statelyai/inspect';
import test, { type ExecutionContext } from 'ava';
import { WebSocket, WebSocketServer } from 'ws';
import { createHub, type Hub } from '../../src/console/hub.ts';
import { inspectPushUrl, pushInspection } from '../../src/console/inspect-push.ts';
import { createInspectSocket, type InspectSocket } from '../../src/console/inspect-socket.ts';
import type { InspectFrame, StepFrame } from '../../src/contract/inspect.ts';
import type { Report } from '../../src/contract/report.ts';
import { FakeControl } from '../helpers/fake-control.ts';
import { createVirtualClock, type VirtualClock } from '../helpers/virtual-clock.ts';

const actor = (name = 'uploader'): InspectFrame => ({
  ...{ type: 'actor', id: 1, timeMs: 1, actor: name, kind: 'uploader', parent: null, state: 'idle' },
  ...{ value: 'idle', context: {}, timers: [], known: true },
});
const step = (over: Partial<StepFrame> = {}): StepFrame => ({
  ...{ type: 'step', id: 2, timeMs: 2, actor: 'uploader', source: null, from: 'idle', to: 'sending' },
  ...{ value: 'sending', taken: [], refused: [], sent: [] },
  event: { type: 'BACKLOG', name: 'BACKLOG', payload: null },
  ...over,
});

/** Tells the live actors to whoever comes, as a pipeline does. */
class Live extends FakeControl {
  override inspect(watcher: Parameters<FakeControl['inspect']>[0]) {
    watcher.frames([actor()]);
    return super.inspect(watcher);
  }
  happen(frame: InspectFrame) {
    for (const watcher of this.inspectors) watcher.frames([frame]);
  }
}

async function listening(t: ExecutionContext, server: Server) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => void server.close());
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function served(
  t: ExecutionContext,
): Promise<{ url: string; hub: Hub; live: Live; socket: InspectSocket }> {
  const hub = createHub(createVirtualClock());
  const live = new Live();
  hub.attach(live);
  const socket = createInspectSocket(hub, () => null);
  const server = createServer();
  server.on('upgrade', (request, stream, head) => socket.upgrade(request, stream, head));
  t.teardown(() => socket.close());
  return { url: await listening(t, server), hub, live, socket };
}

/** Collects what comes until as many as asked for are there. */
function collector() {
  const all: StatelyInspectionEvent[] = [];
  let wake: () => void = () => {};
  return {
    all,
    take: (event: StatelyInspectionEvent) => {
      all.push(event);
      wake();
    },
    async until(enough: (events: StatelyInspectionEvent[]) => boolean) {
      while (!enough(all)) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      return all;
    },
  };
}

test("Stately's own receiver gets live actors first, then events and snapshots", async (t) => {
  const { url, live } = await served(t);
  const { take, until } = collector();
  const receiver = createWebSocketReceiver({ server: url });
  const { unsubscribe } = receiver.subscribe(take);
  t.teardown(unsubscribe);
  await until((events) => events.length > 0);
  live.happen(step());
  const [first, second, third] = await until((events) => events.length > 2);
  t.like(first, { type: '@xstate.actor', name: 'uploader', sessionId: 'edge/uploader' });
  t.like(second, { type: '@xstate.event', sessionId: 'edge/uploader', event: { type: 'BACKLOG' } });
  t.like(third, { type: '@xstate.snapshot', snapshot: { status: 'active', value: 'sending' } });
});

test('a pipeline that comes later is told as well, and one that comes again is told anew', async (t) => {
  const { url, hub } = await served(t);
  const { all, take, until } = collector();
  createWebSocketReceiver({ server: url }).subscribe(take);
  await until((events) => events.length === 1);
  for (const count of [2, 3]) {
    hub.attach(new Live('cloud'));
    await until((events) => events.length === count);
  }
  t.deepEqual(
    all.map(({ sessionId }) => sessionId),
    ['edge/uploader', 'cloud/uploader', 'cloud/uploader'],
  );
});

test('whoever leaves is forgotten', async (t) => {
  const { url, live, socket } = await served(t);
  const client = new WebSocket(url);
  await once(client, 'message');
  t.is(live.inspectors.size, 2);
  client.close();
  await once(client, 'close');
  while (socket.clients > 0) await new Promise(setImmediate);
  t.is(live.inspectors.size, 1);
});

test('only so many inspectors are served at a time', async (t) => {
  const { url } = await served(t);
  const clients = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const client = new WebSocket(url);
      await once(client, 'message');
      return client;
    }),
  );
  const [code, reason] = (await once(new WebSocket(url), 'close')) as [number, Buffer];
  t.is(code, 1013);
  t.regex(String(reason), /no more than 8/);
  for (const client of clients) client.terminate();
});

test('one that does not read is sent away, and one that sends much is cut off', async (t) => {
  const { url, live, socket } = await served(t);
  const deaf = new WebSocket(url);
  await once(deaf, 'message');
  deaf.pause();
  const large = step({ context: 'x'.repeat(2 ** 20) });
  for (let i = 0; i < 64 && live.inspectors.size > 1; i += 1) {
    live.happen(large);
    await new Promise(setImmediate);
  }
  deaf.resume();
  const [code] = (await once(deaf, 'close')) as [number];
  t.is(code, 1013);
  const loud = new WebSocket(url);
  await once(loud, 'message');
  loud.send('x'.repeat(10_000));
  await once(loud, 'close');
  while (socket.clients > 0) await new Promise(setImmediate);
  t.is(live.inspectors.size, 1);
});

function pushing(t: ExecutionContext, url: string, clock: VirtualClock) {
  const hub = createHub(clock);
  const live = new Live();
  hub.attach(live);
  const reports: Report[] = [];
  let wake: () => void = () => {};
  const stop = pushInspection({
    ...{ hub, url: inspectPushUrl(url), definitionOf: () => null, clock },
    random: { next: () => 0.5, bytes: (length) => new Uint8Array(length) },
    report: (report) => {
      reports.push(report);
      wake();
    },
  });
  t.teardown(stop);
  const reached = async (state: string, times = 1) => {
    const count = () => reports.filter((each) => each.type === 'transition' && each.to === state).length;
    while (count() < times) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return reports.at(-1) as Report & { type: 'transition' };
  };
  return { hub, live, reports, reached, stop };
}

test('an inspector that is dialled is told the live actors, and again after it was away', async (t) => {
  const clock = createVirtualClock();
  let server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const { live, reached } = pushing(t, `ws://127.0.0.1:${port}/?key=hidden`, clock);
  const [peer] = (await once(server, 'connection')) as [WebSocket];
  const [first] = (await once(peer, 'message')) as [Buffer];
  t.like(JSON.parse(String(first)), { type: '@xstate.actor', sessionId: 'edge/uploader' });
  peer.terminate();
  server.close();
  const lost = await reached('waitingToRetry');
  t.is(lost.cause?.code, 'inspector-lost');
  t.is(lost.attempt, 1);
  t.notRegex(JSON.stringify(lost), /hidden/);
  t.is(live.inspectors.size, 1);
  await clock.advance(lost.retryInMs!);
  const again = await reached('waitingToRetry', 2);
  t.is(again.attempt, 2);
  t.true(again.retryInMs! > lost.retryInMs!);
  server = new WebSocketServer({ port, host: '127.0.0.1' });
  t.teardown(() => server.close());
  const connected = once(server, 'connection') as Promise<[WebSocket]>;
  await once(server, 'listening');
  await clock.advance(again.retryInMs!);
  const [back] = await connected;
  const [told] = (await once(back, 'message')) as [Buffer];
  t.like(JSON.parse(String(told)), { type: '@xstate.actor', sessionId: 'edge/uploader' });
  back.terminate();
});

test('what is no address of an inspector is refused, and so is plain text beyond this machine', (t) => {
  for (const text of [
    'localhost:8080',
    'http://localhost',
    '',
    'ws://',
    'ws://192.0.2.1:8080',
    'ws://example.org',
  ]) {
    t.throws(() => inspectPushUrl(text), { code: 'usage' }, text);
  }
  for (const text of ['ws://127.0.0.1:1', 'ws://[::1]:1', 'ws://localhost:1/x', 'wss://example.org']) {
    t.notThrows(() => inspectPushUrl(text), text);
  }
  t.is(inspectPushUrl('ws://127.0.0.1:1/x#place').href, 'ws://127.0.0.1:1/x', 'a WebSocket takes no place');
});
