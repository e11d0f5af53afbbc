import test from 'ava';
import { createModel } from '../../../src/console/page/model/model.ts';
import { createSseReader } from '../../../src/console/page/model/sse.ts';
import { followConsole, StreamRefused } from '../../../src/console/page/model/stream.ts';
import { whenWorthATry } from '../../../src/console/page/model/worth-a-try.ts';
import { pipelineStatus } from '../../helpers/fake-control.ts';
import { createVirtualClock } from '../../helpers/virtual-clock.ts';

const statusEvent = (id: number) => ({ type: 'status', id, timeMs: id, status: pipelineStatus() });
const helloEvent = (life: string) => ({
  ...{ type: 'hello', version: '0.1.0', life, nowMs: 0, mode: 'live', key: null },
});

class Page extends EventTarget {
  hidden = false;
}

/** A console that a test plays: each connection is handed to it. */
function played() {
  const clock = createVirtualClock();
  const feed = createModel(0);
  const surroundings = { window: new EventTarget(), document: new Page() };
  const opened: { lastId: number | null; say: (event: object) => Promise<void>; end: () => Promise<void> }[] =
    [];
  const settle = async () => {
    for (let i = 0; i < 20; i += 1) await null;
  };
  const running = followConsole(feed, {
    open: async function* (lastId, signal) {
      const pieces: string[] = [];
      let wake = () => {};
      let isOver = false;
      signal.addEventListener('abort', () => wake());
      opened.push({
        lastId,
        async say(event) {
          pieces.push(`data: ${JSON.stringify(event)}\n\n`);
          wake();
          await settle();
        },
        async end() {
          isOver = true;
          wake();
          await settle();
        },
      });
      for (;;) {
        const piece = pieces.shift();
        if (piece !== undefined) yield piece;
        else if (isOver) return;
        else
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        if (signal.aborted) throw signal.reason;
      }
    },
    after(ms, call) {
      const timer = clock.setTimeout(call, ms);
      return () => clock.clearTimeout(timer);
    },
    soon: (call) => call(),
    whenWorthATry: (call) => whenWorthATry(surroundings, call),
    chance: () => 0.5,
  });
  return { clock, feed, opened, running, settle, surroundings };
}

test('after an interruption it goes on behind the last event that it heard', async (t) => {
  const { clock, feed, opened, settle } = played();
  t.is(opened[0]!.lastId, null);
  await opened[0]!.say(helloEvent('one'));
  await opened[0]!.say(statusEvent(7));
  t.is(feed.model.connection.value.state, 'live');
  await opened[0]!.end();
  t.is(feed.model.connection.value.state, 'lost');
  t.is(feed.model.connection.value.retryAtMs! - feed.model.clockMs.value, 500);
  await clock.advance(500);
  await settle();
  t.is(opened[1]!.lastId, 7);
});

test('it waits longer after each failure, up to a bound, and anew after a success', async (t) => {
  const { clock, feed, opened, settle } = played();
  const waits: number[] = [];
  for (let i = 0; i < 7; i += 1) {
    await opened.at(-1)!.end();
    const { retryAtMs } = feed.model.connection.value;
    waits.push(retryAtMs! - feed.model.clockMs.value);
    await clock.advance(waits.at(-1)!);
    await settle();
  }
  t.deepEqual(waits, [500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000]);
  await opened.at(-1)!.say(helloEvent('one'));
  await opened.at(-1)!.end();
  t.is(feed.model.connection.value.retryAtMs! - feed.model.clockMs.value, 500);
});

test('it tries at once when somebody looks at the page again, and when the network is back', async (t) => {
  const { clock, feed, opened, running, settle, surroundings } = played();
  const { window, document } = surroundings;
  const happens = async (where: EventTarget, what: string) => {
    where.dispatchEvent(new Event(what));
    await settle();
  };
  const loseOften = async () => {
    for (let i = 0; i < 6; i += 1) {
      await opened.at(-1)!.end();
      await clock.advance(i < 5 ? 8_000 : 0);
      await settle();
    }
  };
  await loseOften();
  t.is(feed.model.connection.value.retryAtMs! - feed.model.clockMs.value, 8_000);
  t.is(opened.length, 6);
  document.hidden = true;
  await happens(document, 'visibilitychange');
  t.is(opened.length, 6, 'nobody looks');
  document.hidden = false;
  await happens(document, 'visibilitychange');
  t.is(opened.length, 7);
  t.is(feed.model.connection.value.retryAtMs, null);
  await happens(window, 'online');
  t.is(opened.length, 7, 'it is being tried');
  await opened.at(-1)!.end();
  t.is(feed.model.connection.value.retryAtMs! - feed.model.clockMs.value, 8_000, 'no sooner than before');
  await happens(window, 'online');
  t.is(opened.length, 8);
  await clock.advance(8_000);
  t.is(opened.length, 8, 'the wait that was cut short is over');
  await opened.at(-1)!.say(helloEvent('one'));
  t.is(feed.model.connection.value.state, 'live');
  await happens(window, 'online');
  await happens(document, 'visibilitychange');
  t.is(opened.length, 8, 'what is live is left alone');
  await opened.at(-1)!.end();
  running.close();
  await happens(window, 'online');
  running.hurry();
  await settle();
  t.is(opened.length, 8, 'nor is what was closed tried again');
});

test('a place in another life of the console is worth nothing: it asks again without one', async (t) => {
  const { clock, feed, opened, settle } = played();
  await opened[0]!.say(helloEvent('one'));
  await opened[0]!.say(statusEvent(7));
  await opened[0]!.end();
  await clock.advance(500);
  await settle();
  await opened[1]!.say(helloEvent('two'));
  t.is(opened.length, 3);
  t.is(opened[2]!.lastId, null);
  t.deepEqual(feed.model.pipelines.value, []);
});

test('a console that says nothing at all for long counts as lost', async (t) => {
  const { clock, feed, opened } = played();
  await opened[0]!.say(helloEvent('one'));
  await clock.advance(19_000);
  t.is(feed.model.connection.value.state, 'live');
  await clock.advance(1_500);
  t.not(feed.model.connection.value.state, 'live');
});

test('events are read whatever pieces they come in', (t) => {
  const heard: string[] = [];
  const read = createSseReader((data) => heard.push(data));
  const text = ': beat\n\nid: 1\ndata: {"a":1}\n\ndata: x\r\ndata: y\r\n\r\ndata: cut';
  for (const letter of text) read(letter);
  t.deepEqual(heard, ['{"a":1}', 'x\ny']);
});

test('whoever is not signed in any more is led to where one signs in, and the console is not asked again', async (t) => {
  const clock = createVirtualClock();
  const feed = createModel(0);
  let asked = 0;
  const left = Promise.withResolvers<void>();
  followConsole(
    feed,
    {
      async *open() {
        asked += 1;
        if (asked === 1) yield `data: ${JSON.stringify(helloEvent('a'))}\n\n`;
        else throw new StreamRefused(401);
      },
      after(ms, call) {
        const timer = clock.setTimeout(call, ms);
        return () => clock.clearTimeout(timer);
      },
      soon: (call) => call(),
      whenWorthATry: () => () => {},
      chance: () => 0.5,
    },
    () => true,
    left.resolve,
  );
  await clock.advance(1_000);
  await left.promise;
  await clock.advance(60_000);
  t.is(asked, 2);
  t.is(feed.model.connection.value.state, 'lost');
  t.is(feed.model.connection.value.retryAtMs, null);
});
