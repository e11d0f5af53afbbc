/** What every transport must do. */
import type { TestFn } from 'ava';
import type { Problem } from '../../src/contract/errors.ts';
import type { Connection, Transport } from '../../src/contract/transport.ts';
import type { ConnectionCaps } from '../../src/link/caps.ts';

export interface TransportCase {
  readonly transport: Transport;
  /** One whose listeners have these caps, and who was turned away. */
  capped(caps: Partial<ConnectionCaps>): { transport: Transport; turnedAway: string[] };
  /** Lets time pass until the promise settles. */
  settle<T>(promise: Promise<T>): Promise<T>;
}

type Factory = (t: { teardown(fn: () => unknown): void }) => Promise<TransportCase>;

/** One end, what came, and waits for what comes. */
export function watchEnd(connection: Connection) {
  const seen = { text: '', bytes: 0, drains: 0, closes: [] as (Problem | undefined)[] };
  const looks = new Set<() => void>();
  const look = () => {
    for (const each of [...looks]) each();
  };
  connection.listen({
    onData(bytes) {
      seen.bytes += bytes.length;
      if (seen.text.length < 1_000) seen.text += Buffer.from(bytes).toString();
      look();
    },
    onDrain() {
      seen.drains += 1;
      look();
    },
    onClose(problem) {
      seen.closes.push(problem);
      look();
    },
  });
  return {
    seen,
    until: (fits: () => boolean) =>
      new Promise<void>((resolve) => {
        const check = () => {
          if (!fits()) return;
          looks.delete(check);
          resolve();
        };
        looks.add(check);
        check();
      }),
    closed() {
      return this.until(() => seen.closes.length > 0);
    },
  };
}

