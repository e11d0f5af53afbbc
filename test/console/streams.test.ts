import test from 'ava';
import { keepRecent } from '../../src/console/recent.ts';
import type { ConsoleEvent } from '../../src/console/wire.ts';
import type { InspectFrame } from '../../src/contract/inspect.ts';
import { entry, pipelineStatus } from '../helpers/fake-control.ts';
import { openPage, type Page, served } from './served.ts';

const step = (id: number, text = ''): InspectFrame => ({
  ...{ type: 'step', id, timeMs: id, actor: 'uploader', source: null, from: 'idle', to: 'sending' },
  event: { type: 'GO', name: 'GO', payload: text },
  ...{ value: 'sending', taken: [], refused: [], sent: [] },
});
const framesIn = (page: Page) =>
  page.events.flatMap((event) => (event.type === 'frames' ? event.frames.map(({ id }) => id) : []));
const hasFrame = (id: number) => (event: Page['events'][number]) =>
  event.type === 'frames' && event.frames.some((frame) => frame.id === id);

test('a page that is opened late knows what those know that were open before', async (t) => {
  const { hub, control, port } = await served(t);
  hub.expect('cloud', [{ name: 'receiver', kind: 'cloud-receiver' }]);
  const early = await openPage(port);
  for (const watcher of control.watchers) {
    watcher.status(pipelineStatus());
    watcher.entry(entry('hello'));
  }
  for (const watcher of control.inspectors) watcher.frames([step(1), step(2)]);
  await early.event(hasFrame(2));
  await early.event(({ type }) => type === 'entries');
  const late = await openPage(port);
  t.is(late.hello.mode, 'live');
  await late.event(hasFrame(2));
  await late.event(({ type }) => type === 'entries');
  t.is(late.events[0]!.type, 'reset');
  t.deepEqual(
    late.events
      .flatMap((event) => (event.type === 'pipeline' ? [[event.pipeline, event.attached]] : []))
      .slice(0, 2),
    [
      ['edge', true],
      ['cloud', false],
    ],
  );
  t.is(late.events.filter(({ type }) => type === 'status').length, 1);
  t.deepEqual(framesIn(late), [1, 2]);
  const [before, after] = [early, late].map(({ events }) => events.find(hasFrame(2))!.id);
  t.is(before, after, 'a place in the past has the same name for everybody');
  for (const page of [early, late]) page.close();
});

test('a page that comes back goes on exactly where it was, and one of another life or of long ago starts anew', async (t) => {
  const { control, port } = await served(t);
  const frames = (...ids: number[]) => {
    for (const watcher of control.inspectors) watcher.frames(ids.map((id) => step(id)));
  };
  const first = await openPage(port);
  frames(1, 2);
  const { id } = await first.event(hasFrame(2));
  first.close();
  frames(3);
  const witness = await openPage(port);
  await witness.event(hasFrame(3));
  const second = await openPage(port, { 'last-event-id': String(id) });
  frames(4);
  await second.event(hasFrame(4));
  t.deepEqual(framesIn(second), [3, 4]);
  t.false(second.events.some(({ type }) => type === 'reset'));
  t.true(second.events.every((event, i) => i === 0 || event.id === second.events[i - 1]!.id + 1));
  for (const place of ['999999', '0', 'nonsense', '-1']) {
    const page = await openPage(port, { 'last-event-id': place });
    await page.event(hasFrame(4));
    t.is(page.events[0]!.type, 'reset', place);
    page.close();
  }
  for (const page of [second, witness]) page.close();
});

