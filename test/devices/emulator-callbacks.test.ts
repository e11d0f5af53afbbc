import test, { type ExecutionContext } from 'ava';
import { emulate, handClock, type RawClient, type Received, rawClient, uids, v1, v2 } from './fixtures.ts';

const rising = { shape: 'linear', from: 1000, to: 1100, over: 100_000 } as const;

function u32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeInt32LE(value, 4 * index);
  return bytes;
}

/** Option, min and max of a threshold. */
const threshold = (option: string, min = 0, max = 0) => Buffer.concat([Buffer.from(option), u32(min, max)]);

/** Configuration of a callback of the second generation. */
const config = (periodMs: number, valueHasToChange: boolean, limits = threshold('x')) =>
  Buffer.concat([u32(periodMs), Buffer.from([valueHasToChange ? 1 : 0]), limits]);

async function start(t: ExecutionContext, pressure: typeof v1.pressure | typeof rising = rising) {
  const clock = handClock();
  const emulator = await emulate(
    t,
    {
      devices: [
        { ...v1, pressure },
        { ...v2, pressure },
      ],
    },
    clock,
  );
  const client = await rawClient(t, emulator.port);
  return { clock, emulator, client };
}

/** What came unasked so far; the answer to a request shows that nothing more is on its way. */
async function callbacks(client: RawClient, functionId: number): Promise<number[]> {
  await client.request(uids.abc, 12);
  return client.received
    .filter((packet) => isCallback(packet, functionId))
    .map((packet) => packet.payload.readInt32LE(0));
}
const isCallback = (packet: Received, functionId: number) =>
  packet.sequence === 0 && packet.functionId === functionId;

test('the first barometer sends its pressure each period while it changes', async (t) => {
  const { clock, client } = await start(t);
  await client.request(uids.abc, 3, u32(1_000));
  clock.advance(3_500);
  t.deepEqual(await callbacks(client, 15), [1_001_000, 1_002_000, 1_003_000]);
  await client.request(uids.abc, 3, u32(0));
  clock.advance(5_000);
  t.is((await callbacks(client, 15)).length, 3);
});

test('the first barometer is silent while its pressure stays the same', async (t) => {
  const { clock, client } = await start(t, v1.pressure);
  await client.request(uids.abc, 3, u32(100));
  await client.request(uids.abc, 5, u32(100));
  clock.advance(10_000);
  t.deepEqual(await callbacks(client, 15), [1_013_250]);
  t.deepEqual(await callbacks(client, 16), [0]);
});

test('the first barometer tells when a threshold is reached, at most once each debounce period', async (t) => {
  const { clock, client } = await start(t);
  await client.request(uids.abc, 11, u32(2_000));
  await client.request(uids.abc, 7, threshold('>', 1_004_999));
  clock.advance(4_900);
  t.deepEqual(await callbacks(client, 17), []);
  clock.advance(4_200);
  t.deepEqual(await callbacks(client, 17), [1_005_001, 1_007_001, 1_009_001]);
  await client.request(uids.abc, 7, threshold('x'));
  clock.advance(10_000);
  t.is((await callbacks(client, 17)).length, 3);
});

test('each threshold option means what its sign says', async (t) => {
  const { clock, client } = await start(t);
  await client.request(uids.abc, 11, u32(500));
  const reached = async (limits: Buffer) => {
    const before = (await callbacks(client, 17)).length;
    await client.request(uids.abc, 7, limits);
    clock.advance(10);
    await client.request(uids.abc, 7, threshold('x'));
    return (await callbacks(client, 17)).length > before;
  };
  // The pressure is between 1000.0 and 1000.2 hPa all the while.
  t.true(await reached(threshold('i', 1_000_000, 1_001_000)));
  t.false(await reached(threshold('o', 1_000_000, 1_001_000)));
  t.true(await reached(threshold('o', 1_001_000, 1_002_000)));
  t.false(await reached(threshold('i', 1_001_000, 1_002_000)));
  t.true(await reached(threshold('<', 1_001_000)));
  t.false(await reached(threshold('<', 1_000_000)));
  t.true(await reached(threshold('>', 999_999)));
  t.false(await reached(threshold('>', 1_001_000)));
});

test('the second barometer sends each period, changed or not, when asked to', async (t) => {
  const { clock, client } = await start(t, v1.pressure);
  await client.request(uids.Xyz, 2, config(1_000, false));
  await client.request(uids.Xyz, 6, config(1_000, true));
  clock.advance(3_000);
  t.deepEqual(await callbacks(client, 4), [1_013_250, 1_013_250, 1_013_250]);
  t.deepEqual(await callbacks(client, 8), [0]);
});

test('the second barometer sends its temperature, and holds values back that a threshold excludes', async (t) => {
  const { clock, client } = await start(t);
  await client.request(uids.Xyz, 10, config(60_000, true));
  await client.request(uids.Xyz, 2, config(1_000, false, threshold('i', 1_002_000, 1_003_000)));
  clock.advance(60_000);
  t.is((await callbacks(client, 12)).length, 1);
  t.deepEqual(await callbacks(client, 4), [1_002_000, 1_003_000]);
});

test('a period longer than a timer can hold is waited for, not cut to nothing', async (t) => {
  const { clock, client } = await start(t);
  await client.request(uids.Xyz, 2, config(-1, false));
  t.is((await client.request(uids.Xyz, 3)).payload.readUInt32LE(0), 4_294_967_295);
  clock.advance(4_294_967_294);
  t.deepEqual(await callbacks(client, 4), []);
  clock.advance(1);
  t.is((await callbacks(client, 4)).length, 1);
});

test('callbacks go to every client and their settings outlive the one who made them', async (t) => {
  const { clock, client, emulator } = await start(t);
  const other = await rawClient(t, emulator.port);
  await other.request(uids.abc, 3, u32(1_000));
  clock.advance(1_000);
  await client.take((packet) => isCallback(packet, 15));
  await other.take((packet) => isCallback(packet, 15));
  other.socket.destroy();
  await other.closed;
  clock.advance(1_000);
  t.is((await callbacks(client, 15)).length, 2);
  const later = await rawClient(t, emulator.port);
  t.is((await later.request(uids.abc, 4)).payload.readUInt32LE(0), 1_000);
});

test('a closed emulator leaves no timer behind', async (t) => {
  const { clock, client, emulator } = await start(t);
  await client.request(uids.abc, 3, u32(1_000));
  await client.request(uids.abc, 7, threshold('>', 0));
  await client.request(uids.Xyz, 10, config(1_000, true));
  t.true(clock.timers > 0);
  await emulator.close();
  t.is(clock.timers, 0);
  await client.closed;
  t.is(emulator.connections, 0);
});