export function transportSuite(test: TestFn, name: string, factory: Factory): void {
  const title = (sentence: string) => `${name}: ${sentence}`;

  /** A listener, and a connection with its two ends. */
  async function connected(t: { teardown(fn: () => unknown): void }) {
    const { transport, settle, ...rest } = await factory(t);
    const accepted = Promise.withResolvers<Connection>();
    const listener = await settle(transport.listen({ host: '127.0.0.1', port: 0 }, accepted.resolve));
    t.teardown(() => listener.close());
    const dial = (signal = new AbortController().signal) =>
      transport.dial({ host: '127.0.0.1', port: listener.port, timeoutMs: 5_000, signal });
    const near = await settle(dial());
    return { ...rest, transport, settle, listener, dial, near, far: await settle(accepted.promise) };
  }

  test(title('bytes go both ways in order, and both ends end without a problem'), async (t) => {
    const { near, far, settle, listener } = await connected(t);
    const [a, b] = [watchEnd(near), watchEnd(far)];
    t.is(near.remote, `127.0.0.1:${listener.port}`);
    for (const part of ['to ', 'the ', 'cloud']) near.write(Buffer.from(part));
    await settle(b.until(() => b.seen.text === 'to the cloud'));
    far.write(Buffer.from('to the edge'));
    far.end();
    near.end();
    await settle(Promise.all([a.closed(), b.closed()]));
    t.is(a.seen.text, 'to the edge');
    t.deepEqual([a.seen.closes, b.seen.closes], [[undefined], [undefined]]);
  });

  test(title('what was written before `end` arrives, and nothing after it'), async (t) => {
    const { near, far, settle } = await connected(t);
    const [a, b] = [watchEnd(near), watchEnd(far)];
    t.false(near.write(Buffer.alloc(5_000_000, 'abc')));
    near.end();
    t.false(near.write(Buffer.from('late')));
    await settle(Promise.all([a.closed(), b.closed()]));
    t.is(b.seen.bytes, 5_000_000);
  });

  test(title('what is written may be changed afterwards'), async (t) => {
    const { near, far, settle } = await connected(t);
    const b = watchEnd(far);
    const bytes = Buffer.from('before');
    near.write(bytes);
    await settle(b.until(() => b.seen.text.length === 6));
    bytes.fill('x');
    near.write(Buffer.from('!'));
    await settle(b.until(() => b.seen.text.length === 7));
    t.is(b.seen.text, 'before!');
    near.destroy();
  });

  test(title('an end that the other side made alone is a lost link'), async (t) => {
    const { near, far, settle } = await connected(t);
    const [a, b] = [watchEnd(near), watchEnd(far)];
    near.end();
    await settle(Promise.all([a.closed(), b.closed()]));
    t.is(b.seen.closes[0]?.code, 'link-lost');
    t.deepEqual(a.seen.closes, [undefined]);
  });

  test(title('whoever takes the end of the other side may still write, and ends it himself'), async (t) => {
    const { near, far, settle } = await connected(t);
    const a = watchEnd(near);
    const heard = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<Problem | undefined>();
    far.listen({ onData() {}, onDrain() {}, onEnd: heard.resolve, onClose: closed.resolve });
    near.end();
    await settle(heard.promise);
    far.write(Buffer.from('last words'));
    far.end();
    await settle(a.closed());
    t.is(a.seen.text, 'last words');
    t.deepEqual([a.seen.closes, await settle(closed.promise)], [[undefined], undefined]);
  });

  for (const how of ['destroy', 'reset'] as const) {
    test(title(`\`${how}\` closes both ends once, each with a problem of its own`), async (t) => {
      const { near, far, settle } = await connected(t);
      const [a, b] = [watchEnd(near), watchEnd(far)];
      near.write(Buffer.from('x'));
      await settle(b.until(() => b.seen.text === 'x'));
      near[how]();
      t.false(near.write(Buffer.from('y')));
      await settle(Promise.all([a.closed(), b.closed()]));
      t.is(a.seen.closes[0]?.code, 'link-lost');
      t.is(b.seen.closes[0]?.code, 'link-lost');
      near.end();
      near.destroy();
      near.reset();
      near.pause();
      near.resume();
      t.deepEqual([a.seen.closes.length, b.seen.closes.length], [1, 1]);
    });
  }

  test(title('a connection that was lost before anybody listened says so'), async (t) => {
    const { near, far, settle } = await connected(t);
    const b = watchEnd(far);
    near.destroy();
    await settle(b.closed());
    const a = watchEnd(near);
    await settle(a.closed());
    t.is(a.seen.closes[0]?.code, 'link-lost');
  });

  test(title('`pause` holds back, the writer learns it, and `resume` lets go on'), async (t) => {
    const { near, far, settle } = await connected(t);
    const [a, b] = [watchEnd(near), watchEnd(far)];
    far.pause();
    let written = 0;
    const block = Buffer.alloc(65_536);
    while (near.write(block) && written < 64 * 2 ** 20) written += block.length;
    written += block.length;
    t.is(a.seen.drains, 0);
    far.resume();
    await settle(b.until(() => b.seen.bytes === written));
    await settle(a.until(() => a.seen.drains > 0));
    near.destroy();
  });

  test(title('where nobody listens dialling is refused with address and reason'), async (t) => {
    const { listener, dial, settle, near } = await connected(t);
    near.destroy();
    await settle(listener.close());
    const error = await t.throwsAsync(settle(dial()), { code: 'link-unreachable' });
    t.regex(error!.message, new RegExp(`127\\.0\\.0\\.1:${listener.port}.*nothing listens there`));
  });

  test(title('dialling can be given up, before and while it is under way'), async (t) => {
    const { dial, settle, near } = await connected(t);
    near.destroy();
    await t.throwsAsync(settle(dial(AbortSignal.abort())), { code: 'link-unreachable' });
    const attempt = new AbortController();
    const dialled = dial(attempt.signal);
    attempt.abort();
    await t.throwsAsync(settle(dialled), { code: 'link-unreachable', message: /given up/ });
  });

  test(title('an address has one listener, and is free again once that is closed'), async (t) => {
    const { transport, settle } = await factory(t);
    const first = await settle(transport.listen({ host: '127.0.0.1', port: 0 }, () => {}));
    const at = { host: '127.0.0.1', port: first.port };
    await t.throwsAsync(settle(transport.listen(at, () => {})), { code: 'address-in-use' });
    await settle(first.close());
    const second = await settle(transport.listen(at, () => {}));
    t.is(second.port, first.port);
    await settle(second.close());
  });

  test(title('beyond its caps a listener turns away, and whoever offers his place yields it'), async (t) => {
    const { capped, settle } = await factory(t);
    const { transport, turnedAway } = capped({ maxConnections: 2 });
    const ends: Connection[] = [];
    let taken = () => {};
    const listener = await settle(
      transport.listen({ host: '127.0.0.1', port: 0 }, (connection) => {
        ends.push(connection);
        watchEnd(connection);
        taken();
      }),
    );
    const { signal } = new AbortController();
    const dial = () => transport.dial({ host: '127.0.0.1', port: listener.port, timeoutMs: 5_000, signal });
    /** One after the other: whose place is whose must be certain. */
    const enter = async () => {
      const isIn = new Promise<void>((resolve) => {
        taken = resolve;
      });
      const end = watchEnd(await settle(dial()));
      await settle(isIn);
      return end;
    };
    const first = await enter();
    await enter();
    const third = dial().then(
      (connection) => watchEnd(connection).closed(),
      () => {},
    );
    await settle(third);
    t.is(ends.length, 2);
    t.is(turnedAway.length, 1);
    ends[0]!.mayYield!(() => ends[0]!.reset());
    await enter();
    await settle(first.closed());
    await settle(listener.close());
    for (const end of ends) end.destroy();
    t.is(turnedAway.length, 1);
  });
}