test('a page that does not read costs a bounded amount of memory, holds up nobody, and catches up when it reads again', async (t) => {
  const { control, port, server } = await served(t);
  const slow = await openPage(port);
  const quick = await openPage(port);
  slow.pause();
  const text = 'x'.repeat(20_000);
  const last = 1_500;
  for (let id = 1; id <= last; id += 1) {
    for (const watcher of control.inspectors) watcher.frames([step(id, text)]);
    if (id % 50 === 0) await new Promise(setImmediate);
  }
  await quick.event(hasFrame(last));
  t.is(server.pages, 2);
  slow.read();
  await slow.event(hasFrame(last));
  t.true(framesIn(slow).length < last, 'it was not told what nobody keeps');
  t.true(process.memoryUsage().arrayBuffers < 200 * 2 ** 20);
  for (const page of [slow, quick]) page.close();
});

test('there are places for a number of pages, and one that closes makes room', async (t) => {
  const { port, server, ask } = await served(t);
  const pages = await Promise.all(Array.from({ length: 32 }, () => openPage(port)));
  const refused = await ask('GET', '/api/events');
  t.is(refused.status, 503);
  t.is(refused.json.code, 'console-busy');
  pages[0]!.close();
  while (server.pages === 32) await new Promise(setImmediate);
  const next = await openPage(port);
  for (const page of [...pages, next]) page.close();
});

test('a thousand pages that open and leave leave nothing behind', async (t) => {
  const { hub, port, server } = await served(t);
  let listening = 0;
  const subscribe = hub.subscribe;
  hub.subscribe = (hear) => {
    listening += 1;
    const leave = subscribe(hear);
    return () => {
      listening -= 1;
      leave();
    };
  };
  for (let round = 0; round < 50; round += 1) {
    const pages = await Promise.all(Array.from({ length: 20 }, () => openPage(port)));
    for (const page of pages) page.close();
    while (server.pages > 0) await new Promise(setImmediate);
  }
  t.is(listening, 0);
});

test('the end does not wait for pages that are open', async (t) => {
  const { port, server } = await served(t);
  const page = await openPage(port);
  // They never go by themselves: if it waited for them, this would not end.
  await server.close();
  await page.ended;
  t.pass();
});

test('what is said while a page does not read is not gathered for it: it asks for it afterwards', async (t) => {
  const { hub, port } = await served(t);
  let hear: (event: ConsoleEvent) => void = () => {};
  const asked: number[] = [];
  hub.subscribe = (listener) => {
    hear = listener;
    return () => {};
  };
  const text = 'x'.repeat(2 ** 20);
  const event = (id: number): ConsoleEvent => ({ type: 'entries', id, timeMs: id, entries: [entry(text)] });
  hub.after = (id) => {
    asked.push(id);
    return id === 0 ? null : [{ type: 'reset', id: 101, timeMs: 1 }];
  };
  const page = await openPage(port);
  await page.event(({ type }) => type === 'reset');
  page.pause();
  for (let id = 1; id <= 100; id += 1) {
    hear(event(id));
    await new Promise(setImmediate);
  }
  page.read();
  await page.event(({ id }) => id === 101);
  t.true(asked.at(-1)! < 50, `it was sent up to ${asked.at(-1)}`);
  t.true(page.events.filter(({ type }) => type === 'entries').length < 50);
  page.close();
});

test('a place that is no longer kept is not gone on from', (t) => {
  const recent = keepRecent({ eventsMax: 3, bytesMax: 1e6 });
  const event = (id: number): ConsoleEvent => ({ type: 'entries', id, timeMs: id, entries: [] });
  for (let id = 1; id <= 5; id += 1) recent.add(event(id));
  t.is(recent.after(1), null);
  t.deepEqual(
    recent.after(2)?.map(({ id }) => id),
    [3, 4, 5],
  );
  t.deepEqual(recent.after(5), []);
  t.is(recent.after(6), null);
  const status = (id: number): ConsoleEvent => ({ type: 'status', id, timeMs: id, status: pipelineStatus() });
  for (const id of [6, 7]) recent.add(status(id));
  t.deepEqual(
    recent.after(4)?.map(({ id }) => id),
    [5, 7],
    'of statuses the newest is enough',
  );
});
